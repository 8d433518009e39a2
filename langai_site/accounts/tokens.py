"""Short-lived tokens for people who have a password and no key. Synchronous.

A sign-in creates a family: an access token, and a refresh token that can be used once to get the next two. A refresh
token that is used a second time may have been stolen, so this ends its family. Signing out and a change of the password
end families as well.
"""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from langai_site.accounts import terms
from langai_site.accounts.keys import Credential, UnauthorizedError
from langai_site.accounts.models import TokenFamily, User, hashed
from langai_site.accounts.proofs import Proof, TokenProof
from langai_site.accounts.scopes import ALL
from langai_site.audit.recording import record
from langai_site.errors import LangAIError

ACCESS, REFRESH = "access", "refresh"
# Seconds for which they are valid.
LIFETIMES = {ACCESS: 15 * 60, REFRESH: 24 * 60 * 60}
ALGORITHM, ISSUER = "HS256", "langai"
OVER = "This token is not valid, or has expired. Get a new one at /auth/token."
USED = "This refresh token was used before, so all tokens of its sign-in were ended. Sign in again at /auth/token."


class SecondFactorError(LangAIError):
    code, status = "second_factor", 403


@dataclass(frozen=True)
class Tokens:
    """`access` is for requests, for `expires_in` seconds; `refresh` for new tokens."""

    access: str
    refresh: str
    expires_in: int = LIFETIMES[ACCESS]


def sign_in(request: HttpRequest, username: str, password: str) -> Tokens:
    """Return tokens for a name, or an e-mail address, and its password; failures count as on the sign-in page.

    Raises UnauthorizedError, TooManyError, and SecondFactorError for accounts that a password alone does not open.
    """
    user = get_adapter(request).authenticate(request, username=username.replace("\0", ""), password=password)
    if not isinstance(user, User) or not user.is_active:
        raise UnauthorizedError("The name or password is wrong, or the account is closed.")
    terms.require_nothing_due(user)
    if has_second_factor(user):
        raise SecondFactorError(
            "This account needs more than a password to sign in. Make an API key on its page instead."
        )
    record("sign_in", "user", user.pk, by=user)
    return first_tokens(user)


def first_tokens(user: User) -> Tokens:
    """Return tokens of a new family."""
    secret = secrets.token_urlsafe(32)
    family = TokenFamily.objects.create(user=user, refresh_hash=hashed(secret), expires_at=_end_of_refresh())
    return _made(user, family.pk, secret)


def has_second_factor(user: User) -> bool:
    enabled: bool = is_mfa_enabled(user)
    return enabled


def renewed(refresh: str) -> Tokens:
    """Return new tokens for a refresh token, which works once. Raises UnauthorizedError.

    A second use ends the whole family. Of two uses at once, one gets new tokens, and then the other ends the family.
    """
    claims, user = _opened(refresh, REFRESH)
    secret = secrets.token_urlsafe(32)
    unused = TokenFamily.objects.filter(pk=claims["family"], refresh_hash=hashed(claims["secret"]))
    if not unused.update(refresh_hash=hashed(secret), expires_at=_end_of_refresh()):
        TokenFamily.objects.filter(pk=claims["family"]).delete()
        raise UnauthorizedError(USED)
    return _made(user, UUID(claims["family"]), secret)


def credential_of(access: str) -> Credential:
    """Return the owner of an access token: it allows everything that they may do. Raises UnauthorizedError."""
    claims, user = _opened(access, ACCESS)
    token = TokenProof(UUID(claims["family"]), user.get_session_auth_hash())
    return Credential(user, ALL, Proof(user.pk, token=token))


def sign_out(refresh: str) -> None:
    """End the family of a refresh token, used or not.

    Raises UnauthorizedError for anything that is not a refresh token of ours.
    """
    claims = _claims(refresh)
    if claims["kind"] != REFRESH:
        raise UnauthorizedError(OVER)
    ended, _ = TokenFamily.objects.filter(pk=claims["family"]).delete()
    person = User.objects.filter(pk=int(claims["sub"])).first()
    if ended and person:
        record("sign_out", "user", person.pk, by=person)


def sign_out_everywhere(user_id: int) -> None:
    """End all tokens of a person."""
    TokenFamily.objects.filter(user=user_id).delete()


def discard_expired() -> None:
    """Delete the families whose last refresh token has expired. A nightly job."""
    TokenFamily.objects.filter(expires_at__lt=timezone.now()).delete()


def _end_of_refresh() -> Any:  # noqa: ANN401 - a moment
    return timezone.now() + timedelta(seconds=LIFETIMES[REFRESH])


def _made(user: User, family: UUID, secret: str) -> Tokens:
    own = {"family": str(family)}
    return Tokens(_token(user, ACCESS, own), _token(user, REFRESH, own | {"secret": secret}))


def _token(user: User, kind: str, own: dict[str, str]) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": str(user.pk), "kind": kind, "iat": now, "exp": now + LIFETIMES[kind]}
    return jwt.encode(claims | own | {"state": _state(user)}, _key(), ALGORITHM)


def _opened(token: str, kind: str) -> tuple[dict[str, Any], User]:
    """Return the token's claims and its person. Raises UnauthorizedError."""
    claims = _claims(token)
    if claims["kind"] != kind:
        raise UnauthorizedError(OVER)
    # One query: the family must exist and belong to this person.
    found = User.objects.filter(pk=int(claims["sub"]), is_active=True, token_families=claims["family"]).first()
    if found is None or not hmac.compare_digest(claims["state"], _state(found)) or has_second_factor(found):
        raise UnauthorizedError(OVER)
    terms.require_nothing_due(found)
    return claims, found


def _claims(token: str) -> dict[str, Any]:
    needed = ["exp", "sub", "kind", "state", "family"]
    try:
        return jwt.decode(token, _key(), [ALGORITHM], issuer=ISSUER, options={"require": needed})
    except jwt.InvalidTokenError:
        raise UnauthorizedError(OVER) from None


def _state(user: User) -> str:
    """Return a value that changes with the password, just as sessions end with it."""
    return hashlib.sha256(user.get_session_auth_hash().encode()).hexdigest()[:32]


def _key() -> bytes:
    return _derived(settings.SECRET_KEY)


@lru_cache(maxsize=1)
def _derived(secret: str) -> bytes:
    return hashlib.sha256(f"api tokens:{secret}".encode()).digest()
