"""The door of SCIM: a directory shows its token; a session of a person counts for nothing.

The library is loaded with the first request of a directory, because most installations have none.
"""

import json

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from langai_site import request_id
from langai_site.accounts import limits
from langai_site.accounts.doors import bearer
from langai_site.accounts.models import ScimDirectory, hashed
from langai_site.accounts.scim.tokens import USED_EVERY
from langai_site.errors import TooManyError

CONTENT_TYPE = "application/scim+json"
UNKNOWN = "Show the token that an admin of LangAI made for this directory."


@csrf_exempt
@login_not_required
@sensitive_variables("token")
def answer(request: HttpRequest, path: str) -> HttpResponse:
    """Answer a request below /scim/v2, if it shows the token of a directory."""
    token = bearer(request)
    directory = ScimDirectory.objects.filter(token_hash=hashed(token)).first() if token else None
    if directory is None:
        return _refused(request)
    _acts(directory)
    from langai_site.accounts.scim import views

    return views.answered(request, directory, path)


def _refused(request: HttpRequest) -> HttpResponse:
    """Refuse a request without a known token; such requests are counted by address."""
    try:
        limits.count(limits.API, getattr(settings, limits.API_RATES[limits.API]), limits.visitor(request))
    except TooManyError as error:
        response = _error(429, error.message)
        for name, value in error.headers.items():
            response[name] = value
        return response
    response = _error(401, UNKNOWN)
    response["WWW-Authenticate"] = "Bearer"
    return response


def _error(status: int, detail: str) -> HttpResponse:
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
    return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)


def _acts(directory: ScimDirectory) -> None:
    """Note in the events of this request which directory it was, and when it was here last."""
    origin = request_id.current().origin
    if origin is not None:
        origin.username = f"SCIM: {directory.name}"
    now = timezone.now()
    if directory.last_used_at is None or directory.last_used_at < now - USED_EVERY:
        ScimDirectory.objects.filter(pk=directory.pk).update(last_used_at=now)
