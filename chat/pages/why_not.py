"""The page of a turn that says why each model did not answer it, and what would let it."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from chat.conversations import access
from chat.models import Message
from chat.pages import conversation as pages
from chat.pages import drawing, receipt_text
from chat.routing import policies
from chat.routing.route import RouteRequest
from chat.turns.receipt import Receipt
from chat.turns.why_not import Surroundings, Verdict, verdicts
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.outbound import cooling
from langai_site.outbound.known_models import known_models
from langai_site.usage.spending import notices


@dataclass(frozen=True)
class _Turn:
    reply: Message
    receipt: Receipt
    now: Surroundings


@require_safe
@costly
@by_person
async def models(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Show each model with the first rule that kept it from answering this turn."""
    try:
        turn = await as_user(request, _read, reply)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    resting = await cooling.resting([known.name for known in turn.now.known])
    asked = turn.receipt.request
    now = Surroundings(turn.now.known, turn.now.policy, turn.now.standings, resting)
    context = {
        "reply": turn.reply,
        "verdicts": await drawing.off_loop(_drawn, turn.receipt, asked, now) if asked else [],
        "asked": asked,
        "lines": receipt_text.receipt_lines(turn.receipt)[:3],
        "back_url": reverse("chat:reply", args=[reply]),
    }
    return await pages.drawn(request, "chat/why_not.html", context)


def _drawn(receipt: Receipt, asked: RouteRequest, now: Surroundings) -> list[Verdict]:
    return [verdict.drawn() for verdict in verdicts(receipt, asked, now)]


def _read(user: User, reply: UUID) -> _Turn:
    found = access.access_reply(user.id, reply)
    receipt = Receipt.from_json(found.receipt)
    known = known_models(user, _met(receipt)) if receipt.request else []
    return _Turn(found, receipt, Surroundings(known, policies.active(), notices.standings(user)))


def _met(receipt: Receipt) -> list[str]:
    """Return the names of the models that the person's turn had among its choices."""
    requested = [receipt.request.requested] if receipt.request else []
    return [receipt.name, *requested, *(other.model for other in receipt.rejected)]
