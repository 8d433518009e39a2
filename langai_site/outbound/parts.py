"""Pure: the parts of a message.

Files are referred to by their ids and never contain bytes, so that a message can be stored as JSON.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture. `file` is its id, the SHA-256 of its bytes; `media_type` is like image/png.

    `detail` is how closely a program wants it looked at, in OpenAI's words; empty: as the provider decides.
    """

    file: str
    media_type: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Thinking:
    """What a model thought before it answered.

    `signature` is what its provider needs to recognise the thought, or empty. It is opaque: it names its wire format,
    and only that format sends it back.
    """

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to use. `arguments` is JSON text, as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of the call `call_id`. `error`: the tool failed, and the parts say why."""

    call_id: str
    parts: "tuple[Text | Image, ...]"
    error: bool = False


Part = Text | Image | Thinking | ToolCall | ToolResult

# Between texts of one message that come from different parts.
BETWEEN = "\n\n"


def joined_text(parts: Iterable[Part]) -> str:
    """Return the text parts, separated by empty lines. Other parts do not count as text."""
    return BETWEEN.join(part.text for part in parts if isinstance(part, Text) and part.text.strip())


def all_texts(parts: Iterable[Part]) -> Iterator[str]:
    """Yield every text that is sent of these parts: thoughts with signatures, and calls and results with their ids."""
    for part in parts:
        match part:
            case Text(text):
                yield text
            case Thinking(text, signature):
                yield text
                yield signature
            case ToolCall(identity, name, arguments):
                yield from (identity, name, arguments)
            case ToolResult(call_id=identity, parts=inner):
                yield identity
                yield from all_texts(inner)


def pictures(parts: Iterable[Part]) -> Iterator[Image]:
    """Yield the pictures in these parts, including those in results of tools."""
    for part in parts:
        if isinstance(part, Image):
            yield part
        elif isinstance(part, ToolResult):
            yield from pictures(part.parts)
