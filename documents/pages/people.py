"""What admins see of people's own collections: counts and sizes, owners who have left, and proposals to share."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from documents.services import sharing
from langai_site.accounts.limits import costly
from langai_site.accounts.session import signed_in
from langai_site.accounts.sharing import people_named
from langai_site.errors import InvalidError, NotFoundError


@require_safe
@costly
def people(request: HttpRequest) -> HttpResponse:
    admin = signed_in(request)
    context = {
        "holdings": sharing.holdings(admin),
        "proposals": sharing.proposals(admin),
        "reason_max": sharing.REASON_MAX,
    }
    return render(request, "documents/people.html", context)


@require_POST
def reassign(request: HttpRequest, collection: int) -> HttpResponse:
    """Give a person's own collection to another person."""
    admin = signed_in(request)
    try:
        found = people_named(request.POST.get("person", ""))
        if len(found) != 1:
            raise InvalidError(_("Name the one person who gets it."))
        given = sharing.reassign(admin, collection, found[0])
    except InvalidError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("“%(name)s” belongs to %(person)s now.") % {"name": given.name, "person": found[0]})
    return redirect("documents:people")


@require_POST
def decide(request: HttpRequest, proposal: int) -> HttpResponse:
    """Accept or decline a proposal to share a collection."""
    accepts = request.POST.get("decision") == "accept"
    try:
        decided = sharing.decide(signed_in(request), proposal, accepts=accepts, reason=request.POST.get("reason", ""))
    except NotFoundError as error:
        messages.error(request, error.message)
    else:
        accepted, declined = (
            _("The proposal for “%(name)s” is accepted."),
            _("The proposal for “%(name)s” is declined."),
        )
        messages.success(request, (accepted if accepts else declined) % {"name": decided.collection})
    return redirect("documents:people")
