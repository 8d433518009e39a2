"""Pure: conversations of Open WebUI, from its export and from its database."""

import base64
import binascii
import hashlib
import html
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

PROGRAM = "openwebui"
SOURCES = gettext_noop("Sources of answers: they name documents that LangAI does not have")
# Thoughts stand in the answer's text, before the answer.
_THOUGHTS = re.compile(r'\s*<details type="reasoning"([^>]*)>(.*?)</details>\s*', re.DOTALL)
_SECONDS = re.compile(r'duration="(\d+(?:\.\d+)?)"')
_QUOTED = re.compile(r"^> ?", re.MULTILINE)
_DATA = re.compile(r"data:image/([a-z]+);base64,")
ENDINGS = {"jpeg": "jpg"}


def is_one(value: Mapping[str, Any]) -> bool:
    chat = mapping_of(value.get("chat")) or value
    return isinstance(mapping_of(chat.get("history")).get("messages"), dict)


def read(value: Mapping[str, Any]) -> ImportedConversation:
    """Return a conversation with its branches, from a row of the export or a bare chat. Raises BrokenError."""
    chat = mapping_of(value.get("chat")) or value
    history = mapping_of(chat.get("history"))
    rows = {str(key): mapping_of(row) for key, row in mapping_of(history.get("messages")).items()}
    if not rows:
        raise BrokenError(gettext_noop("It contains no messages"))
    left_out: Counter[str] = Counter()
    nodes = [_node(key, row, left_out) for key, row in rows.items()]
    messages = alternating(nodes)
    return ImportedConversation(
        PROGRAM,
        text_of(value.get("id")) or text_of(chat.get("id")) or _id(rows),
        text_of(value.get("title")) or text_of(chat.get("title")),
        tuple(messages),
        nearest(history.get("currentId"), messages, nodes),
        moment(value.get("created_at") or chat.get("timestamp")),
        moment(value.get("updated_at")),
        is_pinned=value.get("pinned") is True,
        is_archived=value.get("archived") is True,
        left_out=left_out,
    )


def _id(rows: Mapping[str, Any]) -> str:
    return hashlib.sha256("\n".join(rows).encode(errors="replace")).hexdigest()


def _node(key: str, row: Mapping[str, Any], left_out: Counter[str]) -> ImportedMessage:
    parent, role = row.get("parentId"), text_of(row.get("role"))
    if role not in (USER, ASSISTANT):
        return ImportedMessage(key, str(parent) if parent else None, role)
    text, thoughts, seconds = _divided(_content(row.get("content")))
    left_out[SOURCES] += bool(list_of(row.get("sources")))
    return ImportedMessage(
        key,
        str(parent) if parent else None,
        role,
        text.strip(),
        moment(row.get("timestamp")),
        "" if role == USER else text_of(row.get("model")) or text_of(row.get("modelName")),
        thoughts,
        seconds,
        _error(row.get("error")),
        _opinion(row),
        tuple(_files(list_of(row.get("files")))),
    )


def _content(content: object) -> str:
    if isinstance(content, list):
        return "\n\n".join(filter(None, (text_of(mapping_of(part).get("text")) for part in content)))
    return text_of(content)


def _divided(text: str) -> tuple[str, str, float]:
    """Return the text without the thoughts at its beginning, the thoughts, and their seconds."""
    thoughts, seconds, end = [], 0.0, 0
    while found := _THOUGHTS.match(text, end):
        inner = html.unescape(_without_summary(found[2]))
        thoughts.append(_QUOTED.sub("", inner).strip())
        duration = _SECONDS.search(found[1])
        seconds += float(duration[1]) if duration else 0
        end = found.end()
    return text[end:], "\n\n".join(thoughts), seconds


def _without_summary(thoughts: str) -> str:
    before, _tag, rest = thoughts.partition("<summary>")
    _summary, tag, after = rest.partition("</summary>")
    return f"{before.rstrip()}{after.lstrip()}" if tag else thoughts


def _error(error: object) -> str:
    return text_of(mapping_of(error).get("content")) or text_of(error)


def _opinion(row: Mapping[str, Any]) -> bool | None:
    rating = mapping_of(row.get("annotation")).get("rating")
    return {1: True, -1: False, "1": True, "-1": False}.get(rating) if isinstance(rating, int | str) else None


def _files(files: Sequence[object]) -> Iterator[ImportedFile]:
    for number, file in enumerate(map(mapping_of, files), 1):
        url, inner = text_of(file.get("url")), mapping_of(file.get("file"))
        name = text_of(file.get("name")) or text_of(inner.get("filename"))
        key = (
            text_of(file.get("id"))
            or text_of(inner.get("id"))
            or url.rstrip("/").removesuffix("/content").rpartition("/")[2]
        )
        found = _DATA.match(url)
        if found:
            yield from _picture(url[found.end() :], name or f"picture-{number}.{ENDINGS.get(found[1], found[1])}")
        elif file.get("type") in ("file", "image"):
            # Where the file itself is not in the export, the text of a text file is as good.
            text = text_of(mapping_of(inner.get("data")).get("content"))
            is_text = bool(text) and name.endswith((".txt", ".md"))
            yield ImportedFile(name, key, text.encode(errors="replace") if is_text else None)


def _picture(data: str, name: str) -> Iterator[ImportedFile]:
    try:
        yield ImportedFile(name, data=base64.b64decode(data, validate=True))
    except binascii.Error:
        yield ImportedFile(name, name)
