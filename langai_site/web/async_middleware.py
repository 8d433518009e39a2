"""Django's and django-csp's middleware without a hop to a thread when there is nothing to wait for.

Under ASGI each of them would pass its few header lines to a thread and back, twice a request; together that takes
more time than the rest of a chat's post. Work that may read a database, or a long upload, still goes to the thread.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

from langai_site.web.long_bodies import is_long, is_multipart

View = Callable[..., Any]
Answer = HttpResponseBase | None


class InLoop(MiddlewareMixin):
    """Calls a middleware's methods in the event loop; `waits` and `view_waits` say when to use a thread instead."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        if self.async_mode and hasattr(self, "process_view"):
            # Django runs a method that is not a coroutine on a thread.
            self.__dict__["process_view"] = self._process_view

    def waits(self, request: HttpRequest, response: HttpResponseBase) -> bool:
        """Return whether `process_response` may read or write something."""
        return False

    def view_waits(self, request: HttpRequest, view: View) -> bool:
        """Return whether `process_view` may read or write something."""
        return False

    async def _process_view(self, request: HttpRequest, view: View, args: object, kwargs: object) -> Answer:
        process: Callable[[], Answer] = partial(type(self).process_view, self, request, view, args, kwargs)  # type: ignore[attr-defined]
        return await sync_to_async(process)() if self.view_waits(request, view) else process()

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        before, after = getattr(self, "process_request", None), getattr(self, "process_response", None)
        early: Answer = before(request) if before else None
        response: HttpResponseBase = early or await self.get_response(request)  # type: ignore[misc]
        if after is not None:
            response = (
                await sync_to_async(after)(request, response)
                if self.waits(request, response)
                else after(request, response)
            )
        return response


class Security(InLoop, SecurityMiddleware):
    pass


class ContentSecurityPolicy(InLoop, CSPMiddleware):
    pass


class Sessions(InLoop, SessionMiddleware):
    def waits(self, request: HttpRequest, response: HttpResponseBase) -> bool:
        return bool(request.session.modified)


class Common(InLoop, CommonMiddleware):
    pass


class Csrf(InLoop, CsrfViewMiddleware):
    def view_waits(self, request: HttpRequest, view: View) -> bool:
        """Return whether the body is long: the token is searched in it, and the view later finds it parsed."""
        return is_multipart(request) or is_long(request)


class Authentication(InLoop, AuthenticationMiddleware):
    pass


class LoginRequired(InLoop, LoginRequiredMiddleware):
    """Avoids the database read of Django's middleware for views that let everybody in, or check by themselves."""

    def process_view(self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Answer:
        return super().process_view(request, view, args, kwargs) if self.view_waits(request, view) else None

    def view_waits(self, request: HttpRequest, view: View) -> bool:
        return getattr(view, "login_required", True)


class Messages(InLoop, MessageMiddleware):
    def waits(self, request: HttpRequest, response: HttpResponseBase) -> bool:
        """Return whether messages were read or added: this changes what the session or a cookie stores of them."""
        storage = getattr(request, "_messages", None)
        return storage is not None and (storage.used or storage.added_new)


class FrameOptions(InLoop, XFrameOptionsMiddleware):
    pass
