"""System checks: configurations that work but that an operator should know about."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.module_loading import import_string

from langai_site import env, folders, hosts

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
PROTECTIONS = (SecurityMiddleware, CsrfViewMiddleware, XFrameOptionsMiddleware)
NAMES = "Set ALLOWED_HOSTS to the names people will use."


@register
def deployment(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Return warnings about settings that contradict one another."""
    found = (*_doors(), *_stores(), *_feeds(), *_misspelt())
    return [Warning(text, hint=hint, id=f"langai.{code}") for code, text, hint in found]


def misspelt_settings() -> list[str]:
    """Return a sentence for each variable that is not a setting but looks like one."""
    found = settings.MISSPELT_SETTINGS.items()
    return [f"{name} is set, but LangAI has no such setting: did you mean {meant}?" for name, meant in found]


def _misspelt() -> Iterator[tuple[str, str, str]]:
    for sentence in misspelt_settings():
        yield "W009", sentence, "Correct its name, or remove it."


def _doors() -> Iterator[tuple[str, str, str]]:
    """Yield number, text and hint of each problem with how people reach LangAI."""
    outside = settings.HOST not in LOOPBACK
    only_here = set(settings.ALLOWED_HOSTS) <= {*LOOPBACK, "[::1]"}
    if settings.PRODUCTION and settings.DEBUG:
        yield "W001", "DEBUG shows strangers the code.", "Leave DEBUG out."
    if outside and only_here:
        yield "W002", "HOST lets other machines in, but ALLOWED_HOSTS names only this one.", NAMES
    if settings.PRODUCTION and "*" in settings.ALLOWED_HOSTS:
        yield "W003", "ALLOWED_HOSTS=* accepts any name, also one that an attacker chose.", NAMES
    if settings.PRODUCTION and only_here and not outside:
        yield "W004", "ENV=production, but ALLOWED_HOSTS names only this machine.", NAMES
    if outside and not settings.PRODUCTION:
        hint = "Put a proxy in front that ends TLS, as docs/operations/deployment.md shows, and set ENV=production."
        yield "W005", "HOST lets other machines in without HTTPS: passwords can be read on the way.", hint


def _feeds() -> Iterator[tuple[str, str, str]]:
    """Yield the same for where events of the audit log go."""
    url = settings.AUDIT_WEBHOOK
    if url.startswith("http://") and not hosts.is_local(url, settings.LOCAL_HOSTS):
        hint = "Set AUDIT_WEBHOOK to an https address, or add its host to LOCAL_HOSTS if it is in the building."
        yield "W010", "AUDIT_WEBHOOK sends names and addresses of people without encryption.", hint


def _stores() -> Iterator[tuple[str, str, str]]:
    """Yield the same for what several processes share."""
    is_sqlite = settings.DATABASE["ENGINE"] == env.SQLITE
    if not is_sqlite and not settings.REDIS_URL:
        hint = "Set REDIS_URL, or run one manage.py serve only."
        yield (
            "W007",
            "DATABASE_URL without REDIS_URL: a second web process cannot show the first one's answers.",
            hint,
        )
    if is_sqlite and (kind := folders.network_file_system(Path(settings.DATABASE["NAME"]))):
        hint = "Set DATABASE_URL to a PostgreSQL, or DATA_DIR to a disk of this machine."
        yield "W008", f"SQLite is on a network's file system ({kind}), where its locks may not hold.", hint


@register(Tags.security)
def middleware(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Return errors if Django's protections are not in MIDDLEWARE, directly or as classes derived from them.

    Django's own checks (security.W001 to W003) know them by name only, and ours have other names.
    """
    installed = [import_string(name) for name in settings.MIDDLEWARE]
    missing = [
        needed
        for needed in PROTECTIONS
        if not any(isinstance(one, type) and issubclass(one, needed) for one in installed)
    ]
    hint = "Add it, or a class derived from it, to MIDDLEWARE."
    return [Error(f"{needed.__name__} is not installed.", hint=hint, id="langai.E001") for needed in missing]


@register(Tags.security, deploy=True)
def proxies(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Warn about a missing proxy setting: in production LangAI would take the proxy's address for every visitor's."""
    if not settings.PRODUCTION or settings.TRUSTED_PROXIES:
        return []
    text = "TRUSTED_PROXIES=0: all visitors share one limit of attempts to sign in, the proxy's."
    hint = "Set TRUSTED_PROXIES to the number of proxies that add to X-Forwarded-For, such as 1."
    return [Warning(text, hint=hint, id="langai.W006")]
