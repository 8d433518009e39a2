"""Authenticates requests to the API: by a key, a token, or the session of a signed-in person."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from langai_site.accounts import keys, limits, terms, tokens
from langai_site.accounts.keys import Credential, UnauthorizedError
from langai_site.accounts.models import User
from langai_site.accounts.proofs import Proof
from langai_site.accounts.scopes import ALL, Scope
from langai_site.accounts.sign_ins import sign_in_of
from langai_site.audit.recording import acts
from langai_site.database.writer import in_database_thread
from langai_site.errors import ForbiddenError
from langai_site.web.long_bodies import is_long, is_multipart, off_loop, read_ahead
from langai_site.web.stated_labels import refuse_unknown


def bearer(request: HttpRequest) -> str:
    """Return the API key or token that a request shows; "" if it shows none."""
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    return shown.strip() if scheme.lower() == "bearer" else ""


def credential_of(shown: str) -> Credential:
    """Return whom an API key or token belongs to. Synchronous. Raises UnauthorizedError."""
    return keys.credential_of(shown) if shown.startswith(keys.PREFIX) else tokens.credential_of(shown)


def require_scope(credential: Credential, scope: Scope) -> None:
    """Raise ForbiddenError if the credential was not made for `scope`."""
    if scope not in credential.scopes:
        raise ForbiddenError(f"This key does not have the scope “{scope}”.")


class ApiKeyOrToken(HttpBearer):
    """`Authorization: Bearer` with an API key, or with a token of POST /auth/token."""

    def __init__(self, scope: Scope, group: str) -> None:
        super().__init__()
        self.scope, self.group = scope, group

    async def __call__(self, request: HttpRequest) -> Credential | None:
        shown = bearer(request)
        return await self.authenticate(request, shown) if shown else None

    async def authenticate(self, request: HttpRequest, token: str) -> Credential:
        try:
            credential = await in_database_thread(credential_of, token)
        except UnauthorizedError:
            # Failed attempts count by address.
            await limits.count_request(limits.API, limits.visitor(request))
            raise
        return await entered(request, credential, self.scope, self.group)


class SignedIn(APIKeyCookie):
    """The session of a page; requests that change something also need the header X-CSRFToken."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self, scope: Scope, group: str) -> None:
        super().__init__()
        self.scope, self.group = scope, group

    async def __call__(self, request: HttpRequest) -> Credential | None:
        if "Authorization" in request.headers or self.param_name not in request.COOKIES:
            return None
        return await self.authenticate(request, None)

    async def authenticate(self, request: HttpRequest, key: str | None) -> Credential | None:
        user = await in_database_thread(get_user, request)
        if not isinstance(user, User):
            return None
        terms.require_nothing_due(user)
        await _refuse_forged(request)
        proof = Proof(user.pk, session=sign_in_of(user, request.session.session_key))
        return await entered(request, Credential(user, ALL, proof), self.scope, self.group)


async def _refuse_forged(request: HttpRequest) -> None:
    """Raise ForbiddenError for a request that another site made a browser send."""
    takes_time = is_multipart(request) or is_long(request)
    forged = await off_loop(request, lambda: check_csrf(request)) if takes_time else check_csrf(request)
    if forged:
        raise ForbiddenError("The header X-CSRFToken is missing or wrong. Send the value of the cookie csrftoken.")


async def entered(request: HttpRequest, credential: Credential, scope: Scope, group: str) -> Credential:
    """Return the credential after counting the request, checking its scopes and parsing a long body.

    Raises TooManyError, ForbiddenError, and InvalidError for an attempt to state a label that states none.
    """
    await limits.count_request(group, limits.person(credential.user))
    require_scope(credential, scope)
    refuse_unknown(request.headers, request.GET)
    await read_ahead(request)
    request.user = credential.user
    acts(credential.user)
    return credential


def door(scope: Scope, group: str = limits.API) -> list[Any]:
    """Return the `auth` of an API operation for everybody whose key, token or session has `scope`.

    Its requests are counted in `group`.
    """
    return [ApiKeyOrToken(scope, group), SignedIn(scope, group)]


async def anybody(request: HttpRequest) -> bool:
    """Admit everybody: the `auth` of a public operation, counted by address. Raises TooManyError."""
    await limits.count_request(limits.API, limits.visitor(request))
    return True


def person_of(request: HttpRequest) -> User:
    """Return the person who was authenticated."""
    credential: Credential = request.auth  # type: ignore[attr-defined]
    return credential.user


def proof_of(request: HttpRequest) -> Proof:
    """Return the credential of the request: a long answer continues only while the credential is valid."""
    credential: Credential = request.auth  # type: ignore[attr-defined]
    return credential.proof or Proof(credential.user.pk)
