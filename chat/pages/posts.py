"""Posts that start or preview a turn: a message, a retry, a resume. Their database work takes one hop."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.assistants.access import GONE, AssistantGoneError
from chat.comparisons.opening import Opened, open_comparison
from chat.conversations import access, attachments, chosen_collections, drafts, folders
from chat.conversations.access import ConversationGoneError
from chat.live import runner, several
from chat.models import Message
from chat.pages import comparing, fragments, label_choice, receipt_text
from chat.pages import conversation as pages
from chat.routing.route import AUTO
from chat.turns import previews, sending, storage
from chat.turns.sending import AlreadySentError
from chat.values import ChosenAssistant
from langai_site.accounts.limits import counted_as_page
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.errors import InvalidError, LangAIError, NotFoundError
from langai_site.web.error_middleware import link_of, with_headers
from langai_site.web.stated_labels import highest_stated


async def begin(
    request: HttpRequest, open_turn: Callable[[User], storage.Started], replaces: str = "", *, edited: bool = False
) -> storage.Started:
    """Open a turn for the signed-in person, and start its reply."""
    begun = await runner.begin(lambda: as_user(request, open_turn), replaces, edited=edited)
    return begun.started


@by_person
async def start(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("chat:new")
    try:
        folder, keep = folder_of(request), request.POST.get("keep", "")

        def post(user: User) -> storage.Started:
            return storage.post(user, None, **message_of(request), folder=folder, keep=keep)

        if asked := comparing.asked(request.POST):
            return await _compare(
                request, "new", asked, lambda user: partial(storage.post, user, None, folder=folder, keep=keep)
            )
        started = await begin(request, lambda user: _once(request, user, "new", lambda: post(user)))
    except AlreadySentError as sent:
        return _sent_before(request, sent)
    except LangAIError as error:
        return await refused(request, error)
    return pages.moved(request, reverse("chat:conversation", args=[started.conversation]))


def _once(request: HttpRequest, user: User, place: str, open_turn: Callable[[], storage.Started]) -> storage.Started:
    """Open a turn, unless the page has sent its message before: its form brings a key. Raises AlreadySentError."""
    form = request.POST
    # The files themselves: without JavaScript, sending them again uploads them again.
    files = attachments.documents_named(user.id, attached(form.getlist("attachments")))
    key = sending.page_key(form.get("once", ""), place, form.get("text", ""), *map(str, files))
    return sending.once(user, key, "", open_turn)


async def _compare(
    request: HttpRequest,
    place: str,
    asked: comparing.Asked,
    posting: Callable[[User], Callable[..., storage.Started]],
) -> HttpResponse:
    """Ask several models the same, and show their answers side by side."""
    message = message_of(request)
    del message["model"]

    def open_all(user: User) -> Opened:
        found: list[Opened] = []

        def open_turn() -> storage.Started:
            post = partial(posting(user), fresh=True, **message)
            found.append(open_comparison(user, asked.models, lambda model: post(model=model), is_blind=asked.is_blind))
            return found[0].started[0]

        _once(request, user, place, open_turn)
        return found[0]

    running = await several.begin(lambda: as_user(request, open_all))
    return pages.moved(request, reverse("chat:comparison", args=[running.opened.id]))


def _sent_before(request: HttpRequest, sent: AlreadySentError) -> HttpResponse:
    """Show the message that is there already, as a whole page: what this one shows and has missed is not known."""
    return pages.moved(request, f"{reverse('chat:conversation', args=[sent.conversation])}?reply={sent.reply}")


def message_of(request: HttpRequest) -> dict[str, Any]:
    """Return a posted message as keyword arguments of `storage.post`. Raises InvalidError."""
    form = request.POST
    return {
        "text": form.get("text", ""),
        "model": form.get("model", AUTO),
        "collections": form.getlist("collections"),
        "label": highest_stated(*form.getlist("label")),
        "options": drafts.options(form),
        "attached": attached(form.getlist("attachments")),
        "uses_instructions": drafts.switch(form.get("instructions")),
        "assistant": assistant_of(form),
    }


def assistant_of(form: QueryDict) -> ChosenAssistant:
    """Return who is to answer, by a form. Raises NotFoundError for nonsense."""
    named = form.get("assistant")
    try:
        return UUID(named) if named else None if named is None else ""
    except ValueError:
        raise AssistantGoneError(_(GONE)) from None


def folder_of(request: HttpRequest) -> UUID | None:
    """Return the folder that a new conversation is to be put into. Raises NotFoundError for nonsense."""
    named = request.POST.get("folder", "")
    try:
        return UUID(named) if named else None
    except ValueError:
        raise folders.FolderGoneError(_(folders.GONE)) from None


def attached(values: Iterable[str]) -> tuple[UUID, ...]:
    """Return the ids of attached files. Raises InvalidError for what is none."""
    try:
        return tuple(map(UUID, values))
    except ValueError:
        raise InvalidError(_("An attached file was not understood. Attach it again.")) from None


def shown_last(request: HttpRequest) -> UUID | None:
    """Return the last message that the page of a post shows; None if it does not say, or nonsense."""
    try:
        return UUID(request.POST.get("after", ""))
    except ValueError:
        return None


async def refused(request: HttpRequest, error: LangAIError, conversation: UUID | None = None) -> HttpResponse:
    """Say why a message was refused. Without JavaScript the page is shown again with the text still in it."""
    if request.htmx or isinstance(error, SignedOutError) or "text" not in request.POST:  # type: ignore[attr-defined]
        raise error
    if conversation and not isinstance(error, ConversationGoneError):
        page = await pages.latest_page(request, conversation, request.POST, refusal=error.shown)
    else:
        context = await as_user(request, pages.refused_context, request.POST)
        page = await pages.drawn(request, pages.PAGE, context | {"refusal": error.shown})
    page.status_code = error.status
    return with_headers(page, error)


@by_person
async def post(request: HttpRequest, conversation: UUID) -> HttpResponse:
    if request.method != "POST":
        return redirect("chat:conversation", conversation)

    def _post(user: User) -> storage.Started:
        return storage.post(user, conversation, **message_of(request), after=shown_last(request))

    try:
        if asked := comparing.asked(request.POST):
            after = shown_last(request)
            return await _compare(
                request, str(conversation), asked, lambda user: partial(storage.post, user, conversation, after=after)
            )
        started = await begin(request, lambda user: _once(request, user, str(conversation), lambda: _post(user)))
    except AlreadySentError as sent:
        return _sent_before(request, sent)
    except LangAIError as error:
        return await refused(request, error, conversation)
    return await _started_response(request, started, is_new=True)


@require_POST
@by_person
async def retry(request: HttpRequest, reply: UUID) -> HttpResponse:
    pick = drafts.again(request.POST)
    started = await begin(request, lambda user: storage.retry(user, reply, pick), replaces=str(reply))
    return await _started_response(request, started)


@require_POST
@by_person
async def resume(request: HttpRequest, reply: UUID) -> HttpResponse:
    pick = drafts.again(request.POST)
    started = await begin(request, lambda user: storage.resume(user, reply, pick), replaces=str(reply))
    return await _started_response(request, started)


@by_person
async def edit(request: HttpRequest, question: UUID) -> HttpResponse:
    """Show the form in which a question is edited, or ask the edited question beside the old one."""
    if request.method != "POST":
        return await _edit_form(request, question)
    form = request.POST
    text, model, label = form.get("text", ""), form.get("model", ""), highest_stated(*form.getlist("label"))
    try:
        started = await begin(
            request,
            lambda user: _once(
                request, user, str(question), lambda: storage.edit(user, question, text, model, label=label)
            ),
            edited=True,
        )
    except AlreadySentError as sent:
        return _sent_before(request, sent)
    except LangAIError as error:
        if request.htmx or isinstance(error, SignedOutError):  # type: ignore[attr-defined]
            raise
        try:
            return with_headers(await _edit_form(request, question, text, error), error)
        except NotFoundError:
            raise error from None
    return await _started_response(request, started, is_new=True)


async def _edit_form(
    request: HttpRequest, question: UUID, text: str = "", error: LangAIError | None = None
) -> HttpResponse:
    found = await as_user(request, _access_question, question)
    context = {
        "bubble": fragments.bubble_of(found),
        "text": text or found.text,
        "refusal": error.shown if error else "",
        "conversation": found.conversation,
        "max_chars": settings.MESSAGE_MAX_CHARS,
        "once": pages.new_key(),
    }
    template = "chat/edit.html#editing" if request.htmx else "chat/edit.html"  # type: ignore[attr-defined]
    return await pages.drawn(request, template, context, status=error.status if error else 200)


def _access_question(user: User, question: UUID) -> Message:
    return access.question_as_shown(user.id, question)


@require_safe
@by_person
async def question(request: HttpRequest, question: UUID) -> HttpResponse:
    """Show one question, in place of the form in which it was edited. Opened directly, redirect to its page."""
    found = await as_user(request, _access_question, question)
    if not request.htmx:  # type: ignore[attr-defined]
        page = reverse("chat:conversation", args=[found.conversation_id])
        return redirect(f"{page}?reply={question}")
    return await pages.drawn(request, "chat/bubble.html#bubble", {"bubble": fragments.bubble_of(found)})


async def _started_response(request: HttpRequest, started: storage.Started, *, is_new: bool = False) -> HttpResponse:
    """Answer a post that started a reply: empty if the page's socket is open, otherwise the thread's new end.

    `is_new`: the question is new, not one that is answered again.
    """
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("chat:conversation", started.conversation)
    if request.headers.get("X-Socket") == "open":
        return HttpResponse(status=204)
    if "before=" in (request.htmx.current_url or ""):  # type: ignore[attr-defined]
        return pages.moved(request, reverse("chat:conversation", args=[started.conversation]))
    frame = await pages.new_end(request, started.conversation, is_new=is_new)
    return HttpResponse(frame, headers={"HX-Reswap": "none"})


@require_POST
@by_person
@counted_as_page
async def preview(request: HttpRequest, conversation: UUID | None = None) -> HttpResponse:
    """Show what would happen to the message in the composer. A POST, so that the text stays out of access logs."""
    draft = draft_of(request)
    try:
        before = await as_user(request, previews.before, conversation, draft)
    except (SignedOutError, ConversationGoneError) as error:
        # In the line itself: as a notice it would come again with every pause in the writing.
        return render(request, "errors/error.html#line", {"error": error, "link": link_of(request, error)})
    expected, context = await _expected(request, before, draft) if draft.text.strip() else (None, {})
    least = before.request.label
    choice = label_choice.following(request.POST, least, expected.found if expected else least)
    context |= {"choice": choice, "labels": fragments.labels_from(least)} if choice else {}
    return render(request, "chat/composer.html#preview", context)


async def _expected(
    request: HttpRequest, before: previews.Basis, draft: previews.DraftMessage
) -> tuple[previews.Preview, dict[str, Any]]:
    """Return what would happen to the message, and the line that says so; of a comparison, with each model."""
    asked = comparing.asked(request.POST)
    if asked is None:
        expected = await previews.preview(before, draft)
        return expected, receipt_text.preview(expected)
    each = await previews.preview_each(before, draft, asked.models)
    return each[0], comparing.preview(asked.models, each, before)


def draft_of(request: HttpRequest) -> previews.DraftMessage:
    message = message_of(request)
    return previews.DraftMessage(
        text=message["text"][: settings.MESSAGE_MAX_CHARS],
        pick=drafts.Pick(drafts.model(message["model"])),
        label=message["label"],
        options=message["options"],
        documents=chosen_collections.NONE not in message["collections"],
        folder=folder_of(request),
        instructions=message["uses_instructions"],
        attached=message["attached"],
        assistant=message["assistant"],
    )
