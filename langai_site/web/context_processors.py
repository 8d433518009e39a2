"""Template context that every page gets."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from langai_site import request_id as trail
from langai_site.telemetry.health import problems
from langai_site.web.announcements import Shown, current


def csp_nonce(request: HttpRequest) -> dict[str, Any]:
    """Return `csp_nonce`, the name that django-htmx's tags read; django-csp keeps it on the request."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}


def request_id(request: HttpRequest) -> dict[str, Any]:
    """Return `request_id`, by which an admin finds the request in the log; error pages show it."""
    return {"request_id": trail.request_id()}


def service_problems(request: HttpRequest) -> dict[str, Any]:
    """Return `problems`: short sentences for people about services that are unavailable."""
    return {"problems": problems()}


def announcements(request: HttpRequest) -> dict[str, Any]:
    """Return `announcements`, which a page reads when it shows them: not every template is a page."""

    def shown() -> Sequence[Shown]:
        user = getattr(request, "user", None)
        return current(signed_in=bool(user and user.is_authenticated))

    return {"announcements": shown}
