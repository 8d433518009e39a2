"""Pages of assistants for those who make them: the form, earlier versions, and the export and import as JSON."""

import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST, require_safe

from chat.assistants import access, drafting, editing, exchange
from chat.assistants.editing import AssistantForm
from chat.assistants.exchange import Imported
from chat.conversations import chosen_collections, drafts
from chat.llm.built_in import BUILT_IN
from chat.models import Assistant
from chat.models.assistants import AssistantDraft
from chat.pages import conversation as pages
from chat.pages.lines import VERSIONS_SHOWN, VersionComparison
from chat.pages.signing_in import page_of_person
from chat.routing.route import AUTO
from chat.values import Level
from langai_site import detectors
from langai_site.accounts import sharing
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import as_user
from langai_site.accounts.sharing import Audience
from langai_site.errors import ConflictError, ForbiddenError, InvalidError, LangAIError
from langai_site.outbound import catalogue
from langai_site.sensitivity import Sensitivity
from search.access import library_collections

FORM, IMPORT = "chat/assistant_form.html", "chat/assistant_import.html"
LIMITS = {
    "name": editing.NAME_MAX,
    "purpose": editing.PURPOSE_MAX,
    "instructions": str(editing.INSTRUCTIONS_MAX),
    "note": editing.NOTE_MAX,
    "starters": editing.STARTERS_MAX,
}
# The options of a version, as a line of it.
OPTIONS = {
    "complexity": gettext_noop("Complexity: %(value)s"),
    "temperature": gettext_noop("Temperature: %(value)s"),
    "max_tokens": gettext_noop("Max tokens: %(value)s"),
}
# What people may put right in the form itself.
REFUSALS = (InvalidError, ConflictError, ForbiddenError)


@costly
@page_of_person
async def new(request: HttpRequest) -> HttpResponse:
    """Show the form for a new assistant; a post makes it."""
    if request.method == "POST":
        try:
            made = await as_user(request, _create, request.POST)
        except REFUSALS as error:
            return await refused(request, error, None)
        return redirect("chat:assistant", made.pk)
    return await pages.drawn(request, FORM, await as_user(request, _context, None))


def _create(user: User, form: QueryDict) -> Assistant:
    return editing.create(user, _form_of(user, form), Audience.stated(form))


@costly
@page_of_person
async def change(request: HttpRequest, assistant: UUID) -> HttpResponse:
    """Show the form of an assistant to those who may change it; a post makes a new version."""
    if request.method == "POST":
        try:
            await as_user(request, _change, assistant, request.POST)
        except REFUSALS as error:
            return await refused(request, error, assistant)
        return redirect(f"{reverse('chat:assistant', args=[assistant])}?saved=1")
    return await pages.drawn(request, FORM, await as_user(request, _changing, assistant, "draft" in request.GET))


def _changing(user: User, assistant_id: UUID, of_draft: bool) -> dict[str, Any]:
    """Return the form's context; `of_draft`: with what the person's draft says."""
    context = _context(user, assistant_id)
    if not of_draft:
        return context
    draft = drafting.access_draft(user.pk, assistant_id)
    offered = chosen_collections.offer(user.pk, draft.trial.collections)
    return context | {
        "value": {**_values(draft.trial, None), "version": draft.version, "note": draft.note},
        "choice": offered,
    }


def _change(user: User, assistant_id: UUID, form: QueryDict) -> Assistant:
    changed = editing.change(user, assistant_id, _form_of(user, form, assistant_id), Audience.stated(form))
    drafting.forget(user.pk, assistant_id)
    return changed


async def refused(request: HttpRequest, error: LangAIError, assistant: UUID | None) -> HttpResponse:
    """Show the form again as it was sent, with the reason. Somebody who may not change the assistant gets an error."""
    context = await as_user(request, _context, assistant, request.POST)
    return await pages.drawn(request, FORM, context | {"refusal": error.shown}, status=error.status)


def keep_draft(user: User, assistant_id: UUID, form: QueryDict) -> AssistantDraft:
    """Keep what the form says as the person's draft."""
    return drafting.keep(user, assistant_id, _form_of(user, form, assistant_id))


def _form_of(user: User, form: QueryDict, assistant_id: UUID | None = None) -> AssistantForm:
    version = form.get("version", "")
    return AssistantForm(
        name=form.get("name", ""),
        emoji=form.get("emoji", ""),
        purpose=form.get("purpose", ""),
        instructions=form.get("instructions", ""),
        model=form.get("model", AUTO),
        options=drafts.options(form),
        collections=_collections(user, form, assistant_id),
        starters=form.get("starters", "").splitlines(),
        label=next((label for label in Sensitivity if label.slug == form.get("label")), Sensitivity.PUBLIC),
        note=form.get("note", ""),
        version=int(version) if re.fullmatch(r"[0-9]{1,8}", version) else None,
    )


def _collections(user: User, form: QueryDict, assistant_id: UUID | None) -> list[int] | None:
    """Return what a form chooses. Unless it chooses all or none, those that its editor may not read stay chosen.

    To an editor who may read no collection the form offers none, so all stays as it was.
    """
    values = form.getlist("collections")
    before = access.editable(user.pk, assistant_id).collections if assistant_id else None
    if not values:
        return before
    chosen = chosen_collections.chosen(user.pk, values)
    if chosen is None or chosen_collections.NONE in values:
        return chosen
    return [*chosen, *(set(before or ()) - access.readable_ids(user.pk))]


def _context(user: User, assistant_id: UUID | None, form: QueryDict | None = None) -> dict[str, Any]:
    shown = access.editable(user.pk, assistant_id) if assistant_id else None
    models = [*catalogue.models(user.pk), *BUILT_IN]
    instructions = form.get("instructions", "") if form else shown.instructions if shown else ""
    found = detectors.shown(detectors.scan(instructions[: editing.INSTRUCTIONS_MAX]))
    chosen = form.get("model", AUTO) if form else shown.model if shown else AUTO
    missing = access.missing(user.pk, shown) if shown else []
    return {
        "assistant": shown,
        "is_mine": shown is None or shown.owner_id == user.pk,
        "value": _values(shown, form),
        "models": models,
        "unknown_model": chosen if chosen not in {AUTO, *(model.name for model in models)} else "",
        "levels": [(drafts.AUTOMATIC, _("Auto")), *((level.value, level.label) for level in Level)],
        "choice": chosen_collections.offer(
            user.pk, shown.collections if shown else None, form.getlist("collections") if form else ()
        ),
        "missing": missing,
        "missing_names": ", ".join(one.name for one in missing),
        "labels": _labels(),
        "found": found,
        "found_label": found[0].label if found else None,
        "sharing": sharing.context(shown, user, form),
        "limits": LIMITS,
        "most": {"temperature": settings.TEMPERATURE_MAX, "max_tokens": settings.ANSWER_MAX_TOKENS},
    }


def _labels() -> list[tuple[str, str]]:
    """Return the labels that an assistant can give its chats, by their slugs."""
    higher = [label for label in Sensitivity if label > Sensitivity.PUBLIC]
    return [(Sensitivity.PUBLIC.slug, _("By what it contains")), *((label.slug, label.label) for label in higher)]


def _values(shown: Assistant | None, form: QueryDict | None) -> Mapping[str, Any]:
    """Return what the fields of the form show."""
    if form:
        return form.dict()
    if shown is None:
        return {"model": AUTO, "complexity": drafts.AUTOMATIC}
    return editing.values_of(shown) | {
        **shown.options,
        "starters": "\n".join(shown.starters),
        "label": Sensitivity(shown.label).slug,
        "version": shown.version,
    }


def versions_of(user: User, shown: Assistant) -> list[dict[str, Any]]:
    """Return the versions, the newest first, each with what it changed of the one before it."""
    names = dict(library_collections(user).values_list("pk", "name"))
    found = editing.versions(shown)[: VERSIONS_SHOWN + 1]
    texts = [_described(one.values, names) for one in found]
    earlier = [*texts[1:], ""]
    rows = [
        {"version": one, "compared": VersionComparison(before, now)}
        for one, now, before in zip(found, texts, earlier, strict=True)
    ]
    return rows[:VERSIONS_SHOWN]


def comparison_of(user: User, before: Assistant, after: Assistant) -> VersionComparison:
    """Return two versions of an assistant beside each other."""
    names = dict(library_collections(user).values_list("pk", "name"))
    return VersionComparison(*(_described(editing.values_of(one), names) for one in (before, after)))


def _described(values: Mapping[str, Any], names: Mapping[int, str]) -> str:
    """Return a version as lines of text, so that two can be compared."""
    chosen = values["collections"]
    named = (names.get(pk, _("a collection that you may not read")) for pk in chosen or ())
    documents = _("all") if chosen is None else ", ".join(named) or _("none")
    lines = [
        _("Name: %(value)s") % {"value": f"{values['emoji']} {values['name']}"},
        _("Purpose: %(value)s") % {"value": values["purpose"]},
        _("Model: %(value)s") % {"value": values["model"]},
        *(_(OPTIONS[name]) % {"value": value} for name, value in values["options"].items() if name in OPTIONS),
        _("Documents: %(value)s") % {"value": documents},
        _("Label: %(value)s") % {"value": Sensitivity(values["label"]).label},
        *(_("Question: %(value)s") % {"value": starter} for starter in values["starters"]),
        _("Instructions:"),
        values["instructions"],
    ]
    return "\n".join(lines)


@require_POST
@page_of_person
async def restore(request: HttpRequest, assistant: UUID, number: int) -> HttpResponse:
    await as_user(request, editing.restore, assistant, number)
    return redirect(f"{reverse('chat:assistant', args=[assistant])}?saved=1")


@require_safe
@costly
@page_of_person
async def export(request: HttpRequest, assistant: UUID) -> HttpResponse:
    """Send an assistant as JSON to those who may change it."""
    document = await as_user(request, _exported, assistant)
    name = re.sub(r"[^a-z0-9]+", "-", document["name"].lower()).strip("-") or "assistant"
    return HttpResponse(
        json.dumps(document, ensure_ascii=False, indent=2),
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.json"'},
    )


def _exported(user: User, assistant_id: UUID) -> dict[str, Any]:
    return exchange.exported(user.pk, access.editable(user.pk, assistant_id))


@costly
@page_of_person
async def import_page(request: HttpRequest) -> HttpResponse:
    """Show the form for an exported assistant; a post makes a private assistant from it."""
    if request.method != "POST":
        await as_user(request, _id)
        return await pages.drawn(request, IMPORT, {})
    try:
        done = await as_user(request, _import, request)
    except REFUSALS as error:
        context = {"refusal": error.shown, "text": request.POST.get("text", "")}
        return await pages.drawn(request, IMPORT, context, status=error.status)
    missing = urlencode({"saved": "1", "missing": ", ".join(done.missing)})
    return redirect(f"{reverse('chat:assistant', args=[done.assistant.pk])}?{missing}")


def _id(user: User) -> int:
    return user.pk


def _import(user: User, request: HttpRequest) -> Imported:
    file = request.FILES.get("file")
    try:
        text = file.read().decode("utf-8-sig") if file else request.POST.get("text", "")
    except UnicodeDecodeError:
        raise InvalidError(_(exchange.NOT_READ)) from None
    return exchange.imported(user, text)
