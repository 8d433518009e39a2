"""The parameters of OpenAI's format.

Those that would change the answer but cannot be honoured are refused. The others are passed on to the model or ignored.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from ninja import Field, Schema

from chat.conversations import drafts
from langai_site.errors import InvalidError
from langai_site.outbound.types import Parameter
from langai_site.web.api_lists import Listed
from langai_site.web.labelled_body import LabelledBody

STOPS_MAX = 16
STOP_MAX_CHARS = 200
# Seeds of any size are accepted, modulo this: all providers accept seeds up to this size.
SEEDS = 2**31
# With these values a model answers as without the parameter. Some clients always send them, and some servers refuse
# them.
NEUTRAL: Mapping[str, float] = {"top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}


class StreamOptions(Schema):
    include_usage: bool | None = False


class Parameters(LabelledBody):
    """How to answer. OpenAI's other parameters, such as `user`, `store` or `reasoning_effort`, are ignored."""

    stream: bool | None = False
    stream_options: StreamOptions | None = None
    stop: str | Listed[str] | None = Field(None, description=f"Up to {STOPS_MAX} texts at which the answer ends.")
    temperature: float | None = Field(None, ge=0, le=settings.TEMPERATURE_MAX, allow_inf_nan=False)
    top_p: float | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    presence_penalty: float | None = Field(None, ge=-2, le=2, allow_inf_nan=False)
    frequency_penalty: float | None = Field(None, ge=-2, le=2, allow_inf_nan=False)
    seed: int | None = None
    max_tokens: int | None = Field(None, ge=1, description="Above ANSWER_MAX_TOKENS it is lowered to that.")
    max_completion_tokens: int | None = Field(None, ge=1, description="OpenAI's new name for `max_tokens`.")
    n: int | None = Field(None, ge=1, description="Only 1 is supported.")
    tools: Listed[Any] | None = Field(None, description="Functions that the model may call. Your program runs them.")
    tool_choice: Any = Field(None, description="“auto”, “none”, “required”, or one of the functions.")
    parallel_tool_calls: bool | None = Field(None, description="false: at most one call in an answer.")
    functions: Listed[Any] | None = Field(None, description="Not supported: leave it out or empty.")
    function_call: Any = Field(None, description="Only “none” and “auto” are supported.")
    response_format: Any = Field(None, description="`text`, `json_object` or `json_schema`.")
    logprobs: bool | None = Field(None, description="Only false is supported.")
    top_logprobs: int | None = Field(None, description="Only 0 is supported.")
    logit_bias: dict[str, Any] | None = Field(None, description="Not supported: leave it out or empty.")
    modalities: Listed[str] | None = Field(None, description='Only `["text"]` is supported.')
    audio: Any = Field(None, description="Not supported: leave it out.")
    web_search_options: Any = Field(None, description="Not supported: leave it out.")


class UnsupportedParameterError(InvalidError):
    """A parameter asks for something that LangAI cannot do."""

    code = "unsupported_parameter"


def refuse_unsupported(asked: Parameters) -> None:
    """Raise UnsupportedParameterError for the first parameter that would change the answer and cannot be honoured."""
    for param, (is_asked, advice) in _unsupported(asked).items():
        if is_asked:
            raise UnsupportedParameterError(f"Unsupported parameter: '{param}'. {advice}", param=param)


def _unsupported(asked: Parameters) -> dict[str, tuple[bool, str]]:
    old = "LangAI only knows OpenAI's new form of tools. Send them as `tools` and `tool_choice`."
    return {
        "functions": (bool(asked.functions), old),
        "function_call": (asked.function_call not in (None, "none", "auto"), old),
        "n": ((asked.n or 1) > 1, "LangAI gives one answer to a request. Send 1, and send the request again for more."),
        "logprobs": (bool(asked.logprobs), "LangAI does not know the probabilities of tokens. Leave it out."),
        "top_logprobs": (bool(asked.top_logprobs), "LangAI does not know the probabilities of tokens. Leave it out."),
        "logit_bias": (bool(asked.logit_bias), "LangAI cannot prefer single tokens. Leave it out."),
        "modalities": (not set(asked.modalities or ()) <= {"text"}, 'LangAI answers in text. Send ["text"].'),
        "audio": (asked.audio is not None, "LangAI answers in text. Leave it out."),
        "web_search_options": (asked.web_search_options is not None, "LangAI does not search the web. Leave it out."),
    }


def options(asked: Parameters) -> drafts.Options:
    most = drafts.lowered(asked.max_completion_tokens or asked.max_tokens)
    return drafts.Options(temperature=asked.temperature, max_tokens=most)


def tuning(asked: Parameters) -> dict[str, Parameter]:
    """Return the other parameters for the model; providers that do not know one of them do not get it."""
    given: dict[str, Parameter | None] = {name: getattr(asked, name) for name in NEUTRAL}
    told: dict[str, Parameter] = {
        name: value for name, value in given.items() if value is not None and value != NEUTRAL[name]
    }
    return told if asked.seed is None else told | {"seed": asked.seed % SEEDS}


def stops(asked: Parameters) -> tuple[str, ...]:
    """Return the texts at which the answer ends, without empty ones. Raises InvalidError if there is too much."""
    given = [asked.stop] if isinstance(asked.stop, str) else asked.stop or []
    texts = tuple(dict.fromkeys(filter(None, given)))
    if len(texts) > STOPS_MAX:
        raise InvalidError(
            f"Invalid 'stop': there are {len(texts)} texts, and {STOPS_MAX} are allowed. Leave some out.",
            code="array_above_max_length",
            param="stop",
        )
    if any(len(text) > STOP_MAX_CHARS for text in texts):
        raise InvalidError(
            f"Invalid 'stop': each text can have {STOP_MAX_CHARS} characters. Shorten the longer ones.",
            code="string_above_max_length",
            param="stop",
        )
    return texts
