"""Pure: conversations of ChatGPT's export, and of browser extensions that write the same shape."""

import hashlib
import re
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
    ImportedMessage,
    list_of,
    mapping_of,
    moment,
    text_of,
)
from langai_site.words import gettext_noop

PROGRAM = "chatgpt"
# References to search results, which mean nothing elsewhere. None contains the beginning of another, so each is read
# once however many do not end.
_REFERENCES = re.compile("[ \\t]?\ue200[^\ue200\ue201\n]*\ue201|[\ue000-\uf8ff]|【\\d+(?::\\d+)?†[^【】\n]*】")
_POINTER = re.compile(r"[a-z-]+://")
AUDIO = gettext_noop("Recordings: LangAI keeps what was said, not the sound")


def is_one(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("mapping"), dict)


def read(value: Mapping[str, Any]) -> ImportedConversation:
    """Return a conversation with its branches. Raises BrokenError."""
    mapping = {str(key): mapping_of(node) for key, node in value["mapping"].items()}
    if not mapping:
        raise BrokenError(gettext_noop("It contains no messages"))
    left_out: Counter[str] = Counter()
    usual_model = text_of(value.get("default_model_slug"))
    parents = _parents(mapping)
    nodes = [_node(key, parents.get(key), node, usual_model, left_out) for key, node in mapping.items()]
    messages = alternating(_by_time(nodes))
    return ImportedConversation(
        PROGRAM,
        _id(value, mapping),
        text_of(value.get("title")),
        tuple(messages),
        nearest(value.get("current_node"), messages, nodes),
        moment(value.get("create_time")),
        moment(value.get("update_time")),
        is_pinned=value.get("is_starred") is True,
        is_archived=value.get("is_archived") is True,
        left_out=left_out,
    )


def _id(value: Mapping[str, Any], mapping: Mapping[str, Any]) -> str:
    """Return the conversation's id; if it has none, one that the same conversation always has."""
    stated = text_of(value.get("conversation_id")) or text_of(value.get("id"))
    return stated or hashlib.sha256("\n".join(mapping).encode(errors="replace")).hexdigest()


def _by_time(nodes: Sequence[ImportedMessage]) -> list[ImportedMessage]:
    """Order the versions of a message by time; those without a time stay where they are in the file."""
    return sorted(nodes, key=lambda node: node.at.timestamp() if node.at else 0)


def _node(
    key: str, parent: str | None, node: Mapping[str, Any], usual_model: str, left_out: Counter[str]
) -> ImportedMessage:
    message = mapping_of(node.get("message"))
    role = text_of(mapping_of(message.get("author")).get("role"))
    kept = ImportedMessage(key, parent, role)
    details = mapping_of(message.get("metadata"))
    if role not in (USER, ASSISTANT, "tool") or _is_hidden(message, details):
        return kept
    content = mapping_of(message.get("content"))
    files = tuple(_files(content, details))
    left_out[AUDIO] += sum("audio" in text_of(mapping_of(part).get("content_type")) for part in _parts(content))
    is_tool = role == "tool"
    return ImportedMessage(
        key,
        parent,
        USER if role == USER else ASSISTANT,
        # What tools return is not an answer; a picture that they drew is.
        "" if is_tool else _REFERENCES.sub("", _text(content)).strip(),
        moment(message.get("create_time")),
        "" if role == USER else text_of(details.get("model_slug")) or usual_model,
        _thoughts(content),
        files=files,
    )


def _parents(mapping: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the node above each node. Some exports state only one direction of the links."""
    by_link = {str(child): key for key, node in mapping.items() for child in list_of(node.get("children"))}
    stated = {key: str(node["parent"]) for key, node in mapping.items() if node.get("parent") is not None}
    return by_link | stated


def _is_hidden(message: Mapping[str, Any], details: Mapping[str, Any]) -> bool:
    to = message.get("recipient")
    return details.get("is_visually_hidden_from_conversation") is True or to not in (None, "", "all")


def _parts(content: Mapping[str, Any]) -> list[Any]:
    return list_of(content.get("parts"))


def _text(content: Mapping[str, Any]) -> str:
    kind = content.get("content_type")
    if kind == "code":
        language = text_of(content.get("language"))
        return f"```{'' if language == 'unknown' else language}\n{text_of(content.get('text'))}\n```"
    if kind in ("thoughts", "reasoning_recap", "user_editable_context", "model_editable_context"):
        return ""
    pieces = [part if isinstance(part, str) else text_of(mapping_of(part).get("text")) for part in _parts(content)]
    return "\n\n".join(filter(None, pieces)) or text_of(content.get("text"))


def _thoughts(content: Mapping[str, Any]) -> str:
    thoughts = [mapping_of(thought) for thought in list_of(content.get("thoughts"))]
    lines = [text_of(thought.get("content")) or text_of(thought.get("summary")) for thought in thoughts]
    return "\n\n".join(filter(None, lines))


def _files(content: Mapping[str, Any], details: Mapping[str, Any]) -> Iterator[ImportedFile]:
    """Yield the files of a message once each: pictures are named in its parts and among its attachments."""
    attached = {
        text_of(file.get("id")): text_of(file.get("name"))
        for file in map(mapping_of, list_of(details.get("attachments")))
    }
    pointers = [text_of(mapping_of(part).get("asset_pointer")) for part in _parts(content)]
    shown = [_POINTER.sub("", pointer, count=1) for pointer in pointers if pointer]
    for key in dict.fromkeys([*shown, *attached]):
        if key and "audio" not in key:
            yield ImportedFile(attached.get(key, ""), key)
