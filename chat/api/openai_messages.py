"""Reads the messages of OpenAI's format, or refuses them with a reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from django.conf import settings
from pydantic import BaseModel

from chat.api.openai_content import Content, Picture, PictureUrl, picture_of, text_of
from langai_site.errors import InvalidError
from langai_site.outbound.parts import Part, Text, Thinking, ToolCall, ToolResult
from langai_site.outbound.types import ChatMessage, Role
from langai_site.web.api_lists import Listed

INSTRUCT = ("system", "developer")
# The roles of results that a client's tools have returned.
RESULTS = ("tool", "function")
PICTURES_MAX = 20


# Requests can have many messages: pydantic's own check takes a tenth of the time of ninja's.
class MessageIn(BaseModel):
    """The names of participants are ignored. `thinking_blocks` are thoughts from an earlier answer."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Content = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: Listed[Any] | None = None
    tool_call_id: str | None = None
    function_call: Any = None
    thinking_blocks: Listed[Any] | None = None

    @property
    def text(self) -> str:
        return text_of(self.content) or self.refusal or ""

    @property
    def has_pictures(self) -> bool:
        return any(isinstance(part, PictureUrl) for part in self.content or ())

    @property
    def calls(self) -> Iterator[ToolCall]:
        """Yield the tool calls of an assistant's message."""
        old = [{"function": self.function_call}] if self.function_call else []
        for call in (*old, *(self.tool_calls or ())):
            function = call.get("function") if isinstance(call, Mapping) else None
            if isinstance(function, Mapping):
                yield ToolCall(str(call.get("id")), str(function.get("name")), str(function.get("arguments")))

    @property
    def thoughts(self) -> Iterator[Thinking]:
        for block in self.thinking_blocks or ():
            if isinstance(block, Mapping):
                text, signature = block.get("thinking"), block.get("signature")
                yield Thinking(text if isinstance(text, str) else "", signature if isinstance(signature, str) else "")


@dataclass(frozen=True)
class Conversation:
    """What a program sent.

    `instructions` are added to our own. `after` are the tool calls since the question, with their results. `pictures`
    are those of the whole conversation, including the question's.
    """

    instructions: str
    history: tuple[ChatMessage, ...]
    question: ChatMessage
    after: tuple[ChatMessage, ...]
    pictures: tuple[Picture, ...]

    @property
    def files(self) -> dict[str, bytes]:
        """Return the bytes of all pictures by their ids."""
        return {picture.image.file: picture.data for picture in self.pictures}


def conversation(messages: Sequence[MessageIn], *, has_tools: bool = False, place: str = "messages") -> Conversation:
    """Return the conversation in `messages`. Raises InvalidError if one is too long, or if no question ends it.

    A model that is asked without tools knows no calls. So that it still knows their results, a call is then written as
    text of the assistant and its result as text of the user: both came with the program's request. `place` is the name
    of the field that they came in.
    """
    _refuse_long(messages, place)
    reading = _Reading(messages, has_tools, place)
    said = _said_so_far(messages)
    question = _question(messages, said, place)
    instructions = (message.text for message in messages if message.role in INSTRUCT)
    return Conversation(
        instructions="\n\n".join(text for text in instructions if text.strip()),
        history=tuple(reading.message(number) for number in said if number < question),
        question=reading.message(question),
        after=tuple(reading.message(number) for number in said if number > question),
        pictures=tuple(reading.pictures.values()),
    )


class _Reading:
    """Reads the messages of one request; `pictures` are those found so far, by their ids."""

    def __init__(self, messages: Sequence[MessageIn], has_tools: bool, place: str) -> None:
        self.pictures: dict[str, Picture] = {}
        self._messages, self._has_tools, self._place = messages, has_tools, place
        self._tools = {call.id: call.name for message in messages for call in message.calls}

    def message(self, number: int) -> ChatMessage:
        message = self._messages[number]
        if message.role in RESULTS:
            return self._result(number)
        said = self._content(number)
        if not self._has_tools:
            said += [Text(f"[Call of {call.name}: {call.arguments}]") for call in message.calls]
            return ChatMessage(cast(Role, message.role), (Text("\n".join(_texts(said))), *_others(said)))
        return ChatMessage(cast(Role, message.role), (*message.thoughts, *said, *message.calls))

    def _result(self, number: int) -> ChatMessage:
        message = self._messages[number]
        said = self._content(number)
        if self._has_tools and message.tool_call_id in self._tools:
            inner = tuple(part for part in said if not isinstance(part, Thinking | ToolCall | ToolResult))
            return ChatMessage("tool", (ToolResult(message.tool_call_id, inner),))
        tool = self._tools.get(message.tool_call_id or "") or message.name or "a tool"
        return ChatMessage("user", (Text(f"[Result of {tool}]\n{message.text}"), *_others(said)))

    def _content(self, number: int) -> list[Part]:
        message = self._messages[number]
        parts: list[Part] = [Text(message.text)] if message.text else []
        for at, part in enumerate(message.content or ()):
            if isinstance(part, PictureUrl):
                picture = picture_of(part, f"{self._place}[{number}].content[{at}].image_url")
                self.pictures[picture.image.file] = picture
                parts.append(picture.image)
        if len(self.pictures) > PICTURES_MAX:
            words = f"There are more than {PICTURES_MAX} pictures. Leave some out."
            raise _invalid(self._place, words, code="array_above_max_length")
        return parts


def _texts(parts: Sequence[Part]) -> list[str]:
    return [part.text for part in parts if isinstance(part, Text)]


def _others(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if not isinstance(part, Text)]


def _is_empty(message: MessageIn) -> bool:
    return not (message.text.strip() or message.has_pictures or message.role in RESULTS or any(message.calls))


def _said_so_far(messages: Sequence[MessageIn]) -> list[int]:
    """Return the indexes of all messages but instructions, up to the last that says anything.

    Some clients send empty messages at the end.
    """
    said = [number for number, message in enumerate(messages) if message.role not in INSTRUCT]
    last = next((number for number in reversed(said) if not _is_empty(messages[number])), -1)
    return [number for number in said if number <= last]


def _question(messages: Sequence[MessageIn], said: Sequence[int], place: str) -> int:
    """Return the index of the user's last message. The conversation must end with it, or with results of tools."""
    if said and messages[said[-1]].role in ("user", *RESULTS):
        asked = (number for number in reversed(said) if messages[number].role == "user")
        if (found := next((number for number in asked if not _is_empty(messages[number])), None)) is not None:
            return found
    last = len(messages) - 1
    if messages and messages[last].role == "user":
        raise _invalid(f"{place}[{last}].content", "The last message is empty. Write the question in it.")
    where = f"{place}[{said[-1]}].role" if said else place
    raise _invalid(where, "The conversation must end with a message of the user. Add the question.")


def _refuse_long(messages: Sequence[MessageIn], place: str) -> None:
    most = settings.API_MESSAGE_MAX_CHARS
    for number, message in enumerate(messages):
        if len(message.text) > most:
            words = (
                f"The text has {len(message.text):,} characters, and {most:,} are allowed. Shorten it, send it as "
                "several messages, or ask an admin to upload it as a document."
            )
            raise _invalid(f"{place}[{number}].content", words, code="string_above_max_length")


def _invalid(param: str, words: str, *, code: str = "invalid_value") -> InvalidError:
    return InvalidError(f"Invalid '{param}': {words[:1].lower()}{words[1:]}", code=code, param=param)
