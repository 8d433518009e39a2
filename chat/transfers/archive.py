"""Makes the ZIP file of an export: each conversation as Markdown and as JSON, with its files."""

import json
import os
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_noop

from chat.conversations import branches, export
from chat.models import Attachment, Conversation, Folder, Transfer
from chat.models.keeping import Keeping
from chat.models.transfers import stored_name
from chat.transfers import personal, schema
from chat.transfers.claims import TransferClaim
from langai_site.attached_files import file_store

FORMAT, VERSION = "langai.export", 1
# Conversations read at a time, and bytes copied at a time.
AT_ONCE, CHUNK = 100, 256 * 1024
GONE_FILE = gettext_noop("The file is gone")
TEMPORARY = gettext_noop("Temporary chats are not exported with others, because the file would outlive them")
DELETED = gettext_noop("Deleted since the export was started")


class _Export:
    """One export as it is being written."""

    def __init__(self, held: TransferClaim, archive: zipfile.ZipFile) -> None:
        self.held = held
        self.archive = archive
        self.thoughts = bool(held.transfer.options.get("thoughts"))
        self.left_out: Counter[str] = Counter()
        self.conversations = 0
        self.account_files = 0
        # The path in the archive of each stored file; "" if it is gone.
        self.paths: dict[UUID, str] = {}

    def add(self, row: Conversation) -> None:
        """Write one conversation, and those of its files that the archive does not have yet."""
        name = name_of(row)
        for file in _files_of(row):
            if file.document not in self.paths:
                self.paths[file.document] = self._copied(file)
        with self._entry(f"conversations/{name}.json") as entry:
            self._write(entry, schema.pieces(row, thoughts=self.thoughts, path_of=self._path_of))
        with self._entry(f"conversations/{name}.md") as entry:
            self._write(entry, markdown(row))
        self.conversations += 1

    def _entry(self, name: str) -> IO[bytes]:
        return self.archive.open(name, "w", force_zip64=True)

    def _write(self, entry: IO[bytes], pieces: Iterator[str]) -> None:
        for piece in pieces:
            entry.write(piece.encode(errors="replace"))
            self.held.beat()

    def _path_of(self, file: Attachment) -> str | None:
        return self.paths.get(file.document) or None

    def _copied(self, file: Attachment) -> str:
        """Copy a stored file into the archive; return its path there, "" if it is gone."""
        original = file_store().original(file.document)
        path = f"files/{file.document}{Path(file.name).suffix.lower()[:10]}"
        with suppress(FileNotFoundError):
            if original:
                with original.path.open("rb") as source, self._entry(path) as entry:
                    while data := source.read(CHUNK):
                        entry.write(data)
                        self.held.beat()
                return path
        self.left_out[GONE_FILE] += 1
        return ""

    def report(self) -> dict[str, Any]:
        return {
            "exported": self.conversations,
            "files": sum(map(bool, self.paths.values())),
            **({"account_files": self.account_files} if self.account_files else {}),
            "left_out": [{"reason": reason, "count": count} for reason, count in self.left_out.items()],
        }


def write(held: TransferClaim) -> None:
    """Make the file of an export and finish the row. Raises ClaimLostError and StoppingError."""
    name = stored_name(held.transfer, "export.zip")
    path = Path(default_storage.path(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{held.holder.rpartition('#')[2]}.part")
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            report = _written(held, file)
        held.beat()
        shutil.move(part, path)
        held.finish(Transfer.Status.DONE, file=name, size=path.stat().st_size, report=report)
    finally:
        part.unlink(missing_ok=True)


def _written(held: TransferClaim, file: IO[bytes]) -> dict[str, Any]:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        made = _Export(held, archive)
        ids = _chosen(held.transfer, made)
        held.beat(0, len(ids))
        for first in range(0, len(ids), AT_ONCE):
            some = ids[first : first + AT_ONCE]
            rows = Conversation.objects.of(held.transfer.owner_id).reachable().select_related("folder__parent")
            found = rows.in_bulk(some)
            made.left_out[DELETED] += len(some) - len(found)
            for number, key in enumerate(some, first + 1):
                if key in found:
                    made.add(found[key])
                held.beat(number)
        made.left_out += Counter()
        if held.transfer.options.get("everything"):
            made.account_files = personal.add(archive, held.transfer.owner_id, held.beat)
        archive.writestr("manifest.json", json.dumps(_manifest(held.transfer, made), ensure_ascii=False, indent=1))
    return made.report()


def _chosen(transfer: Transfer, made: _Export) -> list[UUID]:
    """Return the conversations to export, newest first, and count the temporary ones that are left out."""
    rows = Conversation.objects.of(transfer.owner_id).reachable()
    if transfer.chosen is not None:
        rows = rows.filter(pk__in=transfer.chosen)
    kept = list(rows.filter(keeping=Keeping.KEPT).order_by("-updated_at", "-id").values_list("pk", flat=True))
    made.left_out[TEMPORARY] += rows.exclude(keeping=Keeping.KEPT).count()
    if transfer.chosen is not None:
        made.left_out[DELETED] += len(transfer.chosen) - rows.count()
    return kept


def _manifest(transfer: Transfer, made: _Export) -> dict[str, Any]:
    folders = Folder.objects.of(transfer.owner_id).select_related("parent")
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": timezone.now().isoformat(),
        "owner": transfer.owner.username,
        **made.report(),
        "folders": [_folder(folder) for folder in folders],
    }


def _folder(folder: Folder) -> dict[str, Any]:
    path = [folder.parent.name, folder.name] if folder.parent else [folder.name]
    return {"path": path, "instructions": folder.instructions, "colour": Folder.Colour(folder.colour).name.lower()}


def _files_of(row: Conversation) -> Sequence[Attachment]:
    return list(Attachment.objects.filter(message__conversation=row, message__deleted_at=None))


def markdown(row: Conversation) -> Iterator[str]:
    """Yield the branch that is shown, as Markdown."""
    yield f"{export.heading(row)}\n"
    for some in branches.chunks(branches.ids(row), schema.AT_ONCE):
        yield f"\n{export.markdown(branches.read(some))}\n"


def name_of(row: Conversation) -> str:
    """Return a file name without ending that is unique, sorts by day, and that every system can store."""
    title = slugify(row.title, allow_unicode=True)[:50].strip("-") or "conversation"
    return f"{timezone.localdate(row.created_at):%Y-%m-%d} {title} {str(row.id)[:8]}"
