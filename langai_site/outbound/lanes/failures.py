"""Pure: classifies a provider's error, by its status, its codes and, last, its wording.

The codes are those of `langai_site.outbound.failures`, including `quota` (money or a plan is used up: waiting does not
help) and `loading` (the model is not in memory yet: waiting helps).
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from langai_site.outbound.lanes.error_shapes import LONGEST_MESSAGE, LONGEST_WAIT, failure_of, span
from langai_site.outbound.lanes.events import ServerFailure
from langai_site.outbound.lanes.wordings import A_MINUTES_QUOTA, BY_WORD, WORDINGS

STATUSES = {
    401: "unauthorized",
    402: "quota",
    403: "unauthorized",
    404: "not_found",
    408: "upstream_error",
    413: "too_long",
    429: "rate_limited",
}
# What the wording decides for each status: servers use one status for several failures, some use 500 for all.
OPEN = {
    0: tuple(WORDINGS),
    400: ("too_long", "filtered", "quota", "unauthorized", "not_found", "loading"),
    401: ("quota",),
    403: ("quota", "filtered", "not_found"),
    404: ("too_long", "loading", "filtered"),
    413: (),
    422: ("too_long", "filtered", "not_found"),
    429: ("quota", "too_long"),
    500: ("too_long", "filtered", "quota", "loading", "not_found", "rate_limited", "rejected"),
    503: ("loading", "too_long", "rate_limited"),
}
# Codes that are certain, whatever status comes with them.
CERTAIN = ("too_long", "filtered", "quota", "loading", "not_found")


def classify(failure: ServerFailure) -> str:
    """Return the code in `langai_site.outbound.failures` for this failure."""
    status = failure.status
    named = [code for word in (failure.code, failure.type) if (code := BY_WORD.get(word.lower(), ""))]
    if status == 402:
        return "quota"
    if certain := next((code for code in named if code in CERTAIN), ""):
        return certain
    if not status and named and named[0] != "upstream_error":
        return named[0]
    # One server puts the message into the parameter's name.
    text = f"{failure.message} {failure.param}"
    if failure.retry_after and A_MINUTES_QUOTA.search(text):
        return "rate_limited"
    for kind in OPEN.get(status, OPEN[500] if status >= 500 else OPEN[400]):
        if WORDINGS[kind].search(text):
            return kind
    if status in STATUSES:
        return STATUSES[status]
    if named and status < 500:
        return named[0]
    return "rejected" if 400 <= status < 500 else "upstream_error"


def read_error(status: int, headers: Mapping[str, str], body: bytes, now: datetime | None = None) -> ServerFailure:
    """Return the failure in an answer with an error's `status`.

    The names in `headers` may be in any case. `now`, with its time zone, is needed for a Retry-After that is a date.
    """
    text = body.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    wait = retry_after({name.lower(): value for name, value in headers.items()}, now)
    # A status of success says nothing about an error, which may name a status itself.
    return failure_of(_value(text), status if status >= 400 else 0, wait)


def _value(text: str) -> Any:  # noqa: ANN401 - parsed JSON
    """Return the JSON in a body, which may come as an event; otherwise a page's title, or the text itself."""
    lines = [line for line in text.splitlines() if line.startswith("data:")]
    for candidate in (text, *(line.removeprefix("data:") for line in lines[:1])):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    if text.startswith("<"):
        title = re.search(r"<title[^>]{0,200}>([^<]{0,200})", text, re.IGNORECASE)
        return title[1].strip() if title else ""
    return text[:LONGEST_MESSAGE]


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """Return the seconds to wait that headers with lower-case names ask for; 0 if they name none."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds:
        return min(milliseconds / 1000, LONGEST_WAIT)
    value = headers.get("retry-after", "").strip()
    seconds = _number(value) or _until(value, now) or span(value)
    return min(seconds, LONGEST_WAIT)


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"\s*\d{1,12}(?:\.\d{1,12})?\s*", text, re.ASCII) else 0


def _until(text: str, now: datetime | None) -> float:
    """Return the seconds until an HTTP date; 0 if it is past, or the text is not a date."""
    if now is None or ":" not in text[:60]:
        return 0
    try:
        then = parsedate_to_datetime(text[:60])
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        return max(0.0, (then - now).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0
