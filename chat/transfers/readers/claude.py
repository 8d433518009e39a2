"""Pure: conversations and projects of Claude's export."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chat.transfers.readers.trees import alternating, nearest
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

PROGRAM = "claude"
ROLES = {"human": USER, "assistant": ASSISTANT}
# What stands for the missing parent of a first message.
NOBODY = "00000000-0000-4000-8000-000000000000"
DOCUMENTS = gettext_noop("Documents of projects: add them to a collection, or to messages")
UNLINKED = gettext_noop("Projects: Claude's export does not say which conversations are in one, so the folder is empty")


def is_one(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("chat_messages"), list)


def is_project(value: Mapping[str, Any]) -> bool:
    return "prompt_template" in value and "docs" in value


def read(value: Mapping[str, Any]) -> ImportedConversation:
    """Return a conversation. Raises BrokenError."""
    rows = [mapping_of(row) for row in value["chat_messages"]]
    if not text_of(value.get("uuid")):
        raise BrokenError(gettext_noop("It has no id"))
    nodes = _nodes(rows)
    messages = alternating(nodes)
    last = value.get("current_leaf_message_uuid") or (nodes[-1].id if nodes else None)
    return ImportedConversation(
        PROGRAM,
        value["uuid"],
        text_of(value.get("name")),
        tuple(messages),
        nearest(last, messages, nodes),
        moment(value.get("created_at")),
        moment(value.get("updated_at")),
        is_pinned=value.get("is_starred") is True,
    )


def project(value: Mapping[str, Any]) -> ImportedFolder:
    left_out = Counter({UNLINKED: 1, DOCUMENTS: len(list_of(value.get("docs")))})
    return ImportedFolder((text_of(value.get("name")) or "Project",), text_of(value.get("prompt_template")), left_out)


def _nodes(rows: Sequence[Mapping[str, Any]]) -> list[ImportedMessage]:
    """Return the messages: in a tree if they name their parents, otherwise one after the other."""
    nodes: list[ImportedMessage] = []
    for number, row in enumerate(rows):
        before = nodes[-1].id if nodes else None
        stated = row.get("parent_message_uuid")
        parent = before if not isinstance(stated, str) else None if stated == NOBODY else stated
        nodes.append(_node(row, text_of(row.get("uuid")) or f"message {number}", parent))
    return nodes


def _node(row: Mapping[str, Any], key: str, parent: str | None) -> ImportedMessage:
    content = [mapping_of(part) for part in list_of(row.get("content"))]
    texts = [text_of(part.get("text")) for part in content if part.get("type") == "text"]
    thoughts = [text_of(part.get("thinking")) for part in content if part.get("type") == "thinking"]
    role = ROLES.get(text_of(row.get("sender")), "")
    return ImportedMessage(
        key,
        parent,
        role,
        ("\n\n".join(filter(None, texts)) or text_of(row.get("text"))).strip() if role else "",
        moment(row.get("created_at")),
        "Claude" if role == ASSISTANT else "",
        "\n\n".join(filter(None, thoughts)),
        files=tuple(_files(row)),
    )


def _files(row: Mapping[str, Any]) -> Iterator[ImportedFile]:
    seen = set()
    for file in map(mapping_of, list_of(row.get("attachments"))):
        name, text = text_of(file.get("file_name")), text_of(file.get("extracted_content"))
        seen.add(name)
        # Only the text of it is in the export, so that is what the file becomes.
        as_text = f"{name or 'Pasted text'}.txt" if not name.endswith((".txt", ".md", ".csv")) else name
        yield ImportedFile(as_text, name, text.encode(errors="replace")) if text else ImportedFile(name, name)
    for file in map(mapping_of, list_of(row.get("files"))):
        name = text_of(file.get("file_name"))
        if name and name not in seen:
            yield ImportedFile(name, text_of(file.get("file_uuid")) or name)
