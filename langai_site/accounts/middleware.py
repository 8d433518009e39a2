"""Middleware for all pages.

It speaks a person's language, counts posts and costly pages, remembers devices, and asks for proof of who somebody is.
"""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import suspend_request
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from langai_site.accounts import devices, drafts, limits, reauthentication
from langai_site.accounts.due import DueError
from langai_site.accounts.models import User
from langai_site.accounts.second_factor import SecondFactorDueError
from langai_site.accounts.session import asks_itself
from langai_site.accounts.terms import TermsDueError
from langai_site.audit.recording import acts
from langai_site.errors import TooManyError
from langai_site.web import languages
from langai_site.web.async_middleware import InLoop, View
from langai_site.web.error_middleware import error_response, is_program


class PersonsLanguage(InLoop):
    """Answers in the person's language. `LoginRequired` has read who is signed in; `signed_in` does it elsewhere."""

    def process_view(self, request: HttpRequest, view: View, args: object, kwargs: object) -> None:
        if person := drafts.known_person(request):
            languages.speak(request, person)


class PostLimits(InLoop):
    """Refuses requests above their rate: by person, or by address if a view lets everybody in."""

    def process_view(self, request: HttpRequest, view: View, args: object, kwargs: object) -> HttpResponse | None:
        if not self.view_waits(request, view):
            return None
        signed_in = getattr(view, "login_required", True)
        try:
            limits.count_once(request, limits.person(request.user) if signed_in else limits.visitor(request))  # type: ignore[arg-type]
        except TooManyError as error:
            return error_response(request, error)
        return None

    def view_waits(self, request: HttpRequest, view: View) -> bool:
        """Return whether the view may wait: the cache may be a server, and a refusing page may read the session."""
        return limits.is_due(request) and not asks_itself(view)


class KnownDevices(InLoop):
    """Sets the cookies by which a browser later shows that a person has signed in, or out, in it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        devices.write_cookie(request, response)
        drafts.write_cookie(request, response)
        return response


class ProvenPeople(InLoop):
    """Lets people with something due reach only its pages; asks for proof before dangerous acts.

    `LoginRequired` has read who is signed in by then, so nothing waits here. Views that find the person themselves
    raise DueError. Due are a second factor that a team requires, and new terms of use.
    """

    # Besides the pages of the second factor itself.
    REACHABLE = frozenset(
        {
            *("account_logout", "account_reauthenticate", "account_login", "account_change_password"),
            *("accounts:theme", "accounts:sessions", "accounts:sign-out-everywhere", "accounts:end-session"),
        }
    )

    def process_view(self, request: HttpRequest, view: View, args: object, kwargs: object) -> HttpResponse | None:
        user = request.user if getattr(view, "login_required", True) else None
        if not isinstance(user, User) or not user.is_authenticated:
            return None
        acts(user)
        name = request.resolver_match.view_name if request.resolver_match else ""
        if user.second_factor_due and not (name in self.REACHABLE or name.startswith("mfa_")):
            return self.process_exception(request, SecondFactorDueError())
        if user.terms_due and not (name in self.REACHABLE or name.startswith(("mfa_", "accounts:terms"))):
            return self.process_exception(request, TermsDueError())
        if not reauthentication.is_guarded(request) or reauthentication.is_recent(request, user):
            return None
        methods = get_adapter().get_reauthentication_methods(user)
        # Somebody who signs in elsewhere only has proved who they are there.
        return suspend_request(request, methods[0]["url"]) if methods else None

    def view_waits(self, request: HttpRequest, view: View) -> bool:
        """Return whether it may have to be read how the person can prove who they are."""
        return reauthentication.is_guarded(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Lead somebody who opens a page to what they have to do first."""
        if not isinstance(exception, DueError):
            return None
        opens_page = request.method == "GET" and not getattr(request, "htmx", False) and not is_program(request)
        if not opens_page:
            return error_response(request, exception)
        back = f"?{urlencode({'next': request.get_full_path()})}" if exception.goes_on else ""
        return redirect(f"{reverse(exception.page)}{back}")
