"""Pure: what a program requires of an answer besides text."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from langai_site.outbound.abilities import Ability
from langai_site.outbound.lanes.requests import JsonFormat, Tool, ToolChoice

if TYPE_CHECKING:
    from langai_site.outbound.types import ChatMessage


@dataclass(frozen=True)
class Requirements:
    """The tools that the model may call, and the JSON format that its answer must have."""

    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = ""
    parallel_tool_calls: bool = True
    response_format: JsonFormat | None = None

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Return every text in the requirements that is sent. It is made once: large schemas take milliseconds."""
        return tuple(self._texts())

    def with_texts(self, change: Callable[[str], str]) -> "Requirements":
        """Return the requirements with every description and every text of a schema changed. Names stay."""
        tools = (
            replace(tool, description=change(tool.description), parameters=_changed(tool.parameters, change))
            for tool in self.tools
        )
        wanted = self.response_format
        if wanted and wanted.schema is not None:
            wanted = replace(wanted, schema=_changed(wanted.schema, change))
        return replace(self, tools=tuple(tools), response_format=wanted)

    def _texts(self) -> Iterator[str]:
        for tool in self.tools:
            yield tool.name
            yield tool.description
            yield _written(tool.parameters)
        if self.response_format:
            yield self.response_format.name
            yield _written(self.response_format.schema or {})


NONE = Requirements()


def _changed(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(key): _changed(inner, change) for key, inner in value.items()}
    return [_changed(inner, change) for inner in value] if isinstance(value, list) else value


def _written(schema: object) -> str:
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def needed(requirements: Requirements, messages: Iterable["ChatMessage"]) -> frozenset[Ability]:
    """Return the abilities that a model needs for a call."""
    found = set()
    if requirements.tools:
        found.add(Ability.TOOLS)
    if requirements.response_format:
        found.add(Ability.JSON)
    if any(message.pictures for message in messages):
        found.add(Ability.VISION)
    return frozenset(found)
