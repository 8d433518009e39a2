"""Pure: tells the tool calls of one answer apart, in OpenAI's format and its relatives."""

import json
from collections.abc import Iterator
from typing import Any

from langai_site.outbound.lanes.events import ToolCallDelta
from langai_site.outbound.lanes.openai_content import json_text, words
from langai_site.outbound.lanes.surrogates import whole

# Characters of arguments up to which they are tested for being complete.
SHORT = 4096


class ToolCalls:
    """Numbers the tool calls of one answer; some servers give all of them one index, or none."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        # By number.
        self._ids: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._arguments: dict[int, str] = {}
        self._last = -1

    def read(self, calls: Any) -> Iterator[ToolCallDelta]:  # noqa: ANN401 - whatever a server sends
        """Yield the fragments in `calls`, a list or one call."""
        for call in calls if isinstance(calls, list) else [calls]:
            if not isinstance(call, dict):
                continue
            function = call.get("function")
            function = function if isinstance(function, dict) else call
            identity, name = (whole(words(value)) for value in (call.get("id"), function.get("name")))
            arguments = function.get("arguments")
            if not isinstance(arguments, str):
                arguments = "" if arguments is None else json_text(arguments)
            number = self._number(call.get("index"), identity, name, arguments)
            yield ToolCallDelta(number, identity, name, whole(arguments))

    def _number(self, index: Any, identity: str, name: str, arguments: str) -> int:  # noqa: ANN401 - what a server sends
        key = index if isinstance(index, int) else None
        # A fragment that names nothing continues the last call.
        number = self._numbers.get(key, -1 if name or identity else self._last)
        if key is None and identity in self._ids.values():
            number = next(known for known, other in self._ids.items() if other == identity)
        if number < 0 or self._begins(number, key, identity, name, arguments):
            number = self._last = self._last + 1
        self._numbers[key] = number
        if identity:
            self._ids[number] = identity
        if name:
            self._names[number] = name
        if len(before := self._arguments.get(number, "")) <= SHORT:
            self._arguments[number] = before + arguments
        return number

    def _begins(self, number: int, key: int | None, identity: str, name: str, arguments: str) -> bool:
        """Return whether a fragment begins a call, although its index says that it continues the call `number`.

        A name begins one, unless it is repeated with each fragment of the same call.
        """
        known = self._ids.get(number, "")
        if not name or (identity and identity == known):
            return False
        if identity and known:
            return True
        if identity or known:
            return key is None and not identity
        return key is None or (self._is_complete(number) and bool(arguments.strip() or name != self._names.get(number)))

    def _is_complete(self, number: int) -> bool:
        text = self._arguments.get(number, "")
        if len(text) > SHORT or not text.rstrip().endswith("}"):
            return False
        try:
            return isinstance(json.loads(text), dict)
        except (ValueError, RecursionError):
            return False
