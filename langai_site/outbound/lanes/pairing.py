"""Pure: gives each tool call exactly one result, in the message after it, and each result its call.

Nothing that was said is lost: a result that belongs to no call of the message before becomes text of the user.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from hashlib import sha256

from langai_site.outbound.lanes.requests import WireMessage
from langai_site.outbound.parts import Image, Part, Text, ToolCall, ToolResult, joined_text

UNNAMED = "a tool"
# Every provider accepts ids of this length, and Mistral accepts only them.
ID_LENGTH = 9


def paired(messages: Sequence[WireMessage]) -> list[WireMessage]:
    """Return messages, which alternate, with calls and results in pairs, and with each id in one pair only."""
    pairing = _Pairing(messages)
    for message in messages:
        pairing.add(message)
    return pairing.finished()


class _Pairing:
    """The paired messages so far. `_open` are the calls of the last message, under their old and new ids."""

    def __init__(self, messages: Iterable[WireMessage]) -> None:
        calls = [part for message in messages for part in message.parts if isinstance(part, ToolCall)]
        self._kept: list[WireMessage] = []
        self._taken = {call.id for call in calls}
        self._used: set[str] = set()
        self._open: list[tuple[str, ToolCall]] = []
        # A result that comes before its call is named after it too.
        self._names = {call.id: call.name for call in reversed(calls)}

    def add(self, message: WireMessage) -> None:
        """Add the next message."""
        if message.role == "user":
            self._kept.append(WireMessage("user", self._answered(message.parts)))
        else:
            self._kept.append(WireMessage(message.role, tuple(self._called(part) for part in message.parts)))

    def finished(self) -> list[WireMessage]:
        """Return the messages. If the last one calls tools, one with their missing results follows."""
        if self._open:
            self._kept.append(WireMessage("user", self._answered(())))
        return self._kept

    def _called(self, part: Part) -> Part:
        """Return a part of an answer, with an id of its own if it is a call."""
        if isinstance(part, ToolResult):
            return Text(_written(part, self._names)[0].text)
        if not isinstance(part, ToolCall):
            return part
        call = ToolCall(self._own_id(part.id), part.name, part.arguments)
        self._open.append((part.id, call))
        self._names[part.id] = part.name
        return call

    def _own_id(self, identity: str) -> str:
        """Return the id itself the first time, later another one, which is the same in each request."""
        if identity not in self._used:
            self._used.add(identity)
            return identity
        number = len(self._used)
        own = identity
        while own in self._taken:
            own = sha256(f"{number} {identity}".encode("utf-8", "replace")).hexdigest()[:ID_LENGTH]
            number += 1
        self._taken.add(own)
        self._used.add(own)
        return own

    def _answered(self, parts: Iterable[Part]) -> tuple[Part, ...]:
        """Return the parts of the user's message: first one result for each open call, then the rest."""
        waiting: defaultdict[str, deque[str]] = defaultdict(deque)
        for identity, call in self._open:
            waiting[identity].append(call.id)
        found: dict[str, ToolResult] = {}
        rest: list[Part] = []
        for part in parts:
            if not isinstance(part, ToolResult):
                rest.append(part)
            elif queue := waiting.get(part.call_id):
                own = queue.popleft()
                found[own] = ToolResult(own, part.parts, part.error)
            else:
                rest += _written(part, self._names)
        results = [found.get(call.id) or ToolResult(call.id, ()) for _, call in self._open]
        self._open = []
        return (*results, *rest)


def _written(result: ToolResult, names: dict[str, str]) -> tuple[Text, *tuple[Image, ...]]:
    """Return a result as text, followed by its pictures."""
    text = Text(f"[Result of {names.get(result.call_id) or UNNAMED}]\n{result_text(result)}")
    return text, *(part for part in result.parts if isinstance(part, Image))


def result_text(result: ToolResult) -> str:
    """Return the text of a result, never empty, because providers refuse that."""
    return joined_text(result.parts) or ("The tool failed." if result.error else "(no result)")
