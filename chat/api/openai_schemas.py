"""OpenAI's formats, as far as they are understood here: what cannot be done is refused, what tunes is passed over."""

from typing import Any, Literal, cast

from django.conf import settings
from ninja import Field, Schema
from pydantic import BaseModel

from chat.api.stateless import Said
from chat.conversations import drafts
from langai_site.errors import InvalidError, UnreadableError
from langai_site.outbound.types import ChatMessage, Role
from langai_site.web.api_lists import Listed
from langai_site.web.labelled_body import LabelledBody

INSTRUCT = ("system", "developer")


# Many of these come at once: pydantic's own check takes a tenth of the time of ninja's.
class TextPart(BaseModel):
    type: Literal["text"]
    text: str


class MessageIn(BaseModel):
    """Text only: neither images nor calls of tools."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | Listed[TextPart] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(Schema):
    include_usage: bool = False


class ResponseFormat(Schema):
    type: Literal["text"] = "text"


class Completion(LabelledBody):
    """A conversation so far; the last message is the question."""

    model: str = Field(min_length=1, max_length=200, description="`auto`, or an id of GET /v1/models.")
    messages: Listed[MessageIn] = Field(min_length=1, max_length=1000)
    stream: bool = False
    stream_options: StreamOptions | None = None
    stop: str | Listed[str] | None = Field(None, description="Up to four texts at which the answer ends.")
    temperature: float | None = Field(None, ge=0, le=settings.TEMPERATURE_MAX, allow_inf_nan=False)
    max_tokens: int | None = Field(None, ge=1, le=settings.ANSWER_MAX_TOKENS)
    max_completion_tokens: int | None = Field(None, ge=1, le=settings.ANSWER_MAX_TOKENS)
    n: Literal[1] | None = None
    tools: list[Any] | None = Field(None, max_length=0)
    functions: list[Any] | None = Field(None, max_length=0)
    response_format: ResponseFormat | None = None
    metadata: dict[str, Any] | None = Field(
        None, description="`sensitivity`: a label; `collections`: none, all, or ids with commas."
    )


class CompletionMessage(Schema):
    role: Literal["assistant"] = "assistant"
    content: str


class Choice(Schema):
    index: int = 0
    message: CompletionMessage
    finish_reason: Literal["stop", "length"]
    logprobs: None = None


class TokenUsage(Schema):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class PassageRef(Schema):
    """The passage that a number in the answer stands for."""

    number: int
    title: str
    location: str
    url: str


class Extra(Schema):
    """What LangAI says beyond OpenAI's format."""

    citations: list[PassageRef]
    receipt: dict[str, Any]


class CompletionOut(Schema):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: TokenUsage
    langai: Extra


class ModelOut(Schema):
    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str


class ModelList(Schema):
    object: Literal["list"] = "list"
    data: list[ModelOut]


def said_of(body: Completion, sensitivity: str, collections: str) -> Said:
    """Return what the program asks; the two strings are its headers. Raises InvalidError, UnreadableError."""
    # Programs send empty messages for answers that failed.
    with_text = [message for message in body.messages if message.text.strip()]
    said = [message for message in with_text if message.role not in INSTRUCT]
    if not said or said[-1].role != "user":
        raise UnreadableError("messages: the last one that has text must be the user's.")
    metadata = body.metadata or {}
    return Said(
        text=said[-1].text,
        said=tuple(ChatMessage(cast(Role, message.role), message.text) for message in said[:-1]),
        instructions="\n\n".join(message.text for message in with_text if message.role in INSTRUCT),
        model=body.model,
        label=body.label(sensitivity),
        options=drafts.Options(temperature=body.temperature, max_tokens=body.max_completion_tokens or body.max_tokens),
        collections=_collections(collections or str(metadata.get("collections") or "")),
        stops=_stops(body.stop),
    )


def _collections(text: str) -> list[str]:
    return [part.strip().lower() for part in text.split(",") if part.strip()]


def _stops(given: str | list[str] | None) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else given or []
    if len(texts) > 4 or not all(0 < len(text) <= 200 for text in texts):
        raise InvalidError("stop: give up to four texts of 1 to 200 characters.")
    return tuple(texts)
