"""Collects the tool calls of one answer, and hands out only those that a program can run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from langai_site.outbound import failures
from langai_site.outbound.lanes.events import ToolCallDelta
from langai_site.outbound.types import ChatCall


@dataclass(eq=False)
class _Call:
    """A call while it is written. `index` is its place among those that were handed out, if it was."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    index: int | None = None

    @property
    def is_blank(self) -> bool:
        return not (self.id or self.name or self.arguments)

    @property
    def is_complete(self) -> bool:
        """Return whether the arguments are complete JSON."""
        text = "".join(self.arguments).rstrip()
        if not text.endswith("}"):
            return False
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return False
        return True


class OfferedCalls:
    """The calls of one answer. A call is handed out once its id and its name are complete: when its arguments begin.

    Its first fragment then has both. An id that is missing or was used before is made up, because programs find the
    call of a result by it. Calls are handed out one after the other, and only the first if the program wants only one.
    A call of a tool that was not offered, or of none, fails the answer.
    """

    def __init__(self, call: ChatCall) -> None:
        self._model, requirements = call.model.display_name, call.requirements
        is_offered = requirements.tool_choice != "none"
        self._names = {tool.name for tool in requirements.tools} if is_offered else set()
        self._most = None if requirements.parallel_tool_calls else 1
        self._by_index: dict[int, _Call] = {}
        self._waiting: list[_Call] = []
        self._ids: set[str] = set()

    @property
    def has_any(self) -> bool:
        """Return whether a call was handed out."""
        return bool(self._ids)

    def take(self, fragment: ToolCallDelta) -> ToolCallDelta | None:
        """Return what the fragment adds to the calls that were handed out. Raises ProviderError."""
        if not self._names:
            return None
        call = self._by_index.get(fragment.index)
        if call is None or self._begins_another(call, fragment):
            call = self._by_index[fragment.index] = _Call()
            self._waiting.append(call)
        if fragment.arguments:
            call.arguments.append(fragment.arguments)
        if call.index is not None:
            return ToolCallDelta(call.index, "", "", fragment.arguments) if fragment.arguments else None
        call.id = call.id or fragment.id
        call.name = self._name(call.name, fragment.name)
        is_next = call is self._waiting[0] and not self._has_enough
        return self._handed_out(call) if is_next and call.name and call.arguments else None

    def rest(self, *, cut: bool) -> Iterator[ToolCallDelta]:
        """Yield the calls that are still waiting. `cut`: the last name may be incomplete. Raises ProviderError."""
        for call in tuple(self._waiting):
            if self._has_enough:
                return
            if not (call.is_blank or (cut and call.name not in self._names)):
                yield self._handed_out(call)

    @property
    def _has_enough(self) -> bool:
        return self._most is not None and len(self._ids) >= self._most

    def _handed_out(self, call: _Call) -> ToolCallDelta:
        if call.name not in self._names:
            raise failures.failure("tool_call", self._model)
        self._waiting.remove(call)
        call.index = len(self._ids)
        identity = call.id if call.id and call.id not in self._ids else f"call_{uuid4().hex}"
        self._ids.add(identity)
        return ToolCallDelta(call.index, identity, call.name, "".join(call.arguments))

    def _name(self, known: str, more: str) -> str:
        """Return the name with a fragment added, unless the server repeats the whole name."""
        if not more or more == known:
            return known
        return more if more in self._names and known + more not in self._names else known + more

    def _begins_another(self, call: _Call, fragment: ToolCallDelta) -> bool:
        """Return whether the fragment begins a call of its own: some servers give all calls one index and no ids."""
        if not (fragment.name and call.name) or (fragment.id and fragment.id == call.id):
            return False
        if not call.arguments:
            both = call.name in self._names and fragment.name in self._names
            return both and call.name != fragment.name and call.name + fragment.name not in self._names
        if fragment.name != call.name:
            return True
        return fragment.arguments.lstrip().startswith("{") and call.is_complete
