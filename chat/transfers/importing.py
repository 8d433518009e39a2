"""Imports an uploaded export for its owner: reads it piece by piece, and reports what was found, stored and left out.

The report and the place in the file are stored in the same transaction as each conversation. So another worker resumes
where one was killed, and the report stays true.
"""

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.conversations import attachments, folders
from chat.models import Folder, Transfer
from chat.transfers import access, packages, saved_items, storing
from chat.transfers.claims import TransferClaim, TransferLostError, TransferStoppingError
from chat.transfers.packages import ExportPackage
from chat.transfers.readers import detection
from chat.transfers.readers.elements import elements
from chat.transfers.readers.values import (
    BrokenConversation,
    Imported,
    ImportedConversation,
    ImportedFile,
    ImportedFolder,
    ImportedItem,
    SavedKind,
)
from chat.transfers.storing import StoredOutcome, Target
from langai_site.characters import whole_characters
from langai_site.errors import InvalidError, LangAIError
from langai_site.numbers import grouped
from langai_site.sensitivity import Sensitivity

logger = logging.getLogger(__name__)

NOTHING = gettext_noop(
    "No conversations, prompts or assistants were found in this file. LangAI reads the exports of ChatGPT, Claude, "
    "Open WebUI and LangAI: choose the ZIP file as you downloaded it, or a JSON file from it."
)
PROGRAMS = {"chatgpt": "ChatGPT", "claude": "Claude", "openwebui": "Open WebUI", "langai": "LangAI"}
# Examples with each reason, and different reasons in a report.
EXAMPLES, REASONS = 5, 100
MORE_REASONS = gettext_noop("Other reasons")
DAMAGED = gettext_noop("Damaged files in the archive")
NO_FILE = gettext_noop("Files that the export does not contain")
TOO_LARGE = gettext_noop("Files larger than %(size)s MB")
UNREADABLE_TYPE = gettext_noop("Files of a type that LangAI cannot read")
EMPTY_FILE = gettext_noop("Empty files")
FULL = gettext_noop("Files over the %(size)s MB that your chats may hold")
FAILED = gettext_noop("It could not be stored; the log has the details")
NAME_MAX = 200
COPIED_AT_ONCE = 256 * 1024


class _Report:
    """The report of an import, as the row stores it. `found` is always the sum of what became of them."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.counts: dict[str, int] = {"found": 0, "imported": 0, "updated": 0, "same": 0, "broken": 0, "files": 0}
        self.counts |= {name: stored.get(name, 0) for name in self.counts}
        # The same of prompts and assistants, where the file has any.
        self.saved: dict[str, dict[str, int]] = {kind: dict(stored[kind]) for kind in SavedKind if kind in stored}
        self.programs: list[str] = list(stored.get("programs", ()))
        self.left_out: dict[str, dict[str, Any]] = {row["reason"]: row for row in stored.get("left_out", ())}

    def count(self, outcome: str, kind: SavedKind | None = None) -> None:
        """Count a conversation, or a thing of another kind, with what became of it."""
        counts = self.counts
        if kind:
            counts = self.saved.setdefault(kind, {"found": 0, "imported": 0, "same": 0, "broken": 0})
        counts["found"] += 1
        counts[outcome] += 1

    @property
    def is_empty(self) -> bool:
        return not (self.counts["found"] or self.saved or self.left_out)

    def note(self, reason: str, example: str = "", count: int = 1) -> None:
        """Count something that is left out."""
        if reason not in self.left_out and len(self.left_out) >= REASONS:
            reason = MORE_REASONS
        row = self.left_out.setdefault(reason, {"reason": reason, "count": 0, "examples": []})
        row["count"] += count
        if example and len(row["examples"]) < EXAMPLES:
            row["examples"].append(whole_characters(example)[:100])

    def written(self) -> dict[str, Any]:
        counts = {**self.counts, **{kind.value: dict(self.saved[kind]) for kind in SavedKind if kind in self.saved}}
        # Copies, so that a part that fails can be taken out of the report again.
        left_out = [{**row, "examples": list(row["examples"])} for row in self.left_out.values()]
        return {**counts, "programs": list(self.programs), "left_out": left_out}


def _folder_key(path: Sequence[str]) -> tuple[str, ...]:
    return tuple(whole_characters(name).strip()[: folders.NAME_MAX] for name in path)


class _Import:
    """One import that is running. `place` counts the elements of its files that are dealt with."""

    def __init__(self, held: TransferClaim, package: ExportPackage) -> None:
        self.held = held
        self.package = package
        self.owner = held.transfer.owner
        self.report = _Report(held.transfer.report)
        self.place = 0
        self.is_last = True
        self.read = 0
        self.folders: dict[tuple[str, ...], UUID | None] = {}

    def run(self) -> None:
        total = sum(self.package.texts.values())
        self.held.beat(0, -(-total // 1024))
        for name in sorted(self.package.texts):
            try:
                with self.package.open(name) as file:
                    for element in elements(packages.counting(file, self._watch)):
                        self._take(detection.imported(element))
            except packages.DAMAGED:
                self.report.note(DAMAGED, name)
        if self.report.is_empty:
            raise InvalidError(_(NOTHING))

    def _watch(self, size: int = 0) -> None:
        self.read += size
        self.held.beat(self.read // 1024)

    def _take(self, found: Iterator[Imported]) -> None:
        """Deal with an element, unless that was done before the worker was killed."""
        self.place += 1
        if self.place <= self.held.transfer.place:
            return
        all_found = list(found)
        for number, one in enumerate(all_found, 1):
            self.is_last = number == len(all_found)
            if isinstance(one, ImportedConversation):
                self._store(one)
            elif isinstance(one, ImportedFolder):
                self._add_folder(one)
                self._save()
            elif isinstance(one, ImportedItem):
                self._keep(one)
            else:
                self._refuse(one.reason, one.title, None if isinstance(one, BrokenConversation) else one.kind)

    def _save(self) -> None:
        """Store the report, and that the element is dealt with if this was the last conversation in it."""
        self.held.update(report=self.report.written(), place=self.place if self.is_last else self.place - 1)

    def _refuse(self, reason: str, title: str, kind: SavedKind | None = None) -> None:
        self.report.count("broken", kind)
        self.report.note(reason, title)
        self._save()

    def _store(self, found: ImportedConversation) -> None:
        self._attempt(found, lambda: storing.store(found, self._target(found)))

    def _keep(self, found: ImportedItem) -> None:
        """Store a prompt or an assistant."""

        def keep() -> None:
            with transaction.atomic():
                outcome, _kept = saved_items.store(self.owner, found, self._floor, self.report.note)
                self.report.count(outcome.value, found.kind)
                self._save()

        self._attempt(found, keep, found.kind)

    def _attempt(
        self, found: ImportedConversation | ImportedItem, store: Callable[[], object], kind: SavedKind | None = None
    ) -> None:
        program = PROGRAMS[found.program]
        if program not in self.report.programs:
            self.report.programs.append(program)
        before = self.report.written()
        try:
            store()
        except (TransferLostError, TransferStoppingError, OperationalError, InterfaceError):
            raise
        except Exception as error:
            # What is wrong with one conversation must not cost the others.
            if not isinstance(error, LangAIError):
                logger.exception("A part of transfer %s could not be stored", self.held.transfer.pk)
            self.report = _Report(before)
            self._refuse(error.message if isinstance(error, LangAIError) else FAILED, found.title, kind)

    @property
    def _floor(self) -> Sensitivity:
        return Sensitivity(self.held.transfer.options.get("floor", Sensitivity.PUBLIC))

    def _target(self, found: ImportedConversation) -> Target:
        def commit(outcome: StoredOutcome) -> None:
            self.report.count(outcome.value)
            if outcome != StoredOutcome.SAME:
                for reason, count in found.left_out.items():
                    if count:
                        self.report.note(reason, count=count)
            self._save()

        return Target(self.owner, self._floor, self._upload, self.report.note, self._folder, self._watch, commit)

    def _folder(self, path: Sequence[str]) -> UUID | None:
        key = _folder_key(path)
        if key not in self.folders:
            self.folders[key] = self._made(key)
        return self.folders[key]

    def _made(self, path: tuple[str, ...], instructions: str = "") -> UUID | None:
        """Return the person's folder with this path, which is made unless there is one."""
        *above, name = path
        parent = self._folder(above) if above else None
        found = Folder.objects.of(self.owner.pk).filter(name=name, parent=parent).first()
        if found:
            return found.id
        text = whole_characters(instructions)[: folders.INSTRUCTIONS_MAX]
        form = folders.FolderForm(name, parent=parent, instructions=text)
        try:
            return folders.create(self.owner.pk, form).id
        except LangAIError as error:
            self.report.note(_("Folders: %(reason)s") % {"reason": error.message}, name)
            return parent

    def _add_folder(self, found: ImportedFolder) -> None:
        key = _folder_key(found.path)
        self.folders[key] = self._made(key, found.instructions)
        for reason, count in found.left_out.items():
            if count:
                self.report.note(reason, found.path[-1], count)

    def _upload(self, found: ImportedFile) -> UUID | None:
        """Store a file of a message; return its attachment, or None after noting why not."""
        member = self.package.find(found.member) if found.member else None
        if found.data is None and member is None:
            self.report.note(NO_FILE, found.name or found.member)
            return None
        name = (found.name or PurePosixPath(member or "").name)[-NAME_MAX:] or "file"
        most = settings.UPLOAD_MAX_MB * 1024 * 1024
        if len(found.data or b"") > most or (member and self.package.size(member) > most):
            self.report.note(_(TOO_LARGE) % {"size": settings.UPLOAD_MAX_MB}, name)
            return None
        with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as copy:
            if member is None:
                copy.write(found.data or b"")
            elif not self._copied(member, copy):
                self.report.note(DAMAGED, name)
                return None
            # Its size is read from the disk.
            copy.flush()
            copy.seek(0)
            return self._stored(File(copy, name=name), name)

    def _copied(self, member: str, copy: IO[bytes]) -> bool:
        """Copy a file out of the archive; return False if it is damaged."""
        try:
            with self.package.open(member) as source:
                while data := source.read(COPIED_AT_ONCE):
                    copy.write(data)
                    self.held.beat()
        except packages.DAMAGED:
            return False
        return True

    def _stored(self, file: "File[bytes]", name: str) -> UUID | None:
        try:
            attachment = attachments.upload(self.owner, file, self._floor).id
        except InvalidError as error:
            reasons = {
                "unknown_type": UNREADABLE_TYPE,
                "over_quota": _(FULL) % {"size": grouped(settings.ATTACHMENTS_MB)},
            }
            self.report.note(reasons.get(error.code, EMPTY_FILE), name)
            return None
        self.report.counts["files"] += 1
        return attachment


def run(held: TransferClaim) -> None:
    """Carry out an import and finish the row. Raises InvalidError, ClaimLostError and StoppingError."""
    with packages.opened(access.stored_path(held.transfer)) as package:
        running = _Import(held, package)
        running.run()
    held.finish(Transfer.Status.DONE, report=running.report.written())
