"""Pure: what a program requires of an answer besides text."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

    def texts(self) -> Iterator[str]:
        """Yield every text in the requirements that the model reads."""
        for tool in self.tools:
            yield tool.name
            yield tool.description
            yield _written(tool.parameters)
        if self.response_format and self.response_format.schema is not None:
            yield _written(self.response_format.schema)


NONE = Requirements()


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
