"""LangAIError -> a page, an HTMX fragment or JSON, whichever was asked for."""

import logging

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string

from langai_site import trail
from langai_site.errors import LangAIError, TooMany, Unavailable
from langai_site.in_loop import InLoop

logger = logging.getLogger(__name__)


def error_response(request: HttpRequest, error: LangAIError) -> HttpResponse:
    """The answer that tells a person, or a program, of `error`."""
    return with_headers(_drawn(request, error), error)


def with_headers(response: HttpResponse, error: LangAIError) -> HttpResponse:
    """`response`, which tells of `error`, with the headers that belong to it."""
    for name, value in error.headers.items():
        response[name] = value
    return response


def _drawn(request: HttpRequest, error: LangAIError) -> HttpResponse:
    if getattr(request, "htmx", False):
        # htmx swaps in what came with 200; that 429 is told as well, static/app.js sees to.
        status = error.status if isinstance(error, TooMany) else 200
        response = render(request, "errors/error.html#notice", {"error": error}, status=status)
        response["HX-Retarget"], response["HX-Reswap"] = "#notices", "beforeend"
        return response
    if not request.accepts("text/html"):
        return _told(error)
    return render(request, "errors/error.html", {"error": error}, status=error.status)


def _told(error: LangAIError) -> JsonResponse:
    told = {"code": error.code, "message": error.message, "request_id": trail.request_id()}
    return JsonResponse({"error": told}, status=error.status)


class Broken(LangAIError):
    code, status = "internal", 500


def internal_error(request: HttpRequest) -> HttpResponse:
    """What Django calls where a view failed. Drawn without session and database: they may be why."""
    if not request.accepts("text/html"):
        return _told(Broken("Something went wrong inside LangAI. Try again; if it happens again, tell an admin."))
    return HttpResponse(render_to_string("500.html", {"request_id": trail.request_id()}), status=Broken.status)


class WrongMethod(LangAIError):
    code, status = "method_not_allowed", 405


class ErrorsMiddleware(InLoop):
    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            logger.exception("the database failed")
            exception = Unavailable("The database is not answering. Nothing was changed; try again in a moment.")
        return error_response(request, exception) if isinstance(exception, LangAIError) else None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Django's own answer to a wrong method is an empty page."""
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        told = error_response(request, WrongMethod("This address cannot be opened like a page. Go back and try again."))
        told["Allow"] = response["Allow"]
        return told
