"""Pages with which people make collections of their own, and owners manage a collection as a whole."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from documents.pages.fields import label_of, labels, numbers_of, readers_in_words, seen_label
from documents.services import library, own, quotas, sharing
from documents.services.own import CollectionDescription
from langai_site import stale_forms
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import signed_in
from langai_site.accounts.sharing import people_named
from langai_site.errors import ConflictError, ForbiddenError, LangAIError, NotFoundError
from langai_site.sensitivity import Sensitivity
from search.models import Collection

NEW, SETTINGS = "documents/new_collection.html", "documents/settings.html"


def description_of(request: HttpRequest) -> CollectionDescription:
    form = request.POST
    return CollectionDescription(form.get("name", ""), form.get("description", ""), label_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Show the form for a new collection; a post makes it and opens it."""
    person = signed_in(request)
    if not own.may_make(person):
        raise ForbiddenError(_(own.NOT_HERE))
    context: dict[str, Any] = {"labels": labels(), "label": "internal", "name_max": own.NAME_MAX}
    if request.method == "POST":
        try:
            return redirect("documents:collection", own.create(person, description_of(request)).pk)
        except LangAIError as error:
            context |= {"refusal": error.message, "form": request.POST, "label": request.POST.get("label", "")}
            return render(request, NEW, context, status=error.status)
    return render(request, NEW, context)


@costly
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, collection: int) -> HttpResponse:
    """Show a collection's settings to those who manage it; a post changes its name, description and label."""
    person = signed_in(request)
    found = library.managed_collection(person, collection)
    if request.method != "POST":
        return render(request, SETTINGS, _settings(person, found))
    try:
        own.describe(person, collection, description_of(request), seen=seen_label(request.POST))
    except LangAIError as error:
        return _refused(request, person, collection, error, part="about")
    messages.success(request, _("The settings of this collection are saved."))
    return redirect("documents:settings", collection)


def _settings(person: User, collection: Collection) -> dict[str, Any]:
    proposal = sharing.proposal_of(collection)
    named = collection.users.exclude(pk__in=collection.owners.values("pk")).order_by("username")
    return {
        "collection": collection,
        "labels": labels(),
        "label": Sensitivity(collection.sensitivity).slug,
        "seen": Sensitivity(collection.sensitivity).slug,
        "name_max": own.NAME_MAX,
        "teams": sharing.offered_teams(person, collection),
        "chosen_teams": {team.pk for team in collection.teams.all()},
        "people": ", ".join(user.username for user in named),
        "seen_readers": stale_forms.written(sharing.readers_of(collection).shown()),
        "readers": readers_in_words(collection),
        "proposal": proposal,
        "is_proposed": sharing.rule_for(person) == sharing.PROPOSAL,
        "may_share": sharing.rule_for(person) != sharing.NOBODY,
        "is_own": collection.kind == Collection.Kind.OWN,
        "is_owner": collection.owners.filter(pk=person.pk).exists(),
        "quota": quotas.quota_of(person.pk) if collection.kind == Collection.Kind.OWN else None,
    }


def _refused(request: HttpRequest, person: User, collection: int, error: LangAIError, part: str) -> HttpResponse:
    """Show the settings again with what was sent, and why it was refused, at that part of the page."""
    if isinstance(error, NotFoundError):
        raise error
    context = _settings(person, library.managed_collection(person, collection))
    context |= {"refusal": error.message, "part": part, "form": request.POST}
    if part == "about" and not isinstance(error, ConflictError):
        context["label"] = request.POST.get("label", "")
    if part == "share" and not isinstance(error, ConflictError):
        context |= {"people": request.POST.get("people", ""), "chosen_teams": set(numbers_of(request.POST, "teams"))}
    return render(request, SETTINGS, context, status=error.status)


@require_POST
def share(request: HttpRequest, collection: int) -> HttpResponse:
    """Say who reads a collection, at once or as a proposal."""
    person = signed_in(request)
    try:
        people = people_named(request.POST.get("people", ""))
        seen = stale_forms.read(request.POST.get(stale_forms.SEEN, ""))
        teams = numbers_of(request.POST, "teams")
        proposal = sharing.share(person, collection, teams=teams, people=people, seen=seen)
    except LangAIError as error:
        return _refused(request, person, collection, error, part="share")
    if proposal:
        messages.success(request, _("An admin will decide about it. Until then nobody new reads it."))
    else:
        messages.success(request, _("Its readers are saved."))
    return redirect(f"{reverse('documents:settings', args=[collection])}#share")


@require_POST
def hand_over(request: HttpRequest, collection: int) -> HttpResponse:
    """Make another person the owner of a collection."""
    person = signed_in(request)
    try:
        found = people_named(request.POST.get("person", ""))
        if len(found) != 1:
            raise LangAIError(_("Name one person."))
        stays = bool(request.POST.get("stays"))
        given = sharing.hand_over(person, collection, found[0], stays_reader=stays)
    except LangAIError as error:
        return _refused(request, person, collection, error, part="hand-over")
    messages.success(request, _("“%(name)s” belongs to %(person)s now.") % {"name": given.name, "person": found[0]})
    return redirect("documents:library")


@require_POST
def remove(request: HttpRequest, collection: int) -> HttpResponse:
    """Delete a person's own collection; the Library then offers to undo it."""
    removed = own.remove(signed_in(request), collection)
    return redirect(f"{reverse('documents:library')}?removed={removed.pk}")


@require_POST
def restore(request: HttpRequest, collection: int) -> HttpResponse:
    """Undo the deletion of a collection."""
    own.restore(signed_in(request), collection)
    return redirect("documents:collection", collection)
