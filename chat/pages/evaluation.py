"""The page with the test cases of a collection, and the action that keeps one. It only calls services."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.evaluation import cases
from langai_site.accounts.limits import costly
from langai_site.accounts.session import signed_in


@require_POST
def keep(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Keep the question of an answer as a test case."""
    case = cases.keep(signed_in(request), reply)
    messages.success(request, _("The question is kept with the documents that the answer cites."))
    return redirect("chat:eval-cases", case.collection_id)


@require_safe
@costly
def collection(request: HttpRequest, collection: int) -> HttpResponse:
    """List the test cases of a collection with what the last run found."""
    found = cases.of_collection(signed_in(request), collection)
    return render(request, "chat/eval_cases.html", {"found": found})


@require_POST
def run(request: HttpRequest, collection: int) -> HttpResponse:
    """Have the test cases of a collection run."""
    cases.request_run(signed_in(request), collection)
    messages.success(request, _("The test cases run within a minute. Reload this page then."))
    return redirect("chat:eval-cases", collection)


@require_POST
def remove(request: HttpRequest, case: int) -> HttpResponse:
    """Remove a test case."""
    collection = cases.remove(signed_in(request), case)
    messages.success(request, _("The test case is removed."))
    return redirect("chat:eval-cases", collection)
