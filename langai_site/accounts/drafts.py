"""Whose drafts a page may show: browsers keep what people have written and not sent (static/drafts.js).

A page names their owner: a value that stands for the person, after a generation that is another one each time somebody
signs out in that browser. So a session that merely ends takes no draft away, and signing out takes all.
"""

import re
import secrets

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.functional import SimpleLazyObject

from langai_site.accounts.models import User

COOKIE, SALT = "langai_drafts", "langai.accounts.drafts"
LIFETIME = 60 * 60 * 24 * 365
_GENERATION = re.compile(r"[\w-]{1,32}", re.ASCII)


def owner(request: HttpRequest) -> dict[str, str]:
    """Context of templates: `drafts_of`, the beginning of the names of drafts that may stay in this browser.

    Where nobody is signed in, or the page did not ask, those of everybody in this generation. Reads no database.
    """
    person = _known(request)
    return {"drafts_of": f"{_generation(request)}.{_value(person)}." if person else f"{_generation(request)}."}


def _known(request: HttpRequest) -> User | None:
    user = vars(request).get("user")
    if isinstance(user, SimpleLazyObject):
        user = getattr(request, "_cached_user", None)
    return user if isinstance(user, User) else None


def _generation(request: HttpRequest) -> str:
    given = request.COOKIES.get(COOKIE, "")
    return given if _GENERATION.fullmatch(given) else ""


def _value(user: User) -> str:
    return salted_hmac(SALT, str(user.pk), algorithm="sha256").hexdigest()[:24]


def forget(request: HttpRequest, **_signal: object) -> None:
    """Have the answer to this request begin a new generation. Receives a signal."""
    request.drafts_forgotten = True  # type: ignore[attr-defined]


def write_cookie(request: HttpRequest, response: HttpResponseBase) -> None:
    """Add what `forget` asked for to the answer."""
    if hasattr(request, "drafts_forgotten"):
        response.set_cookie(
            COOKIE,
            secrets.token_urlsafe(12),
            max_age=LIFETIME,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
