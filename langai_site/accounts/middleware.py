"""Middleware for all pages: counts posts and costly pages, and remembers devices where people sign in."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from langai_site.accounts import devices, drafts, limits
from langai_site.accounts.session import asks_itself
from langai_site.errors import TooManyError
from langai_site.web.async_middleware import InLoop, View
from langai_site.web.error_middleware import error_response


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
