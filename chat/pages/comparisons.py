"""Pages of comparisons: pick models, watch their answers side by side, choose one, and see what is chosen how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat.comparisons import access, choosing, report
from chat.comparisons.opening import LEAST, MOST
from chat.conversations import access as conversations
from chat.live import runner
from chat.llm.built_in import BUILT_IN
from chat.models import ComparedReply, Conversation, ModelComparison
from chat.pages import conversation as pages
from chat.pages import drawing, fragments
from chat.pages.model_list import row_of
from langai_site.accounts.limits import costly, unlimited
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.outbound import catalogue
from langai_site.usage.reports.access import whose

PAGE = "chat/comparison.html"
LETTERS = "ABCD"


@dataclass(frozen=True)
class ShownAnswer:
    """One of the compared answers as its page shows it. `model` is empty while names are hidden."""

    letter: str
    model: str
    bubble: fragments.Bubble
    comparison: UUID
    is_chosen: bool = False
    can_be_chosen: bool = False


@require_safe
@costly
@by_person
async def pick(request: HttpRequest) -> HttpResponse:
    """Show the models to pick from: in the composer, or as a separate page with its own form."""
    try:
        context = await as_user(request, _pick_context, request.GET.get("conversation", ""))
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    template = "chat/comparing.html#choices" if request.htmx else "chat/comparing.html"  # type: ignore[attr-defined]
    return await pages.drawn(request, template, context)


def _pick_context(user: User, conversation: str) -> dict[str, Any]:
    asked = conversations.access_conversation(user.id, pages.message_id(conversation)) if conversation else None
    rows = [row_of(model) for model in (*catalogue.models(user.id), *BUILT_IN)]
    return {"rows": rows, "least": LEAST, "most": MOST, "conversation": asked, "once": pages.new_key()}


@require_safe
@costly
@by_person
async def comparison(request: HttpRequest, comparison: UUID) -> HttpResponse:
    try:
        context = await as_user(request, _context, comparison)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    answers = await shown_answers(context["comparison"], context.pop("rows"), context.pop("names"))
    context |= {"answers": answers, "is_live": any(answer.bubble.live for answer in answers)}
    context["question"] = await drawing.off_loop(fragments.bubble_of, context["comparison"].question)
    return await pages.drawn(request, PAGE, context)


def _context(user: User, comparison_id: UUID) -> dict[str, Any]:
    found = access.access_comparison(user.id, comparison_id)
    conversation = found.question.conversation
    return {
        "comparison": found,
        "conversation": conversation,
        "rows": access.answers_of(found),
        "names": names_for(user.id),
        "socket": f"/ws/conversations/{conversation.id}/comparisons/{found.id}/",
    }


async def one_answer(request: HttpRequest, comparison: UUID, reply: UUID) -> HttpResponse:
    """Show one answer that has ended, for pages whose socket is blocked."""
    context = await as_user(request, _context, comparison)
    rows = [row for row in context["rows"] if row.reply_id == reply]
    [answer] = await shown_answers(context["comparison"], rows, context["names"])
    return await pages.drawn(request, f"{PAGE}#answer", {"answer": answer})


def names_for(user_id: int) -> dict[str, str]:
    """Return the names of this person's models as people know them."""
    return {model.name: model.display_name for model in (*catalogue.models(user_id), *BUILT_IN)}


async def shown_answers(
    comparison: ModelComparison, rows: Sequence[ComparedReply], names: dict[str, str]
) -> list[ShownAnswer]:
    """Return the answers as they are by now, live ones as far as they are written."""
    html = await drawing.html_of([row.reply for row in rows])
    found = []
    for row in rows:
        snapshot = await pages.snapshot_of(row.reply)
        whole = html.get(row.reply_id, fragments.NOTHING)
        bubble = await drawing.off_loop(fragments.bubble_of, row.reply, whole, snapshot)
        found.append(_shown(comparison, row, bubble, names))
    return found


def _shown(
    comparison: ModelComparison, row: ComparedReply, bubble: fragments.Bubble, names: dict[str, str]
) -> ShownAnswer:
    return ShownAnswer(
        letter=LETTERS[row.position - 1],
        model="" if comparison.is_blind else names.get(row.model, row.model),
        bubble=bubble,
        comparison=comparison.id,
        is_chosen=comparison.chosen_id == row.reply_id,
        can_be_chosen=comparison.decided_at is None and bool(row.reply.text),
    )


@require_POST
@by_person
async def choose(request: HttpRequest, comparison: UUID, reply: UUID) -> HttpResponse:
    found = await as_user(request, _choose, comparison, reply)
    return pages.moved(request, reverse("chat:conversation", args=[found.id]))


def _choose(user: User, comparison: UUID, reply: UUID) -> Conversation:
    return choosing.choose(user.id, comparison, reply)


@require_POST
@by_person
async def reveal(request: HttpRequest, comparison: UUID) -> HttpResponse:
    await as_user(request, _reveal, comparison)
    return pages.moved(request, reverse("chat:comparison", args=[comparison]))


def _reveal(user: User, comparison: UUID) -> None:
    choosing.reveal(user.id, comparison)


@require_POST
@by_person
@unlimited("What is being written can be stopped at any time.")
async def stop(request: HttpRequest, comparison: UUID) -> HttpResponse:
    """Stop all answers that are still being written."""
    await runner.stop_all(await as_user(request, _live, comparison))
    return HttpResponse(status=204) if request.htmx else redirect("chat:comparison", comparison)  # type: ignore[attr-defined]


@require_safe
@costly
def results(request: HttpRequest) -> HttpResponse:
    """Show admins which model is chosen for which kind of question. Raises NotYoursError."""
    assert isinstance(request.user, User)
    whose(request.user, everybody=True)
    teams = report.teams()
    team = request.GET.get("team", "")
    context = {
        "kinds": report.wins(team if team in teams else None),
        "least": report.LEAST_CHOICES,
        "teams": teams,
        "team": team,
    }
    return render(request, "chat/comparison_report.html", context)


def _live(user: User, comparison: UUID) -> list[UUID]:
    rows = access.answers_of(access.access_comparison(user.id, comparison))
    return [row.reply_id for row in rows if row.reply.is_live]
