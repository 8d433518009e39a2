"""Operations that ask several models the same and choose one of their answers."""

from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.params.functions import Header
from pydantic import ConfigDict

from chat.api.chat import open_turn
from chat.api.schemas import COLLECTIONS_MAX, Ask, Label
from chat.comparisons import access, choosing
from chat.comparisons.opening import LEAST, MOST, Opened, open_comparison
from chat.live import closed_accounts, several
from chat.models import Message
from chat.turns.receipt import Receipt
from chat.turns.storage import Started
from langai_site.accounts import limits
from langai_site.accounts.doors import door, person_of, proof_of
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.web.api_errors import documented
from langai_site.web.api_lists import Listed
from langai_site.web.stated_labels import HEADER, HEADER_WORDS

router = Router(tags=["Chat"])


class Compare(Schema):
    """A message for 2 to 4 models. `blind` hides which of them wrote what until an answer is chosen."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=settings.MESSAGE_MAX_CHARS)
    models: Listed[str] = Field(min_length=LEAST, max_length=MOST, description="Ids of GET /v1/models, not `auto`.")
    blind: bool = False
    sensitivity: Label | None = Field(None, description="Raises the label; detections in the message can, too.")
    conversation_id: UUID | None = Field(None, description="Continue this conversation; by default, start a new one.")
    collections: Listed[int] | None = Field(
        None, max_length=COLLECTIONS_MAX, description="Search only these; an empty list searches no documents."
    )


class ComparedAnswer(Schema):
    """One of the answers. `model` and `cost`, in US dollars, are null while names are hidden."""

    reply_id: UUID
    model: str | None
    status: Literal["streaming", "complete", "stopped", "interrupted", "failed"]
    message: str
    error: str | None
    cost: float | None


class ComparisonOut(Schema):
    """A comparison with its answers in the order of its page. `chosen` is the answer with which it goes on."""

    id: UUID
    conversation_id: UUID
    blind: bool
    chosen: UUID | None
    answers: list[ComparedAnswer]


class Choice(Schema):
    model_config = ConfigDict(extra="forbid")

    reply_id: UUID


@router.post(
    "", auth=door(Scope.CHAT, limits.API_CHAT), response={200: ComparisonOut} | documented(404, 409, 413, 415, 500)
)
async def compare(
    request: HttpRequest, body: Compare, sensitivity: str = Header("", alias=HEADER, description=HEADER_WORDS)
) -> dict[str, Any]:
    """Ask several models the same, and get their answers once all are complete.

    What all of them can cost is held before anything is sent. An answer that fails says why, and the others go on.
    """
    user = person_of(request)
    running = await several.begin(lambda: in_database_thread(_opened, user, body, sensitivity))
    for ending in running.endings:
        await closed_accounts.awaited(proof_of(request), ending)
    return await in_database_thread(_out, user.pk, running.opened.id)


def _opened(user: User, body: Compare, sensitivity: str) -> Opened:
    asked = body.model_dump(exclude={"models", "blind"})

    def opened(model: str) -> Started:
        return open_turn(user, Ask(model=model, verified=False, **asked), sensitivity)

    return open_comparison(user, body.models, opened, is_blind=body.blind)


@router.get("/{uuid:comparison}", auth=door(Scope.CHAT), response={200: ComparisonOut} | documented(404))
async def comparison_read(request: HttpRequest, comparison: UUID) -> dict[str, Any]:
    """Read a comparison as it is now."""
    return await in_database_thread(_out, person_of(request).pk, comparison)


@router.post("/{uuid:comparison}/choose", auth=door(Scope.CHAT), response={200: ComparisonOut} | documented(404, 409))
async def comparison_choose(request: HttpRequest, comparison: UUID, body: Choice) -> dict[str, Any]:
    """Go on with one of the answers, and see which model wrote what. The others stay as its other versions."""
    return await in_database_thread(_chosen, person_of(request).pk, comparison, body.reply_id)


def _chosen(user_id: int, comparison: UUID, reply: UUID) -> dict[str, Any]:
    choosing.choose(user_id, comparison, reply)
    return _out(user_id, comparison)


def _out(user_id: int, comparison_id: UUID) -> dict[str, Any]:
    found = access.access_comparison(user_id, comparison_id)
    return {
        "id": found.id,
        "conversation_id": found.question.conversation_id,
        "blind": found.is_blind,
        "chosen": found.chosen_id,
        "answers": [_answer(row.model, row.reply, is_blind=found.is_blind) for row in access.answers_of(found)],
    }


def _answer(model: str, reply: Message, *, is_blind: bool) -> dict[str, Any]:
    cost = None if is_blind else Receipt.from_json(reply.receipt).cost
    return {
        "reply_id": reply.id,
        "model": None if is_blind else model,
        "status": reply.status,
        "message": reply.text,
        "error": reply.error or None,
        "cost": None if cost is None else float(cost),
    }
