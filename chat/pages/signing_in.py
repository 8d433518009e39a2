"""A page that asks for a sign-in, then comes back."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from langai_site.accounts.session import SignedOutError, by_person

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], Coroutine[Any, Any, HttpResponseBase]]


def page_of_person(view: Page[P]) -> Page[P]:
    """Decorate a view that finds the person with `as_user`: a page leads to the sign-in, and back after it."""

    @wraps(view)
    async def asked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return await view(request, *args, **kwargs)
        except SignedOutError:
            if request.htmx or request.method != "GET":  # type: ignore[attr-defined]
                raise
            return redirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")

    return by_person(asked)
