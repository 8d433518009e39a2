"""Pure: conversations of LangAI's own export, as chat.transfers.schema writes them."""

from collections.abc import Mapping
from typing import Any

from chat.transfers.readers.values import (
    ASSISTANT,
    USER,
    BrokenError,
    ImportedConversation,
    ImportedFile,
    ImportedFolder,
    ImportedMessage,
    list_of,
    mapping_of,
    moment,
    text_of,
)
from langai_site.words import gettext_noop

PROGRAM = "langai"
CONVERSATION, EXPORT = "langai.conversation", "langai.export"
NEWEST = 1


def is_one(value: Mapping[str, Any]) -> bool:
    return value.get("format") == CONVERSATION


def is_manifest(value: Mapping[str, Any]) -> bool:
    return value.get("format") == EXPORT


def read(value: Mapping[str, Any]) -> ImportedConversation:
    """Return a conversation with its branches. Raises BrokenError."""
    version = value.get("version")
    if not isinstance(version, int) or version > NEWEST:
        raise BrokenError(gettext_noop("A newer LangAI wrote it; update this one"))
    messages = tuple(_message(mapping_of(row)) for row in list_of(value.get("messages")))
    _check(messages)
    return ImportedConversation(
        PROGRAM,
        text_of(value.get("id")),
        text_of(value.get("title")),
        messages,
        text_of(value.get("current_message")) or None,
        moment(value.get("created_at")),
        moment(value.get("updated_at")),
        tuple(filter(None, map(text_of, list_of(value.get("folder")))))[:2],
        value.get("pinned_at") is not None,
        value.get("archived_at") is not None,
        text_of(value.get("label")),
        value.get("titled_by") == "person",
    )


def _check(messages: tuple[ImportedMessage, ...]) -> None:
    known: set[str | None] = {None}
    for message in messages:
        if message.role not in (USER, ASSISTANT) or message.parent not in known or not message.id:
            raise BrokenError(gettext_noop("Its messages do not follow one another"))
        known.add(message.id)


def _message(row: Mapping[str, Any]) -> ImportedMessage:
    thoughts = mapping_of(row.get("thoughts"))
    seconds = thoughts.get("seconds")
    return ImportedMessage(
        text_of(row.get("id")),
        text_of(row.get("parent")) or None,
        text_of(row.get("role")),
        text_of(row.get("text")),
        moment(row.get("created_at")),
        text_of(row.get("model")),
        text_of(thoughts.get("text")),
        float(seconds) if isinstance(seconds, int | float) else 0,
        text_of(row.get("error")),
        _opinion(row),
        tuple(_file(mapping_of(file)) for file in list_of(row.get("files"))),
        row,
    )


def _opinion(row: Mapping[str, Any]) -> bool | None:
    good = mapping_of(row.get("feedback")).get("good")
    return good if isinstance(good, bool) else None


def _file(file: Mapping[str, Any]) -> ImportedFile:
    return ImportedFile(text_of(file.get("name")), text_of(file.get("path")) or text_of(file.get("name")))


def folders(value: Mapping[str, Any]) -> list[ImportedFolder]:
    """Return the folders that a manifest lists."""
    rows = [mapping_of(row) for row in list_of(value.get("folders"))]
    paths = [(tuple(filter(None, map(text_of, list_of(row.get("path")))))[:2], row) for row in rows]
    return [ImportedFolder(path, text_of(row.get("instructions"))) for path, row in paths if path]
