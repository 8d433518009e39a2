"""Pure: reads a failure from an error in any of the shapes that servers use."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from langai_site.outbound.lanes.events import ServerFailure
from langai_site.outbound.lanes.surrogates import whole

LONGEST_MESSAGE = 2000
LONGEST_NAME = 200
# Seconds.
LONGEST_WAIT = 3600
DEEPEST = 6
ERRORS = range(400, 600)
MESSAGES = (
    *("message", "msg", "detail", "error_message", "error_msg", "errorMessage", "status_msg", "errmsg"),
    *("error_description", "title", "reason", "description"),
)
# Keys that hold the error itself, from the outside in. Several servers wrap another server's error in their own.
INNER = ("error", "errors", "detail", "details", "message", "metadata", "raw", "innererror", "inner_error", "err")
# These say little: a word further inside says more.
VAGUE = ("", "error", "none", "null", "invalid_argument", "invalid_request_error", "object")
# "6m0s", "1.5s", "34s", "250ms", "1h2m", "20 seconds"
SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(ms|h|m|s)")
SPANS = re.compile(rf"(?:{SPAN.pattern}[a-z]*,? ?)+")
AGAIN = re.compile(
    r"(?:try again|retry|wait)[a-z ]{0,20}?"
    r"((?:\d{1,9}(?:\.\d{1,9})?(?:ms|h|m|s)(?![a-z]))+|\d{1,9}(?:\.\d{1,9})? ?(?:sec|min|hour|millisec))",
    re.IGNORECASE,
)
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


@dataclass
class _Found:
    status: int = 0
    retry_after: float = 0
    type: str = ""
    code: str = ""
    param: str = ""
    messages: list[str] = field(default_factory=list)


def failure_of(value: Any, status: int = 0, retry_after: float = 0) -> ServerFailure:  # noqa: ANN401 - parsed JSON
    """Return the failure in `value`: an error object or its container; a string or a list is fine too."""
    found = _Found(status, retry_after)
    _search(value, found, 0)
    message = _joined(found.messages)
    return ServerFailure(
        status=found.status,
        type=whole(found.type[:LONGEST_NAME]),
        code=whole(found.code[:LONGEST_NAME]),
        param=whole(found.param[:LONGEST_NAME]),
        message=message,
        retry_after=min(found.retry_after or wait_in(message), LONGEST_WAIT),
    )


def wait_in(message: str) -> float:
    """Return the seconds in "Please try again in 6m0s"; 0 if the text names none."""
    match = AGAIN.search(message)
    return span(match[1]) if match else 0


def span(text: str) -> float:
    """Return the seconds of "1h2m", "250ms", "34s" or "20 seconds"; 0 if the text is none of them."""
    folded = text[:60].strip().lower().replace("milli", "m")
    if not SPANS.fullmatch(folded):
        return 0
    return sum(float(number) * UNITS[unit] for number, unit in SPAN.findall(folded))


def _joined(messages: list[str]) -> str:
    """Join the messages, each once: an outer one often repeats the inner one."""
    kept: list[str] = []
    for message in messages:
        text = whole(message[:LONGEST_MESSAGE]).strip()
        if text and not any(text in other for other in kept):
            kept.append(text)
    return " | ".join(kept)[:LONGEST_MESSAGE]


def _search(value: Any, found: _Found, depth: int) -> None:  # noqa: ANN401 - parsed JSON
    if depth > DEEPEST or len(found.messages) > 8:
        return
    if isinstance(value, str):
        parsed = _json(value)
        if parsed is None:
            found.messages.append(value)
        else:
            _search(parsed, found, depth + 1)
    elif isinstance(value, list):
        for item in value[:8]:
            _search(item, found, depth + 1)
    elif isinstance(value, dict):
        _note(value, found)
        for name, inner in _inside(value):
            # In an object of details, a plain string is some word, not the message.
            if not isinstance(inner, str) or name in ("error", "detail", "message", "raw", "errors"):
                _search(inner, found, depth + 1)


def _inside(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in INNER:
        if value.get(name):
            yield name, value[name]
    if not any(value.get(name) for name in ("message", "detail", "error")):
        text = next((value[name] for name in MESSAGES if isinstance(value.get(name), str)), "")
        if text:
            yield "message", _located(text, value.get("loc"))


def _located(text: str, loc: Any) -> str:  # noqa: ANN401 - FastAPI's list of keys
    keys = [str(key) for key in loc if key != "body"] if isinstance(loc, list) else []
    return f"{'.'.join(keys)}: {text}" if keys else text


def _note(value: Mapping[str, Any], found: _Found) -> None:
    """Take the words of one object; an inner one may replace a word that says little."""
    for name in ("code", "error_code", "errorCode", "status_code", "statusCode", "http_status_code", "http_status"):
        found.code = _better(found.code, value.get(name), found)
    for name in ("type", "status", "reason", "@type"):
        if name == "reason" and isinstance(value.get(name), str) and value[name].isupper():
            # Google's ErrorInfo, like API_KEY_INVALID.
            found.code = value[name]
        elif name in ("type", "status"):
            found.type = _better(found.type, value.get(name), found)
    loc = value.get("loc")
    if not found.param:
        names = [key for key in loc if isinstance(key, str) and key != "body"] if isinstance(loc, list) else []
        param = names[-1] if names else value.get("param")
        found.param = param if isinstance(param, str) else ""
    for name in ("retryDelay", "retry_after", "retry_after_seconds", "retryAfter", "estimated_time"):
        found.retry_after = found.retry_after or _seconds(value.get(name))


def _better(old: str, word: Any, found: _Found) -> str:  # noqa: ANN401 - parsed JSON
    """Return the word that says more. A number that is an error status is taken as the status."""
    if isinstance(word, bool):
        return old
    if isinstance(word, int | float):
        if word in ERRORS and not found.status:
            found.status = int(word)
        return old or (str(word) if word == word and abs(word) < 10**9 else "")
    if not isinstance(word, str):
        return old
    if word.isdigit() and len(word) == 3 and int(word) in ERRORS:
        found.status = found.status or int(word)
        return old or word
    return word if old.lower() in VAGUE or old.isdigit() else old


def _seconds(value: Any) -> float:  # noqa: ANN401 - parsed JSON
    if isinstance(value, str):
        return span(value) or (float(value) if value.replace(".", "", 1).isdigit() and len(value) < 12 else 0)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**9
    return float(value) if is_number else 0


def _json(text: str) -> Any:  # noqa: ANN401 - parsed JSON; None where the text is something else
    stripped = text.strip()
    if not stripped.startswith(("{", "[")):
        return None
    try:
        value = json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) and value else None
