"""System checks: configurations that work but that an operator should know about."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@register
def deployment(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Warnings about settings that contradict one another."""
    found = {
        "W001": (settings.PRODUCTION and settings.DEBUG, "DEBUG shows strangers the code.", "Leave DEBUG out."),
        "W002": (
            settings.HOST not in LOOPBACK and set(settings.ALLOWED_HOSTS) <= {*LOOPBACK, "[::1]"},
            "HOST lets other machines in, but ALLOWED_HOSTS names only this one.",
            "Set ALLOWED_HOSTS to the names people will use.",
        ),
        "W003": (
            settings.PRODUCTION and "*" in settings.ALLOWED_HOSTS,
            "ALLOWED_HOSTS=* accepts any name, also one that an attacker chose.",
            "Set ALLOWED_HOSTS to the names people will use.",
        ),
    }
    return [Warning(text, hint=hint, id=f"langai.{code}") for code, (wrong, text, hint) in found.items() if wrong]
