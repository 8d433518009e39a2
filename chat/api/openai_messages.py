"""Reads the messages of OpenAI's format, or refuses them with a reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from django.conf import settings
from pydantic import BaseModel

from chat.api import openai_calls
from chat.api.openai_calls import RESULTS
from chat.api.openai_content import Content, PictureUrl, SentFile, SentPicture, picture_of, text_of
from langai_site.errors import InvalidError
from langai_site.outbound.parts import Image, Part, Text, Thinking, ToolResult
from langai_site.outbound.types import ChatMessage, Role
from langai_site.web.api_lists import Listed

INSTRUCT = ("system", "developer")
PICTURES_MAX, FILES_MAX = 20, 20


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
    def sent_calls(self) -> list[tuple[str, Mapping[str, object]]]:
        """Return the tool calls of an assistant's message as they were sent, each with its place in the message."""
        old = [("", {"function": self.function_call})] if self.function_call else []
        calls = enumerate(self.tool_calls or ())
        return [*old, *((f".tool_calls[{at}]", call) for at, call in calls if isinstance(call, Mapping))]

    @property
    def thoughts(self) -> Iterator[Thinking]:
        for block in self.thinking_blocks or ():
            if isinstance(block, Mapping):
                text, signature = block.get("thinking"), block.get("signature")
                yield Thinking(text if isinstance(text, str) else "", signature if isinstance(signature, str) else "")


@dataclass(frozen=True)
class PlacedFile:
    """A file that a program sent, with the place where it stands. `with_question`: it came with the question."""

    file: SentFile
    param: str
    with_question: bool


@dataclass(frozen=True)
class SentConversation:
    """What a program sent.

    `instructions` are added to our own. `question` is a text with the pictures after it. `after` are what follows it in
    the same message, and the tool calls since, with their results. `pictures` are those of the whole conversation,
    including the question's, and so are the files in `sent_files`.
    """

    instructions: str
    history: tuple[ChatMessage, ...]
    question: ChatMessage
    after: tuple[ChatMessage, ...]
    pictures: tuple[SentPicture, ...]
    sent_files: tuple[PlacedFile, ...] = ()

    @property
    def files(self) -> dict[str, bytes]:
        """Return the bytes of all pictures by their ids."""
        return {picture.image.file: picture.data for picture in self.pictures}


def conversation(
    messages: Sequence[MessageIn], *, has_tools: bool = False, place: str = "messages"
) -> SentConversation:
    """Return the conversation in `messages`. Raises InvalidError if one is too long, or if no question ends it.

    A model that is asked without tools knows no calls. So that it still knows their results, a call is then written as
    text of the assistant and its result as text of the user: both came with the program's request. `place` is the name
    of the field that they came in.
    """
    _refuse_long(messages, place)
    _refuse_pictures(messages, place)
    reading = _Reading(messages, has_tools, place)
    said = _said_so_far(messages)
    number = _question(messages, said, place)
    before, question, after = _split(reading.message(number))
    instructions = (message.text for message in messages if message.role in INSTRUCT)
    return SentConversation(
        instructions="\n\n".join(text for text in instructions if text.strip()),
        history=(*(reading.message(earlier) for earlier in said if earlier < number), *before),
        question=question,
        after=(*after, *(reading.message(later) for later in said if later > number)),
        pictures=tuple(reading.pictures.values()),
        sent_files=_files(messages, place, number),
    )


class _Reading:
    """Reads the messages of one request; `pictures` are those found so far, by their ids."""

    def __init__(self, messages: Sequence[MessageIn], has_tools: bool, place: str) -> None:
        self.pictures: dict[str, SentPicture] = {}
        self._messages, self._has_tools, self._place = messages, has_tools, place
        self._calls = openai_calls.found_in(messages, place)
        self._tools = self._calls.names

    def message(self, number: int) -> ChatMessage:
        message = self._messages[number]
        if message.role in RESULTS:
            return self._result(number)
        said, calls = self._content(number), self._calls.of(number)
        if self._has_tools:
            return ChatMessage(cast(Role, message.role), (*message.thoughts, *said, *calls))
        if calls:
            words = [*_texts(said), *(f"[Call of {call.name}: {call.arguments}]" for call in calls)]
            said = [Text("\n".join(words))]
        return ChatMessage(cast(Role, message.role), tuple(said))

    def _result(self, number: int) -> ChatMessage:
        message, call_id = self._messages[number], self._calls.results[number]
        said = self._content(number)
        if self._has_tools and call_id in self._tools:
            return ChatMessage("tool", (ToolResult(call_id, tuple(said)),))
        tool = self._tools.get(call_id) or message.name or "a tool"
        first, others = (said[0].text, said[1:]) if said and isinstance(said[0], Text) else ("", said)
        return ChatMessage("user", (Text(f"[Result of {tool}]\n{first}"), *others))

    def _content(self, number: int) -> list[Text | Image]:
        """Return the texts and pictures of a message in their order. Neighbouring texts are joined."""
        message = self._messages[number]
        if not message.has_pictures:
            return [Text(message.text)] if message.text else []
        parts: list[Text | Image] = []
        for at, part in enumerate(message.content or ()):
            if isinstance(part, PictureUrl):
                picture = picture_of(part, _place_of(self._place, number, at))
                self.pictures[picture.image.file] = picture
                parts.append(picture.image)
            elif isinstance(part, SentFile):
                # It is given before the history, as files of conversations are.
                continue
            elif parts and isinstance(parts[-1], Text):
                parts[-1] = Text(parts[-1].text + part)
            elif part:
                parts.append(Text(part))
        return parts


def _texts(parts: Iterable[Part]) -> list[str]:
    return [part.text for part in parts if isinstance(part, Text)]


def _split(message: ChatMessage) -> tuple[Sequence[ChatMessage], ChatMessage, Sequence[ChatMessage]]:
    """Return the question in a message, which is its longest text with the pictures after it, and what surrounds it.

    A prompt has its passages before the question and the pictures behind it. So that all stay in their order, the other
    parts become messages of their own, which a prompt joins again.
    """
    parts = message.parts
    sizes = [len(part.text.strip()) if isinstance(part, Text) else 0 for part in parts]
    if not any(sizes):
        return (), message, ()
    first = sizes.index(max(sizes))
    following = (at for at in range(first + 1, len(parts)) if isinstance(parts[at], Text))
    last = next(following, len(parts))
    before, after = parts[:first], parts[last:]
    question = ChatMessage(message.role, parts[first:last])
    return _message_of(message, before), question, _message_of(message, after)


def _message_of(message: ChatMessage, parts: tuple[Part, ...]) -> Sequence[ChatMessage]:
    return (ChatMessage(message.role, parts),) if parts else ()


def _is_empty(message: MessageIn) -> bool:
    return not (message.text.strip() or message.has_pictures or message.role in RESULTS or message.sent_calls)


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


def _refuse_pictures(messages: Sequence[MessageIn], place: str) -> None:
    """Refuse pictures where no model can see them, and too many. One that was sent twice counts twice."""
    count = 0
    for number, message in enumerate(messages):
        found = [at for at, part in enumerate(message.content or ()) if isinstance(part, PictureUrl)]
        if found and message.role in (*INSTRUCT, "assistant"):
            words = f"Pictures cannot be in a message of the role “{message.role}”. Send them as the user."
            raise _invalid(_place_of(place, number, found[0]), words)
        count += len(found)
    if count > PICTURES_MAX:
        words = f"There are {count} pictures, and {PICTURES_MAX} are allowed. Leave some out."
        raise _invalid(place, words, code="array_above_max_length")


def _files(messages: Sequence[MessageIn], place: str, question: int) -> tuple[PlacedFile, ...]:
    """Return the files of all messages in their order. Raises InvalidError for those of others than the user."""
    found: list[PlacedFile] = []
    for number, message in enumerate(messages):
        for at, part in enumerate(message.content or ()):
            if isinstance(part, SentFile):
                param = f"{place}[{number}].content[{at}]"
                if message.role != "user":
                    words = f"Files cannot be in a message of the role “{message.role}”. Send them as the user."
                    raise _invalid(param, words)
                found.append(PlacedFile(part, param, number >= question))
    if len(found) > FILES_MAX:
        words = f"There are {len(found)} files, and {FILES_MAX} are allowed. Leave some out."
        raise _invalid(place, words, code="array_above_max_length")
    return tuple(found)


def _place_of(place: str, number: int, at: int) -> str:
    return f"{place}[{number}].content[{at}].image_url"


def _invalid(param: str, words: str, *, code: str = "invalid_value") -> InvalidError:
    return InvalidError(f"Invalid '{param}': {words[:1].lower()}{words[1:]}", code=code, param=param)
