"""Stores imported conversations as a person's own. Importing one again adds nothing.

A long conversation is written in several transactions, so that others can write in between. Until the last one a new
conversation counts as deleted: nobody sees half of it. If the worker is killed, the next one adds what is missing; if
none does, it is removed like anything deleted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.conversations import access, keeping, label_rises, labels, titles
from chat.conversations.lists import PINS_MAX
from chat.history import rows as history_rows
from chat.models import Attachment, Citation, Conversation, Feedback, GivenDocument, Message
from chat.transfers import trusted
from chat.transfers.readers import langai
from chat.transfers.readers.values import USER, ImportedConversation, ImportedFile, ImportedMessage
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.characters import whole_characters
from langai_site.database.pauses import let_others_write
from langai_site.sensitivity import Sensitivity, highest
from search.services import present

# Messages and characters written in one transaction, rows in one statement, and texts indexed in one transaction.
AT_ONCE, CHARS_AT_ONCE, INDEXED_AT_ONCE = 200, 1_000_000, 50
PINS = gettext_noop("Pins: %(most)s conversations can be pinned")
UNTITLED = gettext_noop("Imported conversation")
ID_MAX, MODEL_MAX, ERROR_MAX = 200, 200, 2_000


class StoredOutcome(StrEnum):
    """What became of an imported conversation."""

    IMPORTED = "imported"
    UPDATED = "updated"
    SAME = "same"


@dataclass(frozen=True)
class Target:
    """Whose the conversations become, and how.

    `upload` stores a file and returns its attachment, or None after noting why not; `note` counts what is left out.
    `folder` returns the folder with a path; `watch` is called often, and an exception from it ends the import.
    """

    owner: User
    floor: Sensitivity
    upload: Callable[[ImportedFile], UUID | None]
    note: Callable[[str, str], None]
    folder: Callable[[Sequence[str]], UUID | None]
    watch: Callable[[], object] = bool
    # Called at the end of the transaction: what it writes is stored with the conversation, or neither is.
    commit: Callable[[StoredOutcome], object] = bool


@dataclass
class _Draft:
    """A conversation with what is new in it, ready to be written. `is_hidden`: nobody sees it yet."""

    row: Conversation
    is_new: bool
    found: ImportedConversation
    is_hidden: bool = False
    messages: list[Message] = field(default_factory=list)
    causes: list[labels.Cause] = field(default_factory=list)
    files: dict[UUID, list[UUID]] = field(default_factory=dict)
    details: dict[UUID, ImportedMessage] = field(default_factory=dict)


def store(found: ImportedConversation, target: Target) -> StoredOutcome:
    """Store a conversation, or what is new in it. Its label is the highest of what is found in it."""
    row, is_new = _row_of(found, target)
    draft = _Draft(row, is_new, found, is_hidden=is_new or row.deleted_at is not None)
    fresh = _fresh(draft)
    if not fresh and not draft.is_hidden:
        with transaction.atomic():
            target.commit(StoredOutcome.SAME)
        return StoredOutcome.SAME
    for message in fresh:
        target.watch()
        _prepare(draft, message, target)
    outcome = StoredOutcome.IMPORTED if draft.is_hidden else StoredOutcome.UPDATED
    _write(draft, target, outcome)
    _index(draft)
    return outcome


def _row_of(found: ImportedConversation, target: Target) -> tuple[Conversation, bool]:
    """Return the conversation that was imported before, or was exported from here; otherwise a new one."""
    mine = Conversation.objects.of(target.owner.pk)
    if found.program == langai.PROGRAM and (own := trusted.uuid_of(found.id)):
        exported = mine.filter(pk=own).first()
        if exported:
            return exported, False
    key = found.id[:ID_MAX]
    imported = mine.filter(imported_from=found.program, imported_id=key).first()
    if imported:
        return imported, False
    return _new(found, key, target), True


def _new(found: ImportedConversation, key: str, target: Target) -> Conversation:
    now = timezone.now()
    times = [message.at for message in found.messages if message.at]
    began = min(found.created_at or min(times, default=now), now)
    longest = keeping.choice(target.owner.pk).offered[0]
    return Conversation(
        id=uuid4(),
        owner=target.owner,
        title=_title(found),
        titled_by=Conversation.TitledBy.PERSON if found.is_titled_by_person else Conversation.TitledBy.MODEL,
        label=Sensitivity[settings.DEFAULT_SENSITIVITY.upper()],
        label_cause=labels.STARTED,
        source=access.PAGE,
        imported_from=found.program,
        imported_id=key,
        keeping=longest,
        expires_at=keeping.end_of(longest, now),
        created_at=began,
        updated_at=max(began, min(found.updated_at or max(times, default=now), now)),
        archived_at=now if found.is_archived else None,
    )


def _title(found: ImportedConversation) -> str:
    first = next((message.text for message in found.messages if message.role == USER), "")
    text = whole_characters(found.title).strip() or first
    # The title may repeat what a detector finds in the messages.
    masked = titles.title_of(text, detectors.scan) if detectors.scan(text[: titles.SCANNED]) else " ".join(text.split())
    return masked[:120] or _(UNTITLED)


def _fresh(draft: _Draft) -> list[ImportedMessage]:
    """Return the messages that are not stored yet. Ids follow from the conversation's and those in the export."""
    if draft.is_new:
        return list(draft.found.messages)
    if not draft.row.imported_from:
        return []
    known = set(draft.row.messages.values_list("pk", flat=True))
    return [message for message in draft.found.messages if _id(draft, message.id) not in known]


def _id(draft: _Draft, key: str) -> UUID:
    return uuid5(draft.row.id, key.encode(errors="replace").decode())


def _prepare(draft: _Draft, found: ImportedMessage, target: Target) -> None:
    """Scan a message and store its files."""
    original = found.details.get("original")
    texts = {
        "thinking": whole_characters(found.thoughts),
        "original": whole_characters(original) if isinstance(original, str) else "",
        "text": whole_characters(found.text),
    }
    scanned = [one for text in (*texts.values(), found.error) for one in detectors.scan(text)]
    causes = [labels.Cause(one.label, labels.IN_IMPORT(found=one.words)) for one in scanned]
    causes += _stated(found)
    key = _id(draft, found.id)
    draft.details[key] = found
    draft.messages.append(
        Message(
            id=key,
            conversation_id=draft.row.id,
            parent_id=_id(draft, found.parent) if found.parent is not None else None,
            role=found.role,
            parts=[_part(kind, text, found) for kind, text in texts.items() if text],
            status=trusted.status_of(found.details) if found.details else _status(found),
            label=highest(target.floor, labels.label_of(causes)),
            causes=trusted.causes_of(found.details) if found.role == USER else [],
            model=whole_characters(found.model)[:MODEL_MAX],
            error=whole_characters(found.error)[:ERROR_MAX],
            receipt=trusted.receipt_of(found.details) if found.details else {},
            created_at=_time(found.at, draft.row),
            shown_at=trusted.shown_at(found.details),
        )
    )
    draft.causes += causes
    stored = [attachment for file in found.files if (attachment := target.upload(file))]
    if stored:
        draft.files[key] = stored


def _part(kind: str, text: str, found: ImportedMessage) -> dict[str, Any]:
    return {"type": kind, "text": text} | ({"seconds": found.seconds} if kind == "thinking" else {})


def _status(found: ImportedMessage) -> str:
    return Message.Status.FAILED if found.error else Message.Status.COMPLETE


def _time(at: datetime | None, row: Conversation) -> datetime:
    return min(at or row.created_at, timezone.now())


def _stated(found: ImportedMessage) -> list[labels.Cause]:
    """Return the label that a message of LangAI had, and the labels that the documents behind it have now."""
    if not found.details:
        return []
    causes = [labels.Cause(trusted.label_of(found.details.get("label")), labels.EXPORTED)]
    given = present.labels_of(trusted.given_of(found.details))
    causes += [labels.passage(labels.UNNAMED, label) for label in given.values()]
    cited = list(trusted.citations_of(found.details, uuid4()))
    known = present.known_sources({citation.source for citation in cited})
    return causes + [labels.passage(one.title, known[one.source].label) for one in cited if one.source in known]


def _write(draft: _Draft, target: Target, outcome: StoredOutcome) -> None:
    """Write what is new: its label before its messages, and that it is there after them."""
    *first, last = [*_batches(draft.messages)] or [[]]
    for messages in first:
        target.watch()
        with transaction.atomic():
            row = _begun(draft, target)
            if draft.is_hidden:
                row.deleted_at = timezone.now()
            row.save()
            _write_messages(draft, messages)
        let_others_write()
    with transaction.atomic():
        row = _begun(draft, target)
        if draft.is_hidden:
            row.deleted_at = None
        row.save()
        _write_messages(draft, last)
        if draft.is_hidden or row.current_leaf_id is None:
            row.current_leaf_id = _leaf(draft)
            row.save(update_fields=["current_leaf"])
        target.commit(outcome)


def _batches(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Yield the messages in order, as many at once as may hold up other writers."""
    batch: list[Message] = []
    chars = 0
    for message in messages:
        size = sum(len(part["text"]) for part in message.parts)
        if batch and (len(batch) == AT_ONCE or chars + size > CHARS_AT_ONCE):
            yield batch
            batch, chars = [], 0
        batch.append(message)
        chars += size
    if batch:
        yield batch


def _begun(draft: _Draft, target: Target) -> Conversation:
    """Return the row, locked, with the label of all that is found; a new one is inserted first."""
    row, found = draft.row, draft.found
    if draft.is_new:
        row.folder_id = target.folder(found.folder) if found.folder else None
        row.pinned_at = _pinned_at(found, target)
        row.save(force_insert=True)
        draft.is_new = False
    else:
        row = draft.row = Conversation.objects.select_for_update(of=("self",)).select_related("owner").get(pk=row.pk)
    access.raise_label(row, [*draft.causes, labels.Cause(target.floor, labels.CHOSEN), *_stated_of(found)])
    return row


def _write_messages(draft: _Draft, messages: Sequence[Message]) -> None:
    # A worker that lost its claim may have written some of them a moment ago.
    Message.objects.bulk_create(messages, batch_size=AT_ONCE, ignore_conflicts=True)
    _write_details(draft, messages)
    label_rises.catch_up_copy(draft.row.id)


def _stated_of(found: ImportedConversation) -> list[labels.Cause]:
    return [labels.Cause(trusted.label_of(found.label), labels.EXPORTED)]


def _pinned_at(found: ImportedConversation, target: Target) -> datetime | None:
    if not found.is_pinned:
        return None
    if Conversation.objects.of(target.owner.pk).alive().filter(pinned_at__isnull=False).count() >= PINS_MAX:
        target.note(_(PINS) % {"most": PINS_MAX}, found.title)
        return None
    return timezone.now()


def _leaf(draft: _Draft) -> UUID | None:
    """Return the end of the branch that the other program shows; otherwise the newest message that ends one."""
    keys = {_id(draft, message.id): message for message in draft.found.messages}
    current = _id(draft, draft.found.current) if draft.found.current else None
    if current in keys:
        return current
    followed = {_id(draft, message.parent) for message in draft.found.messages if message.parent is not None}
    return next((key for key in reversed(keys) if key not in followed), None)


def _write_details(draft: _Draft, messages: Sequence[Message]) -> None:
    for message in messages:
        for position, attachment in enumerate(draft.files.get(message.id, ())):
            Attachment.objects.filter(pk=attachment, message=None).update(message=message.id, position=position)
    fresh = [(message, draft.details[message.id]) for message in messages if message.role != USER]
    given = [GivenDocument(reply=row, document=key) for row, found in fresh for key in trusted.given_of(found.details)]
    GivenDocument.objects.bulk_create(given, batch_size=AT_ONCE, ignore_conflicts=True)
    cited = [citation for row, found in fresh for citation in trusted.citations_of(found.details, row.id)]
    Citation.objects.bulk_create(cited, batch_size=AT_ONCE, ignore_conflicts=True)
    Feedback.objects.bulk_create(_opinions(fresh), batch_size=AT_ONCE, ignore_conflicts=True)


def _opinions(fresh: Iterable[tuple[Message, ImportedMessage]]) -> Iterable[Feedback]:
    for row, found in fresh:
        if found.good is not None:
            reasons, comment = trusted.opinion_of(found.details)
            yield Feedback(reply=row, good=found.good, reasons=[] if found.good else reasons, comment=comment)


def _index(draft: _Draft) -> None:
    """Index the words of what was stored. If the process is killed before, the worker's job for that does it."""
    texts = [history_rows.of_title(draft.row)] if draft.is_hidden else []
    is_temporary = draft.row.is_temporary
    texts += [
        history_rows.IndexedText(draft.row.owner_id, draft.row.id, message.id, message.text, is_temporary)
        for message in draft.messages
    ]
    for first in range(0, len(texts), INDEXED_AT_ONCE):
        history_rows.replace(texts[first : first + INDEXED_AT_ONCE])
