"""Reads the tool calls in the messages of OpenAI's formats, and finds the call of each result."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chat.api.json_values import refuse_unusual
from langai_site.errors import InvalidError
from langai_site.outbound.parts import ToolCall

# The roles of results that a client's tools have returned.
RESULTS = ("tool", "function")


class CallMessage(Protocol):
    """What is read of a message."""

    @property
    def role(self) -> str: ...
    @property
    def tool_call_id(self) -> str | None: ...
    @property
    def sent_calls(self) -> list[tuple[str, Mapping[str, object]]]: ...


@dataclass
class CallsFound:
    """The calls of each message, and the id of the call of each result, by the numbers of the messages."""

    calls: dict[int, list[ToolCall]] = field(default_factory=dict)
    results: dict[int, str] = field(default_factory=dict)

    def of(self, number: int) -> list[ToolCall]:
        return self.calls.get(number, [])

    @property
    def names(self) -> dict[str, str]:
        """Return the names of the called tools by the ids of their calls."""
        return {call.id: call.name for calls in self.calls.values() for call in calls}


def found_in(messages: Sequence[CallMessage], place: str) -> CallsFound:
    """Return the calls in `messages`. Raises InvalidError.

    A call without an id gets one, which its result then has too, if no other call was made with it: otherwise nobody
    could tell whose result it is.
    """
    found = CallsFound()
    made_up, count = "", 0
    for number, message in enumerate(messages):
        if message.role in RESULTS:
            found.results[number] = message.tool_call_id or made_up
        elif message.role in ("assistant", "user"):
            if message.role == "user" or messages[number - 1].role != "assistant":
                made_up, count = "", 0
            for where, call in message.sent_calls if message.role == "assistant" else ():
                param = f"{place}[{number}]{where}"
                identity, count = _id(call, param), count + 1
                if not identity:
                    identity = made_up = f"call_without_id_{number}"
                if made_up and count > 1:
                    raise _invalid(_field(param, "id", "call_id"), "calls need ids if there are several. Send them.")
                found.calls.setdefault(number, []).append(_call(identity, call, param))
    return found


def _id(call: Mapping[str, object], param: str) -> str:
    identity = call.get("id")
    if identity is not None and not isinstance(identity, str):
        raise _invalid(_field(param, "id", "call_id"), "it must be a text.", code="invalid_type")
    return identity or ""


def _call(identity: str, call: Mapping[str, object], param: str) -> ToolCall:
    function = call.get("function")
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(name, str) or not name.strip():
        raise _invalid(_field(param, "function.name", "name"), "a call needs the name of its function.")
    return ToolCall(identity, name, _arguments(function.get("arguments"), _field(param, "function.arguments")))


def _arguments(value: object, param: str) -> str:
    """Return the arguments as JSON text. Some clients send the object itself."""
    if value is None:
        return "{}"
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        raise _invalid(param, "it must be the JSON text of an object.", code="invalid_type")
    refuse_unusual(value, param)
    return json.dumps(value, ensure_ascii=False)


def _field(param: str, name: str, in_items: str = "") -> str:
    """Return the place of a call's field: an item of the Responses API has it itself, under another name."""
    if param.startswith("input["):
        return f"{param.partition(']')[0]}].{in_items or name.rpartition('.')[2]}"
    return f"{param}.{name}"


def _invalid(param: str, words: str, *, code: str = "invalid_value") -> InvalidError:
    return InvalidError(f"Invalid '{param}': {words}", code=code, param=param)
