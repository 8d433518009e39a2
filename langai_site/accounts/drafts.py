"""Says whose drafts a page may show: browsers keep what people have written but not sent (static/app.js).

A page names the owner of drafts: a value for the person, prefixed by a generation that changes each time a person signs
out in that browser. So a session that merely expires removes no draft, and signing out removes all.
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
    """Return the template variable `drafts_of`: the prefix of the names of drafts that may stay in this browser.

    If nobody is signed in, or the page did not check, it covers everybody's drafts of this generation. Reads no
    database.
    """
    person = known_person(request)
    return {"drafts_of": f"{_generation(request)}.{_value(person)}." if person else f"{_generation(request)}."}


def known_person(request: HttpRequest) -> User | None:
    """Return the signed-in person if the page has found them already. Reads no database."""
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
    """Begin a new generation with the response to this request. A signal receiver."""
    request.drafts_forgotten = True  # type: ignore[attr-defined]


def write_cookie(request: HttpRequest, response: HttpResponseBase) -> None:
    """Add the cookie that `forget` requested to the response."""
    if hasattr(request, "drafts_forgotten"):
        response.set_cookie(
            COOKIE,
            secrets.token_urlsafe(12),
            max_age=LIFETIME,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
