"""The page with the terms of use, where people accept them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from langai_site.accounts import terms
from langai_site.accounts.models import User
from langai_site.errors import ConflictError


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def terms_of_use(request: HttpRequest) -> HttpResponse:
    """Show the terms in force; a post accepts them and goes on to where the person was."""
    user = request.user
    assert isinstance(user, User)
    problem, status = "", 200
    if request.method == "POST":
        shown = request.POST.get("terms", "")
        try:
            terms.accept(user, int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 10 else 0)
        except ConflictError as error:
            problem, status = error.shown, error.status
        else:
            return redirect(_next(request, request.POST.get("next", "")))
    context = {"terms": terms.in_force(), "is_due": user.terms_due, "problem": problem}
    context["next"] = request.POST.get("next") or request.GET.get("next", "")
    return render(request, "accounts/terms.html", context, status=status)


def _next(request: HttpRequest, address: str) -> str:
    """Return an address of this site; another one leads to a new chat."""
    allowed = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if allowed and address else "/"
