"""Recognises devices where a person has signed in before, by a signed cookie in their browser.

Guessing passwords elsewhere cannot lock an account out on these devices. For each account the cookie holds a proof
that depends on the password, so changing the password makes every device unknown again.
"""

import hmac
import secrets
from dataclasses import dataclass, field

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from langai_site.accounts.models import User, hashed

COOKIE, SALT = "langai_device", "langai.accounts.device"
LIFETIME = 60 * 60 * 24 * 365
# The maximum number of accounts that one browser is remembered for; another one replaces the oldest.
ACCOUNTS = 10


@dataclass(frozen=True)
class Device:
    """A browser: a random id, and a proof for each account that signed in on it, oldest first."""

    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    proofs: dict[str, str] = field(default_factory=dict)

    def knows(self, user: User) -> bool:
        return hmac.compare_digest(self.proofs.get(str(user.pk), ""), _proof(user))


def device_of(request: HttpRequest) -> Device:
    """Return the device that the request came from; a new one if it has no cookie of ours."""
    try:
        known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return Device()
    return Device(known["id"], known["proofs"])


def remember(request: HttpRequest, user: User, **_signal: object) -> None:
    """Make the device of this request known for `user`, with the response. A signal receiver."""
    request.known_on_device = user  # type: ignore[attr-defined]


def write_cookie(request: HttpRequest, response: HttpResponseBase) -> None:
    """Add the cookie that `remember` requested to the response."""
    user: User | None = getattr(request, "known_on_device", None)
    if user is None:
        return
    device, account = device_of(request), str(user.pk)
    others = [(other, proof) for other, proof in device.proofs.items() if other != account]
    proofs = dict([*others[1 - ACCOUNTS :], (account, _proof(user))])
    response.set_cookie(
        COOKIE,
        signing.dumps({"id": device.id, "proofs": proofs}, salt=SALT),
        max_age=LIFETIME,
        path="/accounts/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _proof(user: User) -> str:
    return hashed(user.get_session_auth_hash())[:32]
