"""LangAIError -> a page, an HTMX fragment or JSON, whichever was asked for."""

import logging

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from langai_site.errors import LangAIError, Unavailable

logger = logging.getLogger(__name__)


def error_response(request: HttpRequest, error: LangAIError) -> HttpResponse:
    """The answer that tells a person, or a program, of `error`."""
    if getattr(request, "htmx", False):
        response = render(request, "errors/error.html#notice", {"error": error}, status=200)
        response["HX-Retarget"], response["HX-Reswap"] = "#notices", "beforeend"
        return response
    if not request.accepts("text/html"):
        return JsonResponse({"error": {"code": error.code, "message": error.message}}, status=error.status)
    return render(request, "errors/error.html", {"error": error}, status=error.status)


class ErrorsMiddleware(MiddlewareMixin):
    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            logger.exception("the database failed")
            exception = Unavailable("The database is not answering. Nothing was changed; try again in a moment.")
        return error_response(request, exception) if isinstance(exception, LangAIError) else None
