"""Explains a provider's failure to the person who asked, never in the provider's own words: they may hold secrets."""

from collections.abc import Iterable, Iterator

import httpx

from langai_site.outbound.lanes.events import ServerFailure
from langai_site.outbound.lanes.failures import classify
from langai_site.outbound.lanes.named_windows import window_of
from langai_site.outbound.redaction import redacted
from langai_site.outbound.types import ProviderError
from langai_site.sentences import sentence

MESSAGES = {
    "unreachable": sentence(
        "failure.unreachable", "%(model)s could not be reached. Try again in a moment, or choose another model."
    ),
    "unauthorized": sentence(
        "failure.unauthorized", "%(model)s refused the key that is set up here. Please tell an admin."
    ),
    "rate_limited": sentence("failure.rate_limited", "%(model)s does not accept more questions right now. %(again)s"),
    "not_found": sentence("failure.not_found", "%(model)s is no longer offered by its server. Choose another model."),
    "too_long": sentence(
        "failure.too_long",
        "This conversation is too long for %(model)s. Start a new one, or choose a model that takes more.",
    ),
    "filtered": sentence("failure.filtered", "%(model)s declined: its provider's content filter stopped the answer."),
    "quota": sentence(
        "failure.quota",
        "%(model)s declined: the quota of the key that is set up here is used up. Please tell an admin.",
    ),
    "rejected": sentence(
        "failure.rejected", "%(model)s could not take this request. Choose another model, or tell an admin."
    ),
    "loading": sentence(
        "failure.loading", "%(model)s is being loaded by its server. Try again in a moment, or choose another model."
    ),
    "silent": sentence(
        "failure.silent", "%(model)s ended its answer without writing anything. Try again, or choose another model."
    ),
    "thought_only": sentence(
        "failure.thought_only",
        "%(model)s spent the whole answer on thinking, so no text came. "
        "Try again, allow longer answers, or choose another model.",
    ),
    "tool_call": sentence(
        "failure.tool_call",
        "%(model)s asked for a tool that it was not given, and wrote nothing. Try again, or choose another model.",
    ),
    "upstream_error": sentence(
        "failure.upstream_error", "%(model)s failed on its side. Try again in a moment, or choose another model."
    ),
    "start_timeout": sentence(
        "failure.start_timeout",
        "%(model)s did not begin to answer within %(seconds)s seconds. Try again, or choose another model.",
    ),
    "idle_timeout": sentence(
        "failure.idle_timeout", "%(model)s stopped sending: nothing came for %(seconds)s seconds. Try again."
    ),
    "cut": sentence("failure.cut", "The connection to %(model)s broke before the answer was complete. Try again."),
    "malformed": sentence(
        "failure.malformed", "%(model)s sent something that cannot be read. Try again, or choose another model."
    ),
    "oversized": sentence(
        "failure.oversized",
        "%(model)s sent far more data than an answer needs and was stopped. Try again, or choose another model.",
    ),
}
AGAIN_IN = sentence("failure.again_in", "Try again in %(seconds)s seconds.")
AGAIN = sentence("failure.again", "Try again in a moment, or choose another model.")
FINAL = ("unauthorized", "not_found", "too_long", "filtered", "rejected", "quota")
# Failures before which the provider has done no work that it would charge for.
UNCHARGED = (
    *("unreachable", "unauthorized", "rate_limited", "not_found", "too_long", "rejected", "upstream_error"),
    *("quota", "loading"),
)
STATUS_CODES = {401: "unauthorized", 403: "unauthorized", 404: "not_found", 408: "upstream_error", 429: "rate_limited"}
TOO_LONG = ("maximum context length", "context_length_exceeded", "prompt is too long", "context window", "context size")
FILTERED = ("content_policy", "content_filter", "contentpolicy")
LONGEST_WAIT = 3600


def failure(code: str, model: str, *, seconds: float = 0, detail: str = "", window: int = 0) -> ProviderError:
    """Return the error of this kind; `seconds` is the timeout, or how long a provider asks to wait."""
    again = AGAIN_IN(seconds=f"{seconds:.0f}") if seconds else AGAIN()
    values = {"model": model, "seconds": f"{seconds:g}", "again": again}
    template = MESSAGES[code]
    message = template(**{name: values[name] for name in template.names})
    retry_after = seconds if code in ("rate_limited", "loading") else 0
    return ProviderError(
        message, code=code, retryable=code not in FINAL, retry_after=retry_after, detail=detail, window=window
    )


def of_server(reported: ServerFailure, model: str, texts: Iterable[str]) -> ProviderError:
    """Return the error for a failure that the server itself reported; `texts` are those of the question."""
    seconds = min(reported.retry_after, LONGEST_WAIT)
    code = classify(reported)
    window = window_of(reported) if code == "too_long" else 0
    return failure(code, model, seconds=seconds, detail=_detail(reported, texts), window=window)


def _detail(reported: ServerFailure, texts: Iterable[str]) -> str:
    """Return what the server said, for admins: "status 400, code unsupported_value, parameter temperature: …"."""
    named = (("status", reported.status), ("code", reported.code or reported.type), ("parameter", reported.param))
    known = ", ".join(f"{name} {redacted(str(value), texts)}" for name, value in named if value)
    return ": ".join(filter(None, (known, redacted(reported.message, texts))))


def explained(error: Exception, model: str, *, started: bool, unreadable: bool) -> ProviderError:
    """Return the error for a client's exception. `started`: the stream was open; `unreadable`: a line was not JSON."""
    chain = list(causes(error))
    if unreadable or (started and any(isinstance(cause, ValueError) for cause in chain)):
        return failure("malformed", model)
    status = _status(chain)
    if status is None and any(isinstance(cause, httpx.TransportError | OSError) for cause in chain):
        return failure("cut" if started else "unreachable", model)
    code = "upstream_error" if started else _code(status, error)
    return failure(code, model, seconds=_retry_after(chain) if code == "rate_limited" else 0)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and its causes: clients wrap the first cause several times."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = getattr(current, "original_exception", None) or current.__cause__ or current.__context__


def _status(causes: list[BaseException]) -> int | None:
    """Return the status that the server really sent: wrappers invent a 500 if there was none."""
    sent = [cause.response.status_code for cause in causes if isinstance(cause, httpx.HTTPStatusError)]
    return sent[-1] if sent else None


def _code(status: int | None, error: Exception) -> str:
    if status in STATUS_CODES:
        return STATUS_CODES[status]
    if status in (400, 413, 422):
        # Only searched, never shown: servers distinguish these by their wording alone.
        wording = str(error).casefold()
        if status == 413 or any(phrase in wording for phrase in TOO_LONG):
            return "too_long"
        return "filtered" if any(phrase in wording for phrase in FILTERED) else "rejected"
    return "upstream_error"


def _retry_after(causes: list[BaseException]) -> float:
    """Return the seconds that the server asks to wait; 0 if it names none, or a date."""
    for cause in causes:
        headers = cause.response.headers if isinstance(cause, httpx.HTTPStatusError) else {}
        value = headers.get("retry-after", "")
        if value.isdigit():
            return min(int(value), LONGEST_WAIT)
    return 0
