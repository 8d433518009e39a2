"""Short-lived tokens for who has a password and no key: signed, kept nowhere, ended by a change of the password."""

import hashlib
import hmac
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from allauth import app_settings as allauth_settings
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest

from langai_site.accounts.keys import Credential, Unauthorized
from langai_site.accounts.models import User
from langai_site.accounts.scopes import ALL
from langai_site.errors import LangAIError

ACCESS, REFRESH = "access", "refresh"
# Seconds for which they are valid.
LIFETIMES = {ACCESS: 15 * 60, REFRESH: 24 * 60 * 60}
ALGORITHM, ISSUER = "HS256", "langai"
OVER = "This token is not valid, or not any more. Get a new one at /auth/token."


class SecondFactor(LangAIError):
    code, status = "second_factor", 403


@dataclass(frozen=True)
class Tokens:
    """`access` is for requests, for `expires_in` seconds; `refresh` for new tokens."""

    access: str
    refresh: str
    expires_in: int = LIFETIMES[ACCESS]


def sign_in(request: HttpRequest, username: str, password: str) -> Tokens:
    """Tokens for a name, or an e-mail address, and its password; failed attempts are counted as on the page.

    Raises Unauthorized, TooMany, and SecondFactor for accounts that are not opened by a password alone.
    """
    user = get_adapter(request).authenticate(request, username=username.replace("\0", ""), password=password)
    if not isinstance(user, User) or not user.is_active:
        raise Unauthorized("Name or password is wrong, or the account is closed.")
    if has_second_factor(user):
        raise SecondFactor("This account is opened by more than a password. Make an API key on its page instead.")
    return _made(user)


def has_second_factor(user: User) -> bool:
    if not allauth_settings.MFA_ENABLED:
        return False
    from allauth.mfa.utils import is_mfa_enabled

    return is_mfa_enabled(user)


def renewed(refresh: str) -> Tokens:
    """New tokens for a refresh token. Raises Unauthorized."""
    return _made(_person(refresh, REFRESH))


def credential_of(access: str) -> Credential:
    """Whom an access token belongs to: it may be used for all that they may. Raises Unauthorized."""
    return Credential(_person(access, ACCESS), ALL)


def _made(user: User) -> Tokens:
    return Tokens(_token(user, ACCESS), _token(user, REFRESH))


def _token(user: User, kind: str) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": str(user.pk), "kind": kind, "iat": now, "exp": now + LIFETIMES[kind]}
    return jwt.encode(claims | {"state": _state(user)}, _key(), ALGORITHM)


def _person(token: str, kind: str) -> User:
    claims = _claims(token)
    if claims.get("kind") != kind:
        raise Unauthorized(OVER)
    user = User.objects.filter(pk=int(claims["sub"]), is_active=True).first()
    if user is None or not hmac.compare_digest(claims["state"], _state(user)) or has_second_factor(user):
        raise Unauthorized(OVER)
    return user


def _claims(token: str) -> dict[str, Any]:
    needed = ["exp", "sub", "kind", "state"]
    try:
        return jwt.decode(token, _key(), [ALGORITHM], issuer=ISSUER, options={"require": needed})
    except jwt.InvalidTokenError:
        raise Unauthorized(OVER) from None


def _state(user: User) -> str:
    """Changes with the password, as sessions end with it."""
    return hashlib.sha256(user.get_session_auth_hash().encode()).hexdigest()[:32]


def _key() -> bytes:
    return _derived(settings.SECRET_KEY)


@lru_cache(maxsize=1)
def _derived(secret: str) -> bytes:
    return hashlib.sha256(f"api tokens:{secret}".encode()).digest()
