"""The pages on which a person deletes their account, and reads the receipt afterwards."""

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from langai_site.accounts import holds, leaving
from langai_site.accounts.session import signed_in
from langai_site.errors import LangAIError


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def delete(request: HttpRequest) -> HttpResponse:
    """Show what a deletion removes, and begin it."""
    user = signed_in(request)
    problem, status = "", 200
    if request.method == "POST":
        typed, heir = (request.POST.get(name, "").strip() for name in ("username", "heir"))
        try:
            token = leaving.request(user, username=typed, heir=heir)
        except LangAIError as error:
            problem, status = error.message, error.status
        else:
            logout(request)
            return redirect("accounts:deleted", token)
    holdings = leaving.holdings(user.pk)
    context = {
        "holdings": holdings,
        "has_collections": any("collections" in holding.words for holding in holdings),
        "contact": holds.of_person(user.pk),
        "is_possible": leaving.is_possible(user),
        "problem": problem,
        "heir": request.POST.get("heir", ""),
    }
    return render(request, "accounts/delete.html", context, status=status)


@require_safe
@never_cache
@login_not_required
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """Show how far the deletion is, and what was removed, to those who have its address."""
    deletion = leaving.receipt(token)
    contact = holds.of_person(deletion.person_id) if deletion.person_id else None
    context = {"deletion": deletion, "address": request.path, "contact": contact}
    return render(request, "accounts/deleted.html", context)
