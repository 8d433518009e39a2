"""What would become of a message that is still being written. Nothing is stored, logged, searched or sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from chat.conversations import access, drafts, labels
from chat.conversations.labels import Cause
from chat.routing import policies
from chat.routing.complexity import Complexity
from chat.routing.route import NoModelError, Rejected
from chat.turns import prompts, storage, turn
from chat.turns.values import RoutedTurn, RoutingInput, TurnRequest
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.detectors import DetectorRule
from langai_site.outbound import catalogue, door
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.types import Reader


@dataclass(frozen=True)
class DraftMessage:
    """A message as far as it is written, and how it is to be answered. `documents`: whether any are to be asked."""

    text: str
    pick: drafts.Pick
    label: Sensitivity | None = None
    options: drafts.Options = drafts.AS_USUAL
    documents: bool = True


@dataclass(frozen=True)
class Preview:
    """What would be done. `model` is None where `refusal` says why none would be asked.

    `most` is what the answer can cost in US dollars, whichever candidate gives it; None where one has no price.
    """

    label: Sensitivity
    causes: tuple[Cause, ...]
    complexity: Complexity
    model: ModelInfo | None = None
    why: str = ""
    most: Decimal | None = None
    rejected: tuple[Rejected, ...] = ()
    refusal: str = ""


def before(
    user: User, conversation_id: UUID | None, draft: DraftMessage
) -> tuple[TurnRequest, tuple[DetectorRule, ...]]:
    """The turn that the message would open, but for its label and what it would find, and what is sensitive here.

    Reads the database.
    """
    conversation = access.access_conversation(user.id, conversation_id) if conversation_id else None
    request = TurnRequest(
        question=draft.text,
        history=storage.history(conversation.current_leaf_id) if conversation else (),
        causes=(access.so_far(conversation),),
        pick=draft.pick,
        catalogue=tuple(catalogue.models(user.id)),
        reader=Reader(user.id, ()),
        caller=Caller(),
        options=draft.options,
        policy=policies.active(),
        asked=None if draft.documents else (),
    )
    return request, detectors.patterns.current()


async def preview(request: TurnRequest, rules: Sequence[DetectorRule], draft: DraftMessage) -> Preview:
    """What would be done with `draft` in the turn that `before` gave."""
    weighed = await asyncio.to_thread(_weighed, request, rules, draft)
    try:
        decided = await turn.decide(request, weighed)
    except NoModelError as refusal:
        return Preview(
            weighed.label, weighed.causes, weighed.complexity, rejected=refusal.rejected, refusal=refusal.message
        )
    route = decided.route
    most = await asyncio.to_thread(_most, request, decided)
    return Preview(weighed.label, weighed.causes, weighed.complexity, decided.model, route.why, most, route.rejected)


def _weighed(request: TurnRequest, rules: Sequence[DetectorRule], draft: DraftMessage) -> RoutingInput:
    own = labels.asked(request.label, draft.label, detectors.detect(draft.text, rules))
    messages = prompts.messages(request.question, request.history, ())
    if request.documents:
        messages = (*messages, prompts.SOME_PASSAGES)
    return RoutingInput(
        passages=(),
        causes=labels.turn(request.causes[0], own),
        complexity=turn.complexity_of(request, 0),
        messages=messages,
        tokens=prompts.most_tokens(messages),
    )


def _most(request: TurnRequest, decided: RoutedTurn) -> Decimal | None:
    weighed = decided.weighed
    hosted = [model for model in decided.route.candidates if model.hosted]
    costs = [door.max_cost(model, weighed.messages, request.max_tokens) for model in hosted]
    priced = [cost for cost in costs if cost is not None]
    return max(priced, default=Decimal(0)) if len(priced) == len(costs) else None
