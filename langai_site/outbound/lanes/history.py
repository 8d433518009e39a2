"""Pure: brings messages into an order that every provider accepts, whatever failed before.

Roles alternate and begin with the user, no content is empty, each tool call is followed by its result, and each result
has its call, see `pairing`.
"""

import json
from collections.abc import Iterable
from typing import Any

from langai_site.outbound.lanes.pairing import paired
from langai_site.outbound.lanes.quirks import Quirks
from langai_site.outbound.lanes.requests import Request, WireMessage
from langai_site.outbound.parts import BETWEEN, Part, Text, Thinking, ToolCall

# Comes before an answer that would be first because its question was left out.
LEFT_OUT = Text("(Earlier messages were left out.)")


def split_system(messages: Iterable[WireMessage]) -> tuple[str, list[WireMessage]]:
    """Return the text of all system messages, and the other messages in order."""
    texts: list[str] = []
    others: list[WireMessage] = []
    for message in messages:
        if message.role == "system":
            texts += [part.text for part in message.parts if isinstance(part, Text) and part.text.strip()]
        else:
            others.append(message)
    return BETWEEN.join(texts), tidy(others)


def tidy(messages: Iterable[WireMessage]) -> list[WireMessage]:
    """Return user and assistant messages that alternate; results of tools come first in the user's messages."""
    joined = paired(_joined(_filled(message) for message in messages))
    if joined and joined[0].role == "assistant":
        joined.insert(0, WireMessage("user", (LEFT_OUT,)))
    return joined


def _filled(message: WireMessage) -> WireMessage:
    """Return the message without empty parts, in one of two roles."""
    role = "user" if message.role in ("tool", "system") else message.role
    return WireMessage(role, tuple(part for part in message.parts if _is_filled(part)))


def _is_filled(part: Part) -> bool:
    if isinstance(part, Text):
        return bool(part.text.strip())
    return bool(part.text.strip() or part.signature) if isinstance(part, Thinking) else True


def _joined(messages: Iterable[WireMessage]) -> list[WireMessage]:
    """Join neighbours of the same role, and leave out messages that say nothing."""
    kept: list[WireMessage] = []
    for message in messages:
        # A thought without an answer cannot be continued.
        if all(isinstance(part, Thinking) for part in message.parts):
            continue
        if kept and kept[-1].role == message.role:
            kept[-1] = WireMessage(message.role, kept[-1].parts + message.parts)
        else:
            kept.append(message)
    return kept


def messages_of(request: Request, quirks: Quirks, more: str = "") -> tuple[str, list[WireMessage]]:
    """Return the instructions and the messages; if the model takes instructions only from the user, they are empty.

    `more` are instructions for what the format itself cannot demand.
    """
    system, messages = split_system(request.messages)
    system = BETWEEN.join(filter(None, (system, more)))
    if not system or quirks.system_role != "user":
        return system, messages
    if not messages:
        return "", [WireMessage("user", (Text(system),))]
    first = messages[0]
    # Results of tools come first, but no conversation begins with them.
    return "", [WireMessage("user", (Text(system), *first.parts)), *messages[1:]]


def tool_names(messages: Iterable[WireMessage]) -> dict[str, str]:
    """Return the name of the tool of each call, by the call's id; `tidy` has given each call an id of its own."""
    parts = (part for message in messages for part in message.parts)
    return {part.id: part.name for part in parts if isinstance(part, ToolCall)}


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """Return the arguments as an object; models sometimes write something else, which no provider accepts."""
    try:
        value = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
