"""Previews what would happen to a message that is still being written. Stores, logs, searches and sends nothing."""

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
from chat.turns import prompts, storage, turn, windows
from chat.turns.values import RoutedTurn, RoutingInput, TurnRequest
from chat.turns.windows import FittedPrompt
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.detectors import DetectorRule
from langai_site.outbound import catalogue, door
from langai_site.outbound.types import ChatMessage, ModelInfo
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.types import Reader


@dataclass(frozen=True)
class DraftMessage:
    """A message as far as it is written, and how to answer it. `documents`: whether documents are to be searched."""

    text: str
    pick: drafts.Pick
    label: Sensitivity | None = None
    options: drafts.Options = drafts.AS_USUAL
    documents: bool = True


@dataclass(frozen=True)
class Preview:
    """What would happen. `model` is None if `refusal` says why no model would be asked.

    `most` is the highest price of the answer in US dollars, whichever candidate gives it; None if one has no price.
    `notice` says what would be left out of the prompt of `model`, and `answer_limit` how long its answer may be.
    """

    label: Sensitivity
    causes: tuple[Cause, ...]
    complexity: Complexity
    model: ModelInfo | None = None
    why: str = ""
    most: Decimal | None = None
    rejected: tuple[Rejected, ...] = ()
    refusal: str = ""
    notice: str = ""
    answer_limit: str = ""


def before(
    user: User, conversation_id: UUID | None, draft: DraftMessage
) -> tuple[TurnRequest, tuple[DetectorRule, ...]]:
    """Return the turn that the message would start, without its own label and passages, and the detector rules.

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
    """Return what would happen to `draft` in the turn that `before` returned."""
    weighed = await asyncio.to_thread(_weighed, request, rules, draft)
    try:
        decided = await turn.decide(request, weighed)
    except NoModelError as refusal:
        return Preview(
            weighed.label, weighed.causes, weighed.complexity, rejected=refusal.rejected, refusal=refusal.message
        )
    route = decided.route
    most, prompt = await asyncio.to_thread(_sent, request, decided)
    return Preview(
        weighed.label,
        weighed.causes,
        weighed.complexity,
        decided.model,
        route.why,
        most,
        route.rejected,
        notice=prompt.notice_before,
        answer_limit=prompt.answer_limit,
    )


def _weighed(request: TurnRequest, rules: Sequence[DetectorRule], draft: DraftMessage) -> RoutingInput:
    own = labels.asked(request.label, draft.label, detectors.detect(draft.text, rules))
    texts = request.texts()
    messages = texts.messages()
    return RoutingInput(
        passages=(),
        causes=labels.turn(request.causes[0], own),
        complexity=turn.complexity_of(request, 0),
        messages=messages,
        tokens=prompts.most_tokens(messages) + prompts.tokens_of(_passages(request)),
        least_tokens=texts.least.tokens,
    )


def _passages(request: TurnRequest) -> tuple[ChatMessage, ...]:
    """Return a placeholder for the passages that may be found."""
    return (prompts.some_passages(turn.passages_chars(request)),) if request.documents else ()


def _sent(request: TurnRequest, decided: RoutedTurn) -> tuple[Decimal | None, FittedPrompt]:
    """Return the highest price of the answer in US dollars, and the prompt for the model that is asked first."""
    hosted = [model for model in decided.route.candidates if model.hosted]
    costs = [_most(request, decided, model) for model in hosted]
    priced = [cost for cost in costs if cost is not None]
    most = max(priced, default=Decimal(0)) if len(priced) == len(costs) else None
    return most, _fitted(request, decided, decided.model)


def _most(request: TurnRequest, decided: RoutedTurn, model: ModelInfo) -> Decimal | None:
    prompt = _fitted(request, decided, model)
    return door.max_cost(model, (*prompt.messages, *_passages(request)), prompt.max_tokens)


def _fitted(request: TurnRequest, decided: RoutedTurn, model: ModelInfo) -> FittedPrompt:
    return windows.fitted(
        request.texts(),
        model.context_window,
        request.max_tokens,
        whole=decided.weighed.messages,
        reserved=prompts.tokens_of(_passages(request)),
    )
