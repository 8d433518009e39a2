"""Pure: instructions that say what a provider's format cannot demand."""

import json
from collections.abc import Sequence

from langai_site.outbound.lanes.requests import ForcedTool, JsonFormat, Request, Tool

ANY_OBJECT = "Answer with one JSON object and nothing else."


def json_answer(format_: JsonFormat | None) -> str:
    """Return the instruction to answer in this format; empty if there is none."""
    if format_ is None:
        return ""
    if format_.schema is None:
        return ANY_OBJECT
    schema = json.dumps(dict(format_.schema), ensure_ascii=False)
    return f"Answer with JSON of this schema and nothing else, once you need no more tools:\n{schema}"


def must_call(request: Request, offered: Sequence[Tool]) -> str:
    """Return the instruction to call one of the offered tools; empty if the model may choose to call none."""
    if not offered:
        return ""
    if isinstance(request.tool_choice, ForcedTool):
        return f"Call the tool {request.tool_choice.name}."
    return "Call one of the tools." if request.tool_choice == "required" else ""
