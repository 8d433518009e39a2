"""Pure: a call to a model, before and after it is put into a provider's format."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from langai_site.outbound.parts import Part

Role = Literal["system", "user", "assistant", "tool"]
# Returns the bytes of a stored file, by its id.
Load = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class WireMessage:
    """One message. Results of tools may be in a message of the role `tool` or `user`."""

    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model may call. `parameters` is a JSON schema of an object.

    `strict`: the arguments have to keep to it exactly, from providers that can promise that.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ForcedTool:
    """The choice of one tool that the model has to call."""

    name: str


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """The answer has to be JSON: of this schema, or any object if it is None."""

    schema: Mapping[str, Any] | None = field(default=None, hash=False)
    name: str = "answer"
    strict: bool = True


ToolChoice = Literal["", "auto", "none", "required"] | ForcedTool
# How long the model may think; empty: as long as its provider allows.
Effort = Literal["", "off", "low", "medium", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call, independent of any format.

    `model` is the provider's own name for it. `max_tokens` and `num_ctx`, the window for which an Ollama has to make
    room, are in tokens; `num_ctx` 0 leaves that to the server. `extra_body` is merged over the built body, and a value
    of None in it removes a field. `extra_headers` replace headers of the same name.
    """

    model: str
    messages: tuple[WireMessage, ...]
    max_tokens: int
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = ""
    parallel_tool_calls: bool = True
    response_format: JsonFormat | None = None
    thinking: Effort = ""
    extra_body: Mapping[str, Any] = field(default_factory=dict, hash=False)
    extra_headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    stream: bool = True
    key: str = field(default="", repr=False)
    num_ctx: int = 0


@dataclass(frozen=True, slots=True)
class WireRequest:
    """What to POST. `path` goes after the address of the provider's API; `body` is sent as JSON."""

    path: str
    headers: Mapping[str, str] = field(repr=False, hash=False)
    body: dict[str, Any] = field(repr=False, hash=False)


def no_files(file: str) -> bytes:
    """Stand in for `Load` if no message has a picture. Raises LookupError."""
    raise LookupError(f"file {file} cannot be read here")


def finished(request: Request, path: str, headers: Mapping[str, str], body: dict[str, Any]) -> WireRequest:
    """Return the built request with the extra fields and headers of `request`."""
    body = merged(body, request.extra_body)
    extra = {name.lower(): value for name, value in request.extra_headers.items()}
    names = {name: value for name, value in headers.items() if name.lower() not in extra}
    return WireRequest(path, {**names, **extra}, {name: value for name, value in body.items() if value is not None})


def merged(fields: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` with those of `extra` merged over them."""
    return {**fields, **{name: _merged(fields.get(name), value) for name, value in extra.items()}}


def _merged(built: object, extra: object) -> object:
    """Merge an object over the built one, field by field; any other value replaces it."""
    return {**built, **extra} if isinstance(built, dict) and isinstance(extra, Mapping) else extra
