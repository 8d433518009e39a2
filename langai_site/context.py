"""Template context that every page gets."""

from typing import Any

from django.http import HttpRequest

from langai_site.health import problems


def csp_nonce(request: HttpRequest) -> dict[str, Any]:
    """`csp_nonce`, the name django-htmx's tags read; django-csp keeps it on the request."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}


def service_problems(request: HttpRequest) -> dict[str, Any]:
    """`problems`: what a person should know of services that are away, as short sentences."""
    return {"problems": problems()}
