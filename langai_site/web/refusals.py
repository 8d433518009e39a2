"""Responses that the web process sends itself, before Django sees the request: a body or a connection too many."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from langai_site import request_id as trail
from langai_site.errors import LangAIError
from langai_site.web.error_middleware import error_response, is_program, with_headers
from langai_site.web.languages import language_of_request
from langai_site.web.response_headers import BEFORE_DJANGO

# The response to data that is not a request at all.
BAD_REQUEST = "\r\n".join(
    ["HTTP/1.1 400 Bad Request", *map(": ".join, BEFORE_DJANGO.items()), "Content-Length: 0", "", ""]
).encode()


class TooLargeError(LangAIError):
    code, status = "too_large", 413


class TooSlowError(LangAIError):
    code, status = "too_slow", 408


class HeadersTooLargeError(LangAIError):
    code, status = "headers_too_large", 431


def response(request: HttpRequest | None, error: LangAIError, request_id: str) -> bytes:
    """Return a whole HTTP response. Programs and open pages get the usual error; others get one line.

    `request` is None if the headers did not arrive.
    """
    language = language_of_request(request) if request else settings.LANGUAGE_CODE
    with trail.following(trail.Trail(request_id)), translation.override(language):
        answer = _answer(request, error)
    for name, value in {**BEFORE_DJANGO, trail.HEADER: request_id, "Content-Length": str(len(answer.content))}.items():
        answer[name] = value
    head = f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\r\n"
    return head.encode() + answer.serialize_headers() + b"\r\n\r\n" + answer.content


def _answer(request: HttpRequest | None, error: LangAIError) -> HttpResponse:
    if request is not None:
        request.htmx = "HX-Request" in request.headers  # type: ignore[attr-defined]
        if request.htmx or is_program(request):  # type: ignore[attr-defined]
            return error_response(request, error)
    text = HttpResponse(f"{error.shown}\n", status=error.status, content_type="text/plain; charset=utf-8")
    return with_headers(text, error)
