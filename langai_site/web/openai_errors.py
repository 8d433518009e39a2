"""Pure: errors as OpenAI's API sends them, for the addresses under /v1.

OpenAI's SDK repeats a request that was answered with 409, 429 or 5xx, and each repetition can cost a call of a model.
So an error that another attempt cannot change must have another status. Clients choose what to do by `code`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from langai_site.errors import LangAIError

ROOT = "/v1"
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
# Seconds after which a client may try again, if no other time is given.
RETRY_AFTER = 2
# OpenAI's own header: its SDK reads it before the status.
NO_RETRY = {"x-should-retry": "false"}

# The status and the code that are sent instead. If the same code can mean two things, the status tells them apart.
_BY_CODE: Mapping[str, tuple[int, str]] = {
    "too_long": (400, "context_length_exceeded"),
    "filtered": (400, "content_filter"),
    "rejected": (400, "rejected"),
    # OpenAI too says that the model reached the most tokens allowed before it wrote anything.
    "thought_only": (400, "thought_only"),
    "above_ceiling": (403, "above_ceiling"),
    "passages_above_ceiling": (403, "passages_above_ceiling"),
    "local_only": (403, "local_only"),
    "unable": (400, "unsupported_parameter"),
    "no_model": (404, "model_not_found"),
    "model_withdrawn": (404, "model_not_found"),
    "rate_limited": (429, "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota"),
}
_BY_STATUS_AND_CODE: Mapping[tuple[int, str], tuple[int, str]] = {
    (503, "not_found"): (404, "model_not_found"),
    (422, "unreadable"): (400, "invalid"),
}
# The model was asked and paid, and would be again: programs decide themselves whether to repeat these.
_PAID = ("silent", "tool_call")
# LangAI's key for a provider is wrong, or its quota is used up: the client can do nothing about it, now or later.
_ADMINS_MATTER = ((503, "unauthorized"), (429, "insufficient_quota"))
# SDKs show only the message, so programs search it for words of OpenAI's own messages: LangChain and LiteLLM recognise
# a prompt that is too long and a filtered answer by these.
_KNOWN_WORDS = {
    "context_length_exceeded": "The prompt is longer than the model's context length (context_length_exceeded).",
    "content_filter": "The request was rejected as a result of the safety system.",
}
_PARAMS = {"context_length_exceeded": "messages", "model_not_found": "model"}

# Pydantic's types of errors. Types of our own validators, such as “unsupported_value”, are OpenAI's codes already.
_CODES = {
    "missing": "missing_required_parameter",
    "string_too_long": "string_above_max_length",
    "string_too_short": "string_below_min_length",
    "too_long": "array_above_max_length",
    "too_short": "array_below_min_length",
    "greater_than_equal": "number_below_min_value",
    "less_than_equal": "number_above_max_value",
}
OWN_KINDS = ("invalid_type", "invalid_value", "unsupported_value", "unsupported_parameter", "string_above_max_length")
# Pydantic's names for the branches of a union.
_BRANCHES = ("str", "int", "float", "bool")


def is_openai(path: str) -> bool:
    """Return whether clients of OpenAI use this path."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def translated(error: LangAIError) -> LangAIError:
    """Return `error` with OpenAI's status, code and headers. A translated error translates to itself."""
    known = _BY_CODE.get(error.code) or _BY_STATUS_AND_CODE.get((error.status, error.code))
    status, code = known or (error.status, error.code)
    sent = LangAIError(_message(error, code), code=code, status=status, param=error.param or _PARAMS.get(code))
    sent.headers = _headers(error, status, code)
    return sent


def _message(error: LangAIError, code: str) -> str:
    words = _KNOWN_WORDS.get(code, "")
    return error.message if words in error.message else f"{error.message} {words}"


def _headers(error: LangAIError, status: int, code: str) -> Mapping[str, str]:
    if (status, code) in _ADMINS_MATTER:
        return {**error.headers, **NO_RETRY}
    if code in _PAID:
        return {**{name: value for name, value in error.headers.items() if name != "Retry-After"}, **NO_RETRY}
    if status in (429, 503):
        return {"Retry-After": str(RETRY_AFTER), **error.headers}
    return {name: value for name, value in error.headers.items() if name != "Retry-After"}


def body(error: LangAIError) -> dict[str, object]:
    """Return the JSON for `error`, which must be translated."""
    kind = "server_error" if error.status >= 500 else TYPES.get(error.status, "invalid_request_error")
    return {"error": {"message": error.message, "type": kind, "param": error.param, "code": error.code}}


def invalid(errors: Sequence[Mapping[str, Any]]) -> LangAIError:
    """Return the error for pydantic's `errors`: it says where and what, but never repeats the input."""
    # The branch of a union that read furthest is the one that was meant.
    error = max(errors, key=lambda error: len(_place(error["loc"])))
    kind, param = str(error["type"]), _written(_place(error["loc"]))
    if kind in OWN_KINDS:
        return LangAIError(str(error["msg"]), code=kind, param=param or None)
    if kind == "missing":
        words = f"Missing required parameter: '{param}'."
    else:
        words = f"Invalid '{param or 'body'}': {_lowered(str(error['msg']))}."
    code = _CODES.get(kind) or ("invalid_type" if kind.endswith(("_type", "_parsing")) else "invalid_value")
    return LangAIError(words, code=code, param=param or None)


def _place(location: Sequence[object]) -> list[object]:
    """Return the path to the value, without ninja's parameter name and without the names of branches."""
    inner = [part for part in location[1:] if part != "body"]
    return [part for part in inner if isinstance(part, int) or not _is_branch(str(part))]


def _is_branch(part: str) -> bool:
    return part in _BRANCHES or "[" in part


def _written(place: Sequence[object]) -> str:
    """Return `messages[0].content` for ["messages", 0, "content"]."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _lowered(words: str) -> str:
    return words[:1].lower() + words[1:].rstrip(".")
