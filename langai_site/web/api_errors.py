"""Error responses of the API: one shape, and OpenAI's own on /v1."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError

from langai_site.errors import LangAIError, MalformedError, NotFoundError
from langai_site.web import openai_errors
from langai_site.web.error_middleware import NOTHING_HERE, database_away, presented, told, with_headers

logger = logging.getLogger(__name__)

CODES = {400: "invalid", 401: "unauthorized", 403: "forbidden", 404: "not_found", 413: "too_large"}
NOBODY = "Show who you are: send an API key as “Authorization: Bearer …”, or sign in."
UNEXPECTED = "Something went wrong inside LangAI. Try again; if it happens again, tell an admin."
# Up to this many problems of one request are reported at once.
TOLD = 3


class Problem(Schema):
    code: str
    message: str
    request_id: str


class ErrorBody(Schema):
    """What went wrong: `code` is for programs, `message` for people."""

    error: Problem


class OpenAIProblem(Schema):
    message: str
    type: str
    param: str | None = None
    code: str | None = None


class OpenAIErrorBody(Schema):
    error: OpenAIProblem


def documented(*statuses: int, body: type[Schema] = ErrorBody) -> dict[int, type[Schema]]:
    """Return the error responses for an operation's `response`; some are possible for every operation."""
    # OpenAI answers a malformed body with 400.
    form = set() if body is OpenAIErrorBody else {422}
    return dict.fromkeys(sorted({400, 401, 403, 429, 503, *form, *statuses}), body)


def tell_errors(api: NinjaAPI) -> None:
    """Make `api` answer every error in the shape that its addresses use."""
    # Otherwise Ninja would use its own handlers for all but the first.
    for known in (Exception, LangAIError, Http404, HttpError, ValidationError):
        api.add_exception_handler(known, partial(_answer, api))


def _answer(api: NinjaAPI, request: HttpRequest, exception: Exception | type[Exception]) -> HttpResponse:
    if isinstance(exception, ValidationError) and openai_errors.is_openai(request.path):
        error = openai_errors.invalid(exception.errors)
    else:
        error = understood(cast(Exception, exception))
    error = presented(request, error)
    response = with_headers(api.create_response(request, told(request, error), status=error.status), error)
    if error.status >= 500:
        # Django would log a failure that was expected, or was logged already.
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def understood(exception: Exception) -> LangAIError:
    """Return an exception as one that can be shown. Unexpected exceptions are logged."""
    if isinstance(exception, LangAIError):
        return exception
    if isinstance(exception, HttpError):
        return _of_ninja(exception)
    if isinstance(exception, ValidationError):
        return MalformedError(_problems(exception.errors))
    if isinstance(exception, Http404):
        return NotFoundError(NOTHING_HERE)
    if isinstance(exception, RequestDataTooBig):
        return LangAIError("What was sent is too large.", code="too_large", status=413)
    if isinstance(exception, SuspiciousOperation | BadRequest | UnreadablePostError | MultiPartParserError):
        return LangAIError("What was sent cannot be read.", code="invalid")
    return database_away(exception) or _unexpected(exception)


def _of_ninja(exception: HttpError) -> LangAIError:
    if isinstance(exception.__cause__, LangAIError):
        return exception.__cause__
    if exception.status_code == 401:
        error = LangAIError(NOBODY, code="unauthorized", status=401)
        error.headers = {"WWW-Authenticate": "Bearer"}
        return error
    code = CODES.get(exception.status_code, "error")
    return LangAIError(f"{exception.message}.", code=code, status=exception.status_code)


def _problems(errors: Sequence[Mapping[str, Any]]) -> str:
    """Describe place and problem, never the input: `message: should have at least 1 character; limit: …`."""
    texts = [f"{_place(error['loc'])}: {error['msg']}" for error in errors[:TOLD]]
    more = f"; and {len(errors) - TOLD} more" if len(errors) > TOLD else ""
    return f"{'; '.join(texts)}{more}."


def _place(location: Sequence[object]) -> str:
    """Return the place of an error without what ninja adds: `body`, and the name of its parameter."""
    inner = [str(part) for part in location[1:] if part != "body"]
    return ".".join(inner) or str(location[0] if location else "request")


def _unexpected(exception: Exception) -> LangAIError:
    logger.error("a request of the API failed", exc_info=exception)
    return LangAIError(UNEXPECTED, code="internal", status=500)
