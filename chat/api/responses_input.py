"""Reads the body of a request to OpenAI's Responses API as a turn. Each item of its input becomes one message."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from ninja import Field
from pydantic import ValidationError

from chat.api import openai_messages, openai_tools
from chat.api.json_values import refuse_unusual
from chat.api.openai_messages import MessageIn
from chat.api.openai_parameters import UnsupportedParameterError
from chat.api.openai_schemas import collection_ids
from chat.api.stateless_answer import StatelessRequest
from chat.conversations import drafts
from langai_site.errors import InvalidError
from langai_site.outbound.types import Parameter
from langai_site.web.api_lists import Listed
from langai_site.web.labelled_body import LabelledBody

MESSAGE, CALL, RESULT, REASONING = "message", "function_call", "function_call_output", "reasoning"
ITEMS_MAX = 1000
WHOLE = "LangAI keeps no responses. Send the whole conversation as `input`."
# Parameters that would change the answer, and why they are not supported.
UNSUPPORTED = {
    "previous_response_id": WHOLE,
    "conversation": WHOLE,
    "background": "An answer belongs to its request. Leave it out.",
    "prompt": "LangAI knows no stored prompts. Send the text as `instructions`.",
    "max_tool_calls": "Your program runs the tools, so it can count them. Leave it out.",
    "top_logprobs": "LangAI does not know the probabilities of tokens. Leave it out.",
}


class ResponseIn(LabelledBody):
    """A conversation so far, ending with a question. OpenAI's other fields, such as `store`, are ignored."""

    model: str = Field(min_length=1, max_length=200, description="`auto`, or an id of GET /v1/models.")
    input: str | Listed[Any] = Field(description="A text, or messages, function calls and their outputs.")
    instructions: str | None = None
    stream: bool | None = False
    temperature: float | None = Field(None, ge=0, le=settings.TEMPERATURE_MAX, allow_inf_nan=False)
    top_p: float | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    max_output_tokens: int | None = Field(None, ge=1, description="Above ANSWER_MAX_TOKENS it is lowered to that.")
    tools: Listed[Any] | None = Field(None, description="Functions that the model may call. Your program runs them.")
    tool_choice: Any = Field(None, description="“auto”, “none”, “required”, or one of the functions.")
    parallel_tool_calls: bool | None = None
    text: dict[str, Any] | None = Field(None, description="`format`: `text`, `json_object` or `json_schema`.")
    previous_response_id: str | None = Field(None, description="Not supported: leave it out.")
    conversation: Any = Field(None, description="Not supported: leave it out.")
    background: bool | None = Field(None, description="Only false is supported.")
    prompt: Any = Field(None, description="Not supported: leave it out.")
    max_tool_calls: int | None = Field(None, description="Not supported: leave it out.")
    top_logprobs: int | None = Field(None, description="Only 0 is supported.")


def stateless_request(body: ResponseIn, sensitivity: str, collections: str) -> StatelessRequest:
    """Return the program's request. The two strings are its headers. Raises InvalidError."""
    for name, advice in UNSUPPORTED.items():
        if getattr(body, name):
            raise UnsupportedParameterError(f"Unsupported parameter: '{name}'. {advice}", param=name)
    for name in ("text", "metadata"):
        # The response repeats them.
        refuse_unusual(getattr(body, name), name)
    items = [{"role": "user", "content": body.input}] if isinstance(body.input, str) else body.input
    if len(items) > ITEMS_MAX:
        words = f"there are {len(items):,} items, and {ITEMS_MAX:,} are allowed. Leave out the oldest."
        raise _invalid("input", words, code="array_above_max_length")
    messages = [_message(item, number) for number, item in enumerate(items)]
    given = openai_messages.conversation(messages, has_tools=bool(body.tools), place="input")
    metadata = body.metadata or {}
    tuning: dict[str, Parameter] = {} if body.top_p in (None, 1) else {"top_p": float(body.top_p or 0)}
    return StatelessRequest(
        text=given.question.text,
        said=given.history,
        instructions="\n\n".join(filter(None, (body.instructions, given.instructions))),
        pictures=given.question.pictures,
        files=given.files,
        sent_files=given.sent_files,
        after=given.after,
        requirements=openai_tools.requirements(
            body.tools or (),
            body.tool_choice,
            parallel=body.parallel_tool_calls,
            response_format=(body.text or {}).get("format"),
        ),
        model=body.model,
        label=body.label(sensitivity),
        options=drafts.Options(temperature=body.temperature, max_tokens=drafts.lowered(body.max_output_tokens)),
        parameters=tuning,
        collections=collection_ids(collections or str(metadata.get("collections") or "")),
    )


def _message(item: object, number: int) -> MessageIn:
    """Return an item as a message of the chat format. Raises InvalidError."""
    kind = item.get("type", MESSAGE) if isinstance(item, Mapping) else None
    if not isinstance(item, Mapping) or kind not in (MESSAGE, CALL, RESULT, REASONING):
        words = "it is not a message, a function call, the output of one, or reasoning."
        raise _invalid(f"input[{number}]", words)
    try:
        return MessageIn.model_validate(_as_message(item, str(kind), number))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "content"
        raise _invalid(f"input[{number}].{field}", str(first["msg"]).rstrip(".") + ".") from None


def _as_message(item: Mapping[str, Any], kind: str, number: int) -> dict[str, Any]:
    if kind == CALL:
        function = {"name": item.get("name"), "arguments": item.get("arguments")}
        return {"role": "assistant", "tool_calls": [{"id": item.get("call_id"), "function": function}]}
    if kind == RESULT:
        return {"role": "tool", "tool_call_id": item.get("call_id"), "content": item.get("output")}
    if kind == REASONING:
        summary = item.get("summary") or []
        if not isinstance(summary, list):
            raise _invalid(f"input[{number}].summary", "it must be a list of texts.", code="invalid_type")
        words = [str(part.get("text", "")) for part in summary if isinstance(part, Mapping)]
        block = {"thinking": "\n\n".join(words), "signature": item.get("encrypted_content")}
        return {"role": "assistant", "thinking_blocks": [block]}
    return {"role": item.get("role"), "content": item.get("content")}


def _invalid(param: str, words: str, *, code: str = "invalid_value") -> InvalidError:
    return InvalidError(f"Invalid '{param}': {words[:1].lower()}{words[1:]}", code=code, param=param)
