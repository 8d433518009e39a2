"""Finds the signed-in person in the same thread hop as the work that needs them."""

from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy

from langai_site.accounts import limits, terms
from langai_site.accounts.drafts import known_person
from langai_site.accounts.models import User
from langai_site.audit.recording import acts
from langai_site.database.writer import in_database_thread
from langai_site.errors import LangAIError
from langai_site.web import languages

P = ParamSpec("P")
T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., HttpResponseBase | Awaitable[HttpResponseBase]])


# In the words of static/socket.js, so that a page does not say it twice.
SIGNED_OUT = gettext_lazy("You are signed out here. What you were writing is kept.")


class SignedOutError(LangAIError):
    code, status, link = "signed_out", 401, ("account_login", gettext_lazy("Sign in again"))


def signed_in(request: HttpRequest) -> User:
    """Return the request's person and keep them as `request.user`. Reads the database.

    Raises SignedOutError and DueError.
    """
    return _required(_found(request))


def _found(request: HttpRequest) -> User | None:
    user = get_user(request)
    if not isinstance(user, User):
        return None
    request.user = user
    acts(user)
    languages.speak(request, user)
    return user


def _required(user: User | None) -> User:
    if user is None:
        raise SignedOutError(SIGNED_OUT)
    terms.require_nothing_due(user)
    return user


def by_person(view: View) -> View:
    """Decorate a view that no middleware stops: it finds the person with `as_user`, which counts the request."""
    view.asks_itself = True  # type: ignore[attr-defined]
    return login_not_required(view)


def asks_itself(view: Callable[..., object]) -> bool:
    """Return whether `by_person` decorates the view."""
    return hasattr(view, "asks_itself")


async def as_user(
    request: HttpRequest, work: Callable[Concatenate[User, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run `work(user, *args)` for the signed-in person, in one hop to the writer thread.

    Posts and costly pages are counted first. If counting waits for a network, it takes a separate thread and hop.
    Raises SignedOutError, DueError and TooManyError.
    """
    try:
        if not (limits.waits() and limits.is_due(request)):
            return await in_database_thread(lambda: work(_counted(request, _found(request)), *args, **kwargs))
        found = await in_database_thread(_found, request)
        user = await sync_to_async(_counted, thread_sensitive=False)(request, found)
        return await in_database_thread(work, user, *args, **kwargs)
    finally:
        # The thread spoke the person's language; what the view or an error page draws now must do so too.
        if person := known_person(request):
            languages.speak(request, person)


def _counted(request: HttpRequest, found: User | None) -> User:
    limits.count_once(request, limits.person(found) if found else limits.visitor(request))
    return _required(found)
