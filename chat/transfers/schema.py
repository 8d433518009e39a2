"""Writes conversations as JSON in LangAI's own open format, which docs/moving.md describes.

Messages are read and written some at a time, so that memory does not grow with a conversation.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from chat.conversations import branches
from chat.models import Attachment, Citation, Conversation, Message
from chat.turns.receipt import Receipt
from langai_site.sensitivity import Sensitivity

FORMAT, VERSION = "langai.conversation", 1
# Messages in memory at a time.
AT_ONCE = 50
CITED = ("number", "title", "page", "start", "end", "heading", "location", "language", "source", "version")

# What of a receipt means something in its own installation alone, with the value that stands for nothing.
NOT_IN_RECEIPTS: Mapping[str, None] = {"request": None, "offers": None, "failures": None}

# From a file of a message to its path in the archive; None where the archive does not have it.
PathOf = Callable[[Attachment], str | None]


def nowhere(_file: Attachment) -> str | None:
    """Return the path of a file where there is no archive."""
    return None


def head_of(row: Conversation) -> dict[str, Any]:
    """Return what is said of a conversation before its messages. Reads its folder."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": str(row.id),
        "title": row.title,
        "titled_by": row.titled_by,
        "label": Sensitivity(row.label).slug,
        "label_cause": row.label_cause,
        "folder": _folder_path(row),
        "model": row.model,
        "pinned_at": _time(row.pinned_at),
        "archived_at": _time(row.archived_at),
        "created_at": _time(row.created_at),
        "updated_at": _time(row.updated_at),
        "current_message": str(row.current_leaf_id) if row.current_leaf_id else None,
    }


def _folder_path(row: Conversation) -> list[str]:
    folder = row.folder
    if folder is None:
        return []
    return [folder.parent.name, folder.name] if folder.parent else [folder.name]


def pieces(row: Conversation, *, thoughts: bool = False, path_of: PathOf = nowhere) -> Iterator[str]:
    """Yield the JSON of a conversation with all its branches; a message comes after the one that it follows."""
    yield f'{_written(head_of(row))[:-1]}, "messages": ['
    separator = "\n"
    for ids in branches.chunks(branches.tree_ids(row), AT_ONCE):
        for message in branches.read_whole(ids):
            yield separator + _written(message_values(message, thoughts=thoughts, path_of=path_of))
            separator = ",\n"
    yield "\n]}\n"


def message_values(message: Message, *, thoughts: bool = False, path_of: PathOf = nowhere) -> dict[str, Any]:
    """Return a message that was read with its citations, files, given documents and feedback."""
    return {
        "id": str(message.id),
        "parent": str(message.parent_id) if message.parent_id else None,
        "role": message.role,
        "text": message.text,
        "original": message.original,
        "thoughts": _thoughts(message) if thoughts else None,
        "status": message.status,
        "label": Sensitivity(message.label).slug,
        "causes": [one | {"label": Sensitivity(int(one["label"])).slug} for one in message.causes],
        "model": message.model,
        "error": message.error,
        "created_at": _time(message.created_at),
        "shown_at": _time(message.shown_at),
        "citations": [_citation(cited) for cited in message.citations.all()],
        "given_documents": sorted(str(given.document) for given in message.given.all()),
        "files": [_file(file, path_of) for file in message.attachments.all()],
        "feedback": _feedback(message),
        "receipt": _receipt(message),
    }


def _receipt(message: Message) -> dict[str, Any]:
    receipt = Receipt.from_json(message.receipt).for_programs() if message.receipt else {}
    return {name: value for name, value in receipt.items() if name not in NOT_IN_RECEIPTS}


def _thoughts(message: Message) -> dict[str, Any] | None:
    thinking = message.thinking
    return {"text": thinking.text, "seconds": thinking.seconds} if thinking else None


def _citation(cited: Citation) -> dict[str, Any]:
    return {name: _plain(getattr(cited, name)) for name in CITED}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a field's value
    return str(value) if isinstance(value, UUID) else value


def _file(file: Attachment, path_of: PathOf) -> dict[str, Any]:
    return {"name": file.name, "media_type": file.media_type, "size": file.size, "path": path_of(file)}


def _feedback(message: Message) -> dict[str, Any] | None:
    said = getattr(message, "feedback", None)
    return {"good": said.good, "reasons": said.reasons, "comment": said.comment} if said else None


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _written(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
