"""The page on which owners of a collection see what it does not answer. It only calls services."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.gaps import access
from chat.gaps.clustering import MOST_PRIVATE
from langai_site.accounts.limits import costly
from langai_site.accounts.session import signed_in


@require_safe
@costly
def collection(request: HttpRequest, collection: int) -> HttpResponse:
    """List the open knowledge gaps of a collection."""
    found = access.of_collection(signed_in(request), collection)
    return render(request, "chat/gaps.html", {"found": found, "least": MOST_PRIVATE})


@require_POST
def test(request: HttpRequest, collection: int, gap: int) -> HttpResponse:
    """Have a group of questions tested again."""
    access.request_test(signed_in(request), collection, gap)
    messages.success(request, _("The questions are tested within a minute. Reload this page then."))
    return redirect("chat:gaps", collection)


@require_POST
def dismiss(request: HttpRequest, collection: int, gap: int) -> HttpResponse:
    """Put a group of questions aside."""
    access.dismiss(signed_in(request), collection, gap)
    messages.success(request, _("These questions are put aside."))
    return redirect("chat:gaps", collection)
