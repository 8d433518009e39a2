"""Reads the tools and the answer format that an OpenAI client requests."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chat.api.json_values import refuse_unusual
from langai_site.errors import InvalidError
from langai_site.outbound.lanes.requests import ForcedTool, JsonFormat, Tool, ToolChoice
from langai_site.outbound.requirements import Requirements

TOOLS_MAX = 128
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
MODES = ("auto", "required")
# Other providers say “any” for “required”, and some clients send each of them in an object.
CHOICES: dict[str, ToolChoice] = {"auto": "auto", "none": "none", "required": "required", "any": "required"}


def requirements(
    tools: Sequence[Any], choice: object, *, parallel: bool | None, response_format: object
) -> Requirements:
    """Return what the request requires besides text. Raises InvalidError."""
    if len(tools) > TOOLS_MAX:
        words = f"there are {len(tools)} tools, and {TOOLS_MAX} are allowed. Leave some out."
        raise _invalid("tools", words, code="array_above_max_length")
    refuse_unusual(choice, "tool_choice")
    refuse_unusual(response_format, "response_format")
    offered = tuple(_tool(tool, f"tools[{number}]") for number, tool in enumerate(tools))
    _refuse_equal(offered)
    if isinstance(choice, Mapping) and choice.get("type") == "allowed_tools":
        offered, choice = _allowed(choice, offered)
    return Requirements(
        tools=offered,
        tool_choice=_choice(choice, {tool.name for tool in offered}),
        parallel_tool_calls=parallel is not False,
        response_format=_format(response_format),
    )


def _refuse_equal(tools: Sequence[Tool]) -> None:
    """Refuse two tools of one name: nobody could tell which of them is called."""
    known: set[str] = set()
    for number, tool in enumerate(tools):
        if tool.name in known:
            raise _invalid(f"tools[{number}].name", f"another tool is named “{tool.name}” too. Rename one of them.")
        known.add(tool.name)


def _tool(tool: object, place: str) -> Tool:
    """Return a tool of either API: its fields are under `function`, or beside `type`."""
    refuse_unusual(tool, place)
    kind = tool.get("type", "function" if "function" in tool else None) if isinstance(tool, Mapping) else None
    if not isinstance(tool, Mapping) or kind != "function":
        words = 'only functions can be called. Send {"type": "function", "function": {"name": "…"}}.'
        raise _invalid(f"{place}.type", words, code="unsupported_value")
    function = tool.get("function", tool)
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(name, str) or not NAME.fullmatch(name):
        raise _invalid(f"{place}.name", "a name has 1 to 64 letters, digits, dashes or underscores.")
    parameters = function.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        raise _invalid(f"{place}.parameters", "it must be a JSON schema of an object.", code="invalid_type")
    description = function.get("description") or ""
    if not isinstance(description, str):
        raise _invalid(f"{place}.description", "it must be a text.", code="invalid_type")
    return Tool(name, description, parameters, strict=function.get("strict") is True)


def _allowed(choice: Mapping[str, Any], offered: Sequence[Tool]) -> tuple[tuple[Tool, ...], object]:
    """Return the tools that may be called now, and whether one must be: no format but OpenAI's can say both.

    The fields are under `allowed_tools`, or beside `type`.
    """
    given = choice.get("allowed_tools", choice)
    listed = given.get("tools") if isinstance(given, Mapping) else None
    mode = given.get("mode") if isinstance(given, Mapping) else None
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed) or mode not in MODES:
        raise _invalid("tool_choice", "allowed tools need a mode, “auto” or “required”, and a list `tools`.")
    names = {_choice(tool, {known.name for known in offered}) for tool in listed}
    return tuple(tool for tool in offered if ForcedTool(tool.name) in names), mode


def _choice(choice: object, names: set[str]) -> ToolChoice:
    if choice is None:
        return ""
    word = choice.get("type") if isinstance(choice, Mapping) else choice
    if isinstance(word, str) and word in CHOICES:
        if CHOICES[word] == "required" and not names:
            raise _invalid("tool_choice", "there are no tools to choose from. Send `tools` as well.")
        return CHOICES[word]
    function = choice.get("function", choice) if isinstance(choice, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    if isinstance(name, str) and name in names:
        return ForcedTool(name)
    raise _invalid("tool_choice", "send “auto”, “none”, “required”, or one of the functions in `tools`.")


def _format(value: object) -> JsonFormat | None:
    """Return the requested JSON format; None for text. A schema's fields may be in `json_schema` or beside it."""
    kind = value.get("type") if isinstance(value, Mapping) else value
    if kind in (None, "text"):
        return None
    if kind == "json_object":
        return JsonFormat()
    if not isinstance(value, Mapping) or kind != "json_schema":
        raise _invalid("response_format", 'send {"type": "text"}, “json_object” or “json_schema”.')
    given = value.get("json_schema", value)
    schema = given.get("schema") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or not isinstance(schema, Mapping):
        raise _invalid("response_format.json_schema", "send a JSON schema in `schema`.", code="invalid_type")
    name = given.get("name")
    return JsonFormat(
        schema, name if isinstance(name, str) and NAME.fullmatch(name) else "answer", bool(given.get("strict"))
    )


def _invalid(param: str, words: str, *, code: str = "invalid_value") -> InvalidError:
    return InvalidError(f"Invalid '{param}': {words}", code=code, param=param)
