"""Template context that every page gets."""

from typing import Any

from django.http import HttpRequest


def csp_nonce(request: HttpRequest) -> dict[str, Any]:
    """`csp_nonce`, the name django-htmx's tags read; django-csp keeps it on the request."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}
