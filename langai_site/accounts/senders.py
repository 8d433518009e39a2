"""Identifies the sender of a request by its headers, before the body is read.

The rules are those of the API's doors and of sessions; this module only applies them earlier.
"""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from langai_site.accounts import doors, limits
from langai_site.accounts.keys import Credential, UnauthorizedError
from langai_site.accounts.scopes import ALL
from langai_site.accounts.session import SignedOutError, signed_in
from langai_site.database.writer import healed
from langai_site.request_id import carried
from langai_site.web.api_errors import NOBODY

Check = Callable[[Credential], None]

SIGNED_OUT = gettext_lazy("You are signed out. Sign in, then send it again.")
# Separate threads: strangers who try to upload must not delay the chat's database work.
_threads = ThreadPoolExecutor(2, thread_name_prefix="senders")
_sessions = SessionMiddleware(lambda request: HttpResponse())


async def sender_of(request: HttpRequest, check: Check) -> str | None:
    """Return the name that the sender is counted by, such as "user 5", once `check` has accepted them.

    `request` needs headers only. None if it shows neither a session, a key nor a token. Raises UnauthorizedError or
    SignedOutError for an invalid one; each is counted by address, so TooManyError after too many of them.
    """
    if not _shows_anything(request):
        return None
    try:
        return await asyncio.get_running_loop().run_in_executor(
            _threads, carried(lambda: healed(_proven, request, check))
        )
    except (UnauthorizedError, SignedOutError):
        await limits.count_request(limits.API, limits.visitor(request))
        raise


def _shows_anything(request: HttpRequest) -> bool:
    """Return whether it shows a credential.

    The API's doors ignore the session of a request with an Authorization header.
    """
    if _is_api(request) and "Authorization" in request.headers:
        return bool(_bearer(request))
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def _is_api(request: HttpRequest) -> bool:
    return bool(re.match(settings.API_PATHS, request.path))


def _bearer(request: HttpRequest) -> str:
    """Return the bearer credential of an API request; "" for pages, which only accept a session."""
    return doors.bearer(request) if _is_api(request) else ""


def _proven(request: HttpRequest, check: Check) -> str:
    credential = _credential(request)
    check(credential)
    return limits.person(credential.user)


def _credential(request: HttpRequest) -> Credential:
    if shown := _bearer(request):
        return doors.credential_of(shown)
    _sessions.process_request(request)
    try:
        return Credential(signed_in(request), ALL)
    except SignedOutError:
        raise (UnauthorizedError(NOBODY) if _is_api(request) else SignedOutError(SIGNED_OUT)) from None
