"""Refuses requests for a host that is not LangAI's, in words that name the fault and the setting.

Django alone would answer with an empty page, and log the same line with every request.
"""

import logging

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy

from langai_site import request_id
from langai_site.errors import LangAIError
from langai_site.web.async_middleware import InLoop
from langai_site.web.error_middleware import is_program, told

logger = logging.getLogger(__name__)

NO_HOST = gettext_lazy(
    "The request has no Host header. If a proxy is in front of LangAI, it must pass the header on, in nginx with "
    "“proxy_set_header Host $http_host;”."
)
UNKNOWN_HOST = gettext_lazy(
    "LangAI does not answer for the host “{host}”. Add that name to the setting ALLOWED_HOSTS. If people open LangAI "
    "at another name, the proxy in front must pass that name on as the Host header, in nginx with "
    "“proxy_set_header Host $http_host;”."
)
SHOWN = 100
# Hosts that were logged: each once in a process, and no more than a stranger should be able to fill a log with.
LOGGED_MAX = 20
_logged: set[str] = set()


class UnknownHostError(LangAIError):
    code, status = "unknown_host", 400


class KnownHosts(InLoop):
    """Comes before all middleware that asks for the host."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        try:
            request.get_host()
        except DisallowedHost:
            return _answer(request, UnknownHostError(_message(request)))
        return None


def _message(request: HttpRequest) -> str:
    host = request.META.get("HTTP_HOST", "")
    shown = "".join(sign for sign in host[:SHOWN] if sign.isprintable())
    message = str(UNKNOWN_HOST).format(host=shown) if shown else str(NO_HOST)
    if shown not in _logged and len(_logged) < LOGGED_MAX:
        _logged.add(shown)
        with translation.override(settings.LANGUAGE_CODE):
            logger.warning("%s", str(UNKNOWN_HOST).format(host=shown) if shown else NO_HOST)
    return message


def _answer(request: HttpRequest, error: LangAIError) -> HttpResponse:
    """Return the error as JSON, or as a page that is drawn without session and person: they are not known yet."""
    if is_program(request):
        return JsonResponse(told(request, error), status=error.status)
    context = {"error": error, "request_id": request_id.request_id()}
    return HttpResponse(render_to_string("errors/host.html", context), status=error.status)
