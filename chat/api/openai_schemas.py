"""OpenAI's formats, as far as LangAI understands them."""

from datetime import date
from typing import Any, Literal

from ninja import Field, Schema
from pydantic import SerializerFunctionWrapHandler, model_serializer

from chat.api import openai_messages, openai_parameters, openai_tools
from chat.api.openai_messages import MessageIn
from chat.api.openai_parameters import Parameters
from chat.api.stateless_answer import StatelessRequest
from langai_site.web.api_lists import Listed


class Completion(Parameters):
    """A conversation so far; the last message is the question."""

    model: str = Field(min_length=1, max_length=200, description="`auto`, or an id of GET /v1/models.")
    messages: Listed[MessageIn] = Field(min_length=1, max_length=1000)
    metadata: dict[str, Any] | None = Field(
        None, description="`sensitivity`: a label; `collections`: none, all, or ids with commas."
    )


class FunctionCall(Schema):
    name: str
    arguments: str = Field(description="JSON text, as the model wrote it.")


class ToolCallOut(Schema):
    id: str
    type: Literal["function"] = "function"
    function: FunctionCall


class ThinkingBlock(Schema):
    """A signed thought. Send it back unchanged with the results of the tools: some providers demand it."""

    type: Literal["thinking"] = "thinking"
    thinking: str
    signature: str


FOR_TOOLS = ("tool_calls", "thinking_blocks")


class CompletionMessage(Schema):
    role: Literal["assistant"] = "assistant"
    content: str | None = Field(description="null if the model only calls tools.")
    reasoning_content: str | None = Field(None, description="The model's thoughts, if it reports them.")
    tool_calls: list[ToolCallOut] | None = None
    thinking_blocks: list[ThinkingBlock] | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the fields for tools if none is called, as OpenAI does."""
        written: dict[str, Any] = handler(self)
        return {name: value for name, value in written.items() if value is not None or name not in FOR_TOOLS}


class Choice(Schema):
    index: int = 0
    message: CompletionMessage
    finish_reason: Literal["stop", "length", "tool_calls"]
    logprobs: None = None


class OutputTokens(Schema):
    reasoning_tokens: int


class InputTokens(Schema):
    cached_tokens: int


class TokenUsage(Schema):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: InputTokens | None = Field(None, description="If the provider read some from its cache.")
    completion_tokens_details: OutputTokens | None = Field(None, description="If the provider counts them.")


class PassageRef(Schema):
    """The passage that a number in the answer stands for. `dated` is the day on which its version was added."""

    number: int
    title: str
    location: str
    dated: date | None
    url: str


class Extra(Schema):
    """LangAI's additions to OpenAI's format."""

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


def stateless_request(body: Completion, sensitivity: str, collections: str) -> StatelessRequest:
    """Return what the program sent; the two strings are its headers. Raises InvalidError."""
    openai_parameters.refuse_unsupported(body)
    given = openai_messages.conversation(body.messages, has_tools=bool(body.tools))
    metadata = body.metadata or {}
    return StatelessRequest(
        text=given.question.text,
        said=given.history,
        instructions=given.instructions,
        pictures=given.question.pictures,
        files=given.files,
        sent_files=given.sent_files,
        after=given.after,
        requirements=openai_tools.requirements(
            body.tools or (),
            body.tool_choice,
            parallel=body.parallel_tool_calls,
            response_format=body.response_format,
        ),
        model=body.model,
        label=body.label(sensitivity),
        options=openai_parameters.options(body),
        parameters=openai_parameters.tuning(body),
        collections=collection_ids(collections or str(metadata.get("collections") or "")),
        stops=openai_parameters.stops(body),
    )


def collection_ids(text: str) -> list[str]:
    """Return the collections that a program names, separated by commas."""
    return [part.strip().lower() for part in text.split(",") if part.strip()]
