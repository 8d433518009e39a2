"""Rate limits: for a person, or for an address if nobody is signed in.

Counts are kept in the cache, shared by all web processes if it is Redis, in windows of fixed length that begin at a
different time for each person. While the cache is unavailable, nothing is counted and everything is allowed.
"""

from collections.abc import Callable
from typing import TypeVar

from allauth.core.internal.ratelimit import get_ip
from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_ratelimit.core import get_usage

from langai_site.accounts.models import User
from langai_site.database.caches import Breaker
from langai_site.errors import TooManyError
from langai_site.web.error_middleware import error_response

View = TypeVar("View", bound=Callable[..., object])

# Groups that are counted separately.
POSTS, PAGES, PREVIEWS, SOCKETS = "posts", "pages", "previews", "sockets"
# Requests of programs, by purpose, each with the setting that has its rate.
API, API_CHAT, API_STREAM = "api", "api chat", "api stream"
API_RATES = {API: "RATE_LIMIT_PER_MINUTE", API_CHAT: "RATE_LIMIT_CHAT", API_STREAM: "RATE_LIMIT_STREAM"}
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
# How long this version of allauth counts attempts, except those to sign in.
ATTEMPTS_SECONDS = 60

TOO_MUCH = gettext_lazy("You sent too much at once.")
REASONS = {PAGES: gettext_lazy("You opened too many pages in a short time.")}


def _hours(number: int) -> str:
    return ngettext("%(number)d hour", "%(number)d hours", number)


def _minutes(number: int) -> str:
    return ngettext("%(number)d minute", "%(number)d minutes", number)


def _seconds(number: int) -> str:
    return ngettext("%(number)d second", "%(number)d seconds", number)


UNITS = ((60 * 60, _hours), (60, _minutes), (1, _seconds))

# A separate breaker, because counting continues while other uses of the cache fail.
breaker = Breaker("nothing is limited: the cache that counts is away")


def waits() -> bool:
    """Return whether counting waits for a network; then it must not run in the event loop or on the writer's thread."""
    return bool(settings.REDIS_URL)


def person(user: User) -> str:
    """Return the key that `count` uses for a signed-in person."""
    return f"user {user.pk}"


def visitor(request: HttpRequest) -> str:
    """Return the key for an unknown visitor: the address as TRUSTED_PROXIES saw it; for IPv6, its network."""
    return f"address {get_ip(request)}"


def count(group: str, rate: str, who: str) -> None:
    """Count one more of `group` for `who`.

    Raises TooManyError if that exceeds `rate`, such as "60/m"; "" means no limit.
    """
    usage = _usage(group, rate, who) if rate else None
    if usage and usage["should_limit"]:
        seconds = max(1, usage["time_left"])
        reason = REASONS.get(group, TOO_MUCH)
        raise TooManyError(
            _("%(reason)s Wait %(time)s, then try again.") % {"reason": reason, "time": spoken(seconds)},
            retry_after=seconds,
        )


def spoken(seconds: int) -> str:
    """Return a duration in words, rounded up: 90 seconds, 2 minutes, 3 hours."""
    size, words = next((known for known in UNITS if seconds >= 2 * known[0]), UNITS[-1])
    number = -(-seconds // size)
    return words(number) % {"number": number}


async def acount(group: str, rate: str, who: str) -> None:
    """Call `count` from the event loop: directly if the cache is this process's memory, otherwise on a thread."""
    if waits():
        await sync_to_async(count, thread_sensitive=False)(group, rate, who)
    else:
        count(group, rate, who)


async def count_request(group: str, who: str) -> None:
    """Count a program's request in one of API_RATES. Raises TooManyError."""
    await acount(group, getattr(settings, API_RATES[group]), who)


def _usage(group: str, rate: str, who: str) -> dict[str, int] | None:
    """Return django-ratelimit's count for `who`, including this request; None if the cache is unavailable."""
    if not breaker.lets_through():
        return None
    try:
        usage: dict[str, int] | None = get_usage(None, group=group, key=lambda *_: who, rate=rate, increment=True)
    except Exception as error:  # the cache's client may raise any exception
        breaker.failed(error)
        return None
    breaker.worked()
    return usage


def unlimited(reason: str) -> Callable[[View], View]:
    """Decorate a view whose posts are not counted, giving the reason."""

    def mark(view: View) -> View:
        view.unlimited = reason  # type: ignore[attr-defined]
        return view

    return mark


def costly(view: View) -> View:
    """Decorate a view whose pages are counted too, because reading or drawing one takes the server a while."""
    view.costly = True  # type: ignore[attr-defined]
    return view


def counted_as_page(view: View) -> View:
    """Decorate a view whose posts come as often as pages: they have the rate of pages, and a separate count."""
    view.counted_as_page = True  # type: ignore[attr-defined]
    return view


def is_due(request: HttpRequest) -> bool:
    """Return whether this request still has to be counted: it posts something, or requests a costly page."""
    view = request.resolver_match and request.resolver_match.func
    counts = hasattr(view, "costly") if request.method in SAFE else not hasattr(view, "unlimited")
    return counts and not hasattr(request, "counted")


def count_once(request: HttpRequest, who: str) -> None:
    """Count posts and costly pages, separately and once a request. Raises TooManyError."""
    if not is_due(request):
        return
    request.counted = True  # type: ignore[attr-defined]
    if request.method in SAFE:
        count(PAGES, settings.RATE_LIMIT_PAGES, who)
    elif hasattr(request.resolver_match and request.resolver_match.func, "counted_as_page"):
        count(PREVIEWS, settings.RATE_LIMIT_PAGES, who)
    else:
        count(POSTS, settings.RATE_LIMIT_PER_MINUTE, who)


def too_many_attempts(request: HttpRequest) -> HttpResponse:
    """Return the response for used-up limits of allauth itself, such as that for changing passwords."""
    text = _("There have been too many attempts. Wait a minute, then try again.")
    return error_response(request, TooManyError(text, retry_after=ATTEMPTS_SECONDS))
