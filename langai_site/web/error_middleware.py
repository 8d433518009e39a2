"""Turns a LangAIError into a page, an HTMX fragment or JSON, depending on the request."""

import logging
import re
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found

from langai_site import request_id
from langai_site.errors import DiskFullError, LangAIError, NotFoundError, TooManyError, UnavailableError
from langai_site.folders import is_disk_full
from langai_site.web import openai_errors
from langai_site.web.async_middleware import InLoop

logger = logging.getLogger(__name__)

NOTHING_HERE = "There is nothing at this address."
NOTHING_UNDER_V1 = (
    "There is nothing at this address. LangAI has /v1/models, /v1/chat/completions, /v1/responses and /v1/embeddings; "
    "/v1/docs describes them."
)


def error_response(request: HttpRequest, error: LangAIError) -> HttpResponse:
    """Return the response that shows `error` to a person, or a program."""
    error = presented(request, error)
    return with_headers(_drawn(request, error), error)


def presented(request: HttpRequest, error: LangAIError) -> LangAIError:
    """Return `error` as it is sent in response to `request`: clients of OpenAI expect other statuses and codes."""
    return openai_errors.translated(error) if openai_errors.is_openai(request.path) else error


def with_headers(response: HttpResponse, error: LangAIError) -> HttpResponse:
    """Return `response`, which shows `error`, with the error's headers."""
    for name, value in error.headers.items():
        response[name] = value
    return response


def _drawn(request: HttpRequest, error: LangAIError) -> HttpResponse:
    context = {"error": error, "link": link_of(request, error), "text": _written(request)}
    if getattr(request, "htmx", False):
        # htmx only swaps in responses with 200; static/app.js makes it show 429 as well.
        status = error.status if isinstance(error, TooManyError) else 200
        response = render(request, "errors/error.html#notice", context, status=status)
        # What has a link is said once, however often it is tried again.
        response["HX-Retarget"], response["HX-Reswap"] = "#notices", "innerHTML" if error.link else "beforeend"
        return response
    if is_program(request):
        return _as_json(request, error)
    return render(request, "errors/error.html", context, status=error.status)


def link_of(request: HttpRequest, error: LangAIError) -> str:
    """Return the address that the page links to with `error`; a sign-in leads back to the page. May be empty."""
    if error.link is None:
        return ""
    url = reverse(error.link[0])
    return f"{url}?{urlencode({'next': _page_of(request)})}" if error.status == 401 else url


def _page_of(request: HttpRequest) -> str:
    """Return the path of the page from which the request comes."""
    page = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    return page.path if page.netloc == request.get_host() and page.path else "/"


def _written(request: HttpRequest) -> str:
    """Return what the person wrote and would lose with the page; empty if the page keeps it, or nothing was posted."""
    is_form = request.method == "POST" and request.content_type == "application/x-www-form-urlencoded"
    return request.POST.get("text", "") if is_form else ""


def _as_json(request: HttpRequest, error: LangAIError) -> JsonResponse:
    return JsonResponse(told(request, error), status=presented(request, error).status)


def told(request: HttpRequest, error: LangAIError) -> dict[str, object]:
    """Return `error` as JSON for programs; under /v1 in the form for clients of OpenAI."""
    if openai_errors.is_openai(request.path):
        return openai_errors.body(presented(request, error))
    return {"error": {"code": error.code, "message": error.shown, "request_id": request_id.request_id()}}


def is_program(request: HttpRequest) -> bool:
    """Return whether the request comes from a program, not from a person who views pages."""
    return bool(re.match(settings.API_PATHS, request.path)) or not request.accepts("text/html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for Django if there is nothing at an address."""
    if is_program(request):
        return _as_json(request, no_such_address(request))
    return page_not_found(request, exception)


def no_such_address(request: HttpRequest) -> NotFoundError:
    """Return the error for a program that requests an address with nothing there."""
    return NotFoundError(NOTHING_UNDER_V1 if openai_errors.is_openai(request.path) else NOTHING_HERE)


class BrokenRequestError(LangAIError):
    code, status = "internal", 500


def internal_error(request: HttpRequest) -> HttpResponse:
    """Answer for Django if a view failed. Rendered without session and database, because they may be the cause."""
    if is_program(request):
        error = BrokenRequestError(
            _("Something went wrong inside LangAI. Try again; if it happens again, tell an admin.")
        )
        return _as_json(request, error)
    return HttpResponse(
        render_to_string("500.html", {"request_id": request_id.request_id()}), status=BrokenRequestError.status
    )


class WrongMethodError(LangAIError):
    code, status = "method_not_allowed", 405


def database_away(exception: Exception) -> LangAIError | None:
    """Return the error to show if the database failed, or a disk is full; None if it was something else."""
    if is_disk_full(exception):
        logger.error("the disk of DATA_DIR or of the database is full: %s", exception)
        return DiskFullError(_("The server's disk is full, so this could not be saved. Tell an admin."))
    if not isinstance(exception, OperationalError | InterfaceError):
        return None
    logger.error("the database failed", exc_info=exception)
    return UnavailableError(_("The database is not answering. Nothing was changed; try again in a moment."))


class ErrorsMiddleware(InLoop):
    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        exception = database_away(exception) or exception
        return error_response(request, exception) if isinstance(exception, LangAIError) else None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Replace Django's response to a wrong method, which is an empty page."""
        if not isinstance(response, HttpResponseNotAllowed) or (response.content and not is_program(request)):
            return response
        told = error_response(request, WrongMethodError(_wrong_method(request, response["Allow"])))
        told["Allow"] = response["Allow"]
        return told


def _wrong_method(request: HttpRequest, allowed: str) -> str:
    if is_program(request):
        return f"This address does not take {request.method}. Use {allowed}."
    return _("This address cannot be opened like a page. Go back and try again.")
