"""Reads the messages of OpenAI's format as text, or refuses them with a reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from django.conf import settings
from pydantic import BaseModel, BeforeValidator
from pydantic_core import PydanticCustomError

from langai_site.errors import InvalidError
from langai_site.outbound.types import ChatMessage, Role
from langai_site.web.api_lists import Listed

INSTRUCT = ("system", "developer")
# The roles of results that a client's tools have returned.
RESULTS = ("tool", "function")
PICTURES = ("image_url", "input_audio", "file")


class TextPart(BaseModel):
    type: Literal["text"]
    text: str


def _text(content: object) -> str | None:
    """Return `content`, which may be a list of parts, as text. Raises PydanticCustomError with an OpenAI code."""
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise PydanticCustomError("invalid_type", "A message's content must be a text or a list of text parts.")
    return "".join(_part(part, number) for number, part in enumerate(content, start=1))


def _part(part: object, number: int) -> str:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if isinstance(part, Mapping) and kind in ("text", "refusal") and isinstance(part.get(kind), str):
        return cast(str, part[kind])
    where: dict[str, Any] = {"number": number}
    if kind in PICTURES:
        words = "Part {number} of the content is a picture, a sound or a file. LangAI reads only text parts here."
        raise PydanticCustomError("unsupported_value", words, where)
    words = 'Part {number} of the content is not a text part. Send {"type": "text", "text": "…"}.'
    raise PydanticCustomError("invalid_value", words, where)


Content = Annotated[str | None, BeforeValidator(_text, json_schema_input_type=str | list[TextPart] | None)]


# Requests can have many messages: pydantic's own check takes a tenth of the time of ninja's.
class MessageIn(BaseModel):
    """Text only. The names of participants are ignored; calls of tools and their results are read as text."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Content = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: Listed[Any] | None = None
    tool_call_id: str | None = None
    function_call: Any = None

    @property
    def text(self) -> str:
        return self.content or self.refusal or ""

    @property
    def calls(self) -> Iterator[tuple[str, str, str]]:
        """Yield the id, the tool and the arguments of each call that an assistant made."""
        old = [{"function": self.function_call}] if self.function_call else []
        for call in (*old, *(self.tool_calls or ())):
            function = call.get("function") if isinstance(call, Mapping) else None
            if isinstance(function, Mapping):
                yield str(call.get("id")), str(function.get("name")), str(function.get("arguments"))


@dataclass(frozen=True)
class Conversation:
    """A program's messages as text: what it adds to our own instructions, the history, and the question."""

    instructions: str
    history: tuple[ChatMessage, ...]
    question: str


def conversation(messages: Sequence[MessageIn]) -> Conversation:
    """Return the conversation in `messages`. Raises InvalidError if one is too long, or if no question ends it.

    A model that is asked without tools knows no calls. So that it still knows their results, a call is written as text
    of the assistant and its result as text of the user: both came with the program's request.
    """
    _refuse_long(messages)
    tools = {id_: tool for message in messages for id_, tool, _ in message.calls}
    said = _said_so_far(messages)
    instructions = (message.text for message in messages if message.role in INSTRUCT)
    return Conversation(
        instructions="\n\n".join(text for text in instructions if text.strip()),
        history=tuple(_said(messages[number], tools) for number in said[:-1]),
        question=_question(messages, said),
    )


def _said_so_far(messages: Sequence[MessageIn]) -> list[int]:
    """Return the indexes of all messages but instructions, up to the last with text: some end with empty ones."""
    said = [number for number, message in enumerate(messages) if message.role not in INSTRUCT]
    last = next((number for number in reversed(said) if _said(messages[number], {}).text.strip()), -1)
    return [number for number in said if number <= last]


def _said(message: MessageIn, tools: Mapping[str, str]) -> ChatMessage:
    if message.role in RESULTS:
        tool = tools.get(message.tool_call_id or "") or message.name or "a tool"
        return ChatMessage("user", f"[Result of {tool}]\n{message.text}")
    calls = (f"[Call of {tool}: {arguments}]" for _, tool, arguments in message.calls)
    return ChatMessage(cast(Role, message.role), "\n".join(filter(None, (message.text, *calls))))


def _question(messages: Sequence[MessageIn], said: Sequence[int]) -> str:
    """Return the text of the last message, which must be the user's. Raises InvalidError."""
    if said and messages[said[-1]].role == "user":
        return messages[said[-1]].text
    last = len(messages) - 1
    if messages and messages[last].role == "user":
        raise _invalid(f"messages[{last}].content", "The last message is empty. Write the question in it.")
    where = f"messages[{said[-1]}].role" if said else "messages"
    raise _invalid(where, "The conversation must end with a message of the user. Add the question.")


def _refuse_long(messages: Sequence[MessageIn]) -> None:
    most = settings.API_MESSAGE_MAX_CHARS
    for number, message in enumerate(messages):
        if len(message.text) > most:
            words = (
                f"The text has {len(message.text):,} characters, and {most:,} are allowed. Shorten it, send it as "
                "several messages, or ask an admin to upload it as a document."
            )
            raise _invalid(f"messages[{number}].content", words, code="string_above_max_length")


def _invalid(param: str, words: str, *, code: str = "invalid_value") -> InvalidError:
    return InvalidError(f"Invalid '{param}': {words[:1].lower()}{words[1:]}", code=code, param=param)
