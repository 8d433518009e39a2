"""Pages of saved prompts: all of them, one with its settings and versions, and the form for its variables."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.models import Prompt
from chat.pages import conversation as pages
from chat.pages.lines import VERSIONS_SHOWN, VersionComparison
from chat.pages.signing_in import page_of_person
from chat.saved_prompts import saved, variables
from chat.saved_prompts.saved import PromptForm
from chat.saved_prompts.variables import ValuesError, Variable
from langai_site import detectors
from langai_site.accounts import sharing
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import as_user
from langai_site.accounts.sharing import Audience
from langai_site.errors import ConflictError, InvalidError, LangAIError
from langai_site.words import gettext_noop

# An example of each kind of variable. The kinds after the colon are always English.
EXAMPLES = gettext_noop(
    "{{customer}}, {{tone: formal | friendly}}, {{details: long text}}, {{due: date}}, {{hours: number}}."
)
LIST, PAGE, USE = "chat/prompts.html", "chat/prompt.html", "chat/prompt_use.html"


@costly
@page_of_person
async def prompt_list(request: HttpRequest) -> HttpResponse:
    """Show the prompts that a person may use, with a form for a new one; a post makes it."""
    if request.method == "POST":
        try:
            made = await as_user(request, _create, request.POST)
        except LangAIError as error:
            return await _refused(request, error, LIST, _list_context, "")
        return redirect(f"{reverse('chat:prompts')}?saved={made.command}")
    context = await as_user(request, _list_context, request.GET.get("q", ""))
    return await pages.drawn(request, LIST, context)


async def _refused(
    request: HttpRequest,
    error: LangAIError,
    template: str,
    context_of: Any,  # noqa: ANN401 - a function of the page's own arguments
    *args: Any,  # noqa: ANN401
) -> HttpResponse:
    """Show a page again with the form as it was sent, and why it was refused. Raises other errors."""
    if not isinstance(error, InvalidError | ConflictError) and error.code != "forbidden":
        raise error
    context = await as_user(request, context_of, *args, form=request.POST)
    return await pages.drawn(request, template, context | {"refusal": error.shown}, status=error.status)


def _list_context(user: User, query: str, form: QueryDict | None = None) -> dict[str, Any]:
    return {
        "rows": saved.listed(user.pk, query[:200]),
        "query": query[:200],
        "form": form,
        "sharing": sharing.context(None, user, form),
        "limits": _LIMITS,
        "examples": _(EXAMPLES),
    }


_LIMITS = {"command": saved.COMMAND_MAX, "title": saved.TITLE_MAX, "text": str(saved.TEXT_MAX)}


def _create(user: User, form: QueryDict) -> Prompt:
    return saved.create(user, _form_of(form), Audience.stated(form))


def _form_of(form: QueryDict) -> PromptForm:
    version = form.get("version", "")
    return PromptForm(
        form.get("command", ""),
        form.get("title", ""),
        form.get("text", ""),
        int(version) if version.isascii() and version.isdigit() and len(version) < 9 else None,
    )


@require_safe
@costly
@page_of_person
async def offered(request: HttpRequest) -> HttpResponse:
    """Show what `/` in the composer offers. Opened directly, redirect to the page of prompts."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("chat:prompts")
    rows = await as_user(request, _offered)
    return await pages.drawn(request, f"{LIST}#offered", {"rows": rows})


def _offered(user: User) -> list[saved.PromptRow]:
    return saved.listed(user.pk)


@costly
@page_of_person
async def prompt(request: HttpRequest, prompt: UUID) -> HttpResponse:
    """Show a prompt to those who may use it; those who may change it can post a new version."""
    if request.method == "POST":
        try:
            await as_user(request, _change, prompt, request.POST)
        except LangAIError as error:
            return await _refused(request, error, PAGE, _context, prompt)
        return redirect(f"{reverse('chat:prompt', args=[prompt])}?saved=1")
    return await pages.drawn(request, PAGE, await as_user(request, _context, prompt))


def _change(user: User, prompt_id: UUID, form: QueryDict) -> Prompt:
    return saved.change(user, prompt_id, _form_of(form), Audience.stated(form))


def _context(user: User, prompt_id: UUID, form: QueryDict | None = None) -> dict[str, Any]:
    shown = saved.access_prompt(user.pk, prompt_id)
    found = detectors.shown(detectors.scan(shown.text))
    may_edit = saved.may_edit(user.pk, shown)
    return {
        "prompt": shown,
        "is_mine": shown.owner_id == user.pk,
        "may_edit": may_edit,
        "variables": variables.variables(shown.text),
        "found": found,
        "found_label": found[0].label if found else None,
        "versions": _versions(shown) if may_edit else (),
        "form": form,
        "sharing": sharing.context(shown, user, form),
        "limits": _LIMITS,
        "examples": _(EXAMPLES),
    }


def _versions(shown: Prompt) -> list[dict[str, Any]]:
    """Return the versions, the newest first, each with what it changed of the one before it."""
    found = saved.versions(shown)
    texts = [*(one.text for one in found[1:]), ""]
    rows = [
        {"version": one, "compared": VersionComparison(text, one.text)} for one, text in zip(found, texts, strict=True)
    ]
    return rows[:VERSIONS_SHOWN]


@require_POST
@page_of_person
async def delete(request: HttpRequest, prompt: UUID) -> HttpResponse:
    command = await as_user(request, _delete, prompt)
    return redirect(f"{reverse('chat:prompts')}?deleted={command}")


def _delete(user: User, prompt_id: UUID) -> str:
    return saved.delete(user.pk, prompt_id)


@require_POST
@page_of_person
async def copy(request: HttpRequest, prompt: UUID) -> HttpResponse:
    made = await as_user(request, saved.copy, prompt)
    return redirect("chat:prompt", made.pk)


@require_POST
@page_of_person
async def restore(request: HttpRequest, prompt: UUID, number: int) -> HttpResponse:
    await as_user(request, saved.restore, prompt, number)
    return redirect(f"{reverse('chat:prompt', args=[prompt])}?saved=1")


@costly
@page_of_person
async def use(request: HttpRequest, prompt: UUID) -> HttpResponse:
    """Ask for the variables of a prompt, then put the text into the composer; at once if it has none.

    For htmx, both are parts of a page. Without scripts the text stands in the composer of a new chat.
    """
    shown = await as_user(request, _access, prompt)
    asked = variables.variables(shown.text)
    values = {variable.name: request.POST.get(f"value-{at}", "") for at, variable in enumerate(asked)}
    problems: dict[str, str] = {}
    if request.method == "POST" or not asked:
        try:
            return await _filled(request, variables.filled(shown.text, values))
        except ValuesError as error:
            problems = dict(error.problems)
    context = {"prompt": shown, "fields": [_field(variable, at, values, problems) for at, variable in enumerate(asked)]}
    is_part = bool(request.htmx)  # type: ignore[attr-defined]
    # htmx shows only what was not refused.
    status = 400 if problems and not is_part else 200
    return await pages.drawn(request, f"{USE}#form" if is_part else USE, context | {"is_part": is_part}, status=status)


def _access(user: User, prompt_id: UUID) -> Prompt:
    return saved.access_prompt(user.pk, prompt_id)


def _field(variable: Variable, at: int, values: dict[str, str], problems: dict[str, str]) -> dict[str, Any]:
    return {
        "at": at,
        "name": variable.name,
        "kind": variable.kind.value,
        "choices": variable.choices,
        "most": str(variable.most),
        "value": values[variable.name],
        "problem": problems.get(variable.name, ""),
    }


async def _filled(request: HttpRequest, text: str) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return await pages.drawn(request, f"{USE}#filled", {"text": text})
    context = await as_user(request, pages.new_context, request.GET)
    return await pages.drawn(request, pages.PAGE, context | {"draft": text})
