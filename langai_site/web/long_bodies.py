"""Reads large bodies on separate threads, and refuses JSON with so many values that reading it would stop others.

Parsing a message takes no time; parsing megabytes of small values takes seconds, in which the event loop would serve
nobody. Threads alone do not help: Python's parser does not let others run before it has finished.
"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.http import HttpRequest
from ninja.parser import Parser

from langai_site.errors import LangAIError, MalformedError
from langai_site.request_id import carried
from langai_site.web import unique_json

T = TypeVar("T")

# Bodies up to this many bytes are read in the event loop.
LONG = 64 * 1024
# Values in one JSON body: a thousand messages have about six each.
VALUES_MAX = 10_000
# Fields of the top-level object; no operation knows as many. Each unknown one would become a separate error.
FIELDS_MAX = 100
WRONG_TYPE = "Send JSON, with the header Content-Type: application/json."
TOO_MANY = f"The body has too many values. Send at most {VALUES_MAX:,}."

_threads = ThreadPoolExecutor(2, thread_name_prefix="bodies")
# An upload takes seconds, and must not delay long messages.
_uploads = ThreadPoolExecutor(2, thread_name_prefix="uploads")


def is_long(request: HttpRequest) -> bool:
    """Return whether to read the body on a thread. Its length is known: the web process counts chunked bodies."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length) > LONG


def is_multipart(request: HttpRequest) -> bool:
    """Return whether the body is a form that can have files."""
    return request.content_type == "multipart/form-data"


async def off_loop(request: HttpRequest, work: Callable[[], T]) -> T:
    """Run `work`, which reads the request's body, on one of the threads; pass on its exceptions."""
    threads = _uploads if is_multipart(request) else _threads
    return await asyncio.get_running_loop().run_in_executor(threads, carried(work))


async def read_ahead(request: HttpRequest) -> None:
    """Parse a long body on a thread: later reads find it parsed, or raise what was raised here.

    Raises what a form with files can raise, because Django would not raise it a second time.
    """
    if not is_long(request):
        return
    if is_multipart(request):
        await off_loop(request, lambda: request.POST)
    elif request.content_type == "application/json":
        request.read_json = await off_loop(request, lambda: _outcome(request))  # type: ignore[attr-defined]


def _outcome(request: HttpRequest) -> Callable[[], Any]:
    try:
        value = parsed(request.body)
    except Exception as error:
        return _raiser(error)
    return lambda: value


def _raiser(error: Exception) -> Callable[[], Any]:
    def again() -> Any:  # noqa: ANN401 - never returns
        raise error

    return again


class JsonBody(Parser):
    """Reads only JSON, and says so for a form: reported as broken JSON, a form would seem to contain a mistake."""

    def parse_body(self, request: HttpRequest) -> Any:  # noqa: ANN401 - whatever JSON was sent
        if request.content_type != "application/json":
            raise LangAIError(WRONG_TYPE, code="wrong_type", status=415)
        read = getattr(request, "read_json", None)
        return read() if read else parsed(request.body)


def parsed(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON was sent
    """Return the value of a JSON body.

    Raises UnreadableError for too many values or fields, or a field that is there twice, and ValueError if it is not
    JSON.
    """
    text = body.decode(json.detect_encoding(body), "surrogatepass")
    if has_more_values(text, VALUES_MAX):
        raise MalformedError(TOO_MANY)
    try:
        value = unique_json.loads(text)
    except unique_json.DuplicateNameError as error:
        raise MalformedError(f"The field “{error.name[:40]}” is there twice. Send it once.") from None
    if isinstance(value, dict) and len(value) > FIELDS_MAX:
        raise MalformedError(f"The body has too many fields. Send at most {FIELDS_MAX}.")
    return value


def has_more_values(text: str, most: int) -> bool:
    """Return whether JSON holds more than `most` values, judged by the separators outside of strings.

    Takes few and quick steps, because it checks before anything is parsed.
    """
    unescaped = text.replace("\\\\", "").replace('\\"', "")
    # A value has at most two strings: itself and its name. More are impossible, and would be split into as many pieces.
    if unescaped.count('"') > 4 * most:
        return True
    outside = "".join(unescaped.split('"')[::2])
    return outside.count(",") + outside.count("[") + outside.count("{") > most
