"""Previews what would happen to a message that is still being written. Stores, logs, searches and sends nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from chat.assistants import using
from chat.conversations import access, attachments, drafts, instructions, labels
from chat.conversations.chosen_collections import Chosen
from chat.conversations.labels import Cause
from chat.conversations.personal import NONE as NO_INSTRUCTIONS
from chat.llm.built_in import BUILT_IN
from chat.models import Conversation
from chat.routing import policies
from chat.routing.complexity import Complexity
from chat.routing.route import NoModelError, Rejected
from chat.turns import attached_files, costs, earlier, folder_instructions, prompts, turn
from chat.turns.costs import Offer
from chat.turns.given_files import Attached
from chat.turns.values import RoutedTurn, RoutingInput, TurnRequest
from chat.values import ChosenAssistant
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.database.writer import apart
from langai_site.detectors import Detection, DetectorRule
from langai_site.outbound import catalogue
from langai_site.outbound.types import ModelInfo
from langai_site.request_id import carried
from langai_site.sensitivity import Sensitivity, highest
from langai_site.sentences import joined, sentence
from langai_site.usage.spending import notices
from langai_site.usage.spending.standing import BudgetStanding, refusal, refusal_in_short, refusing
from langai_site.usage.types import Caller
from search.types import Reader

OVER_BUDGET = sentence("preview.over_budget", "over budget: %(why)s")
WOULD_BE_REFUSED = sentence("preview.would_be_refused", "%(model)s would be refused: %(why)s")


@dataclass(frozen=True)
class DraftMessage:
    """A message as far as it is written, and how to answer it. `documents`: whether documents are to be searched.

    `folder`: where a new conversation is to be put. `instructions`: whether the person's own instructions are sent;
    None leaves that to the conversation, as does None for `assistant`, which is otherwise an id, or empty for nobody.
    """

    text: str
    pick: drafts.Pick
    label: Sensitivity | None = None
    options: drafts.Options = drafts.AS_USUAL
    documents: bool = True
    folder: UUID | None = None
    instructions: bool | None = None
    attached: tuple[UUID, ...] = ()
    assistant: ChosenAssistant = None


@dataclass(frozen=True)
class Preview:
    """What would happen. `model` is None if `refusal` says why no model would be asked.

    `most` is what would be reserved for the answer of `model`, in US dollars; None if it has no price. `notice` says
    what would be left out of the prompt of `model`, and `answer_limit` how long its answer may be. If a budget refuses,
    `over` says so in a few words, and `offers` are what it still allows. `found` is the label of what the detectors
    found in the text.
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
    over: str = ""
    offers: tuple[Offer, ...] = ()
    found: Sensitivity = Sensitivity.PUBLIC


@dataclass(frozen=True)
class Basis:
    """What a preview is worked out from: the turn without its own label, passages and files, rules and budgets."""

    request: TurnRequest
    rules: tuple[DetectorRule, ...]
    standings: tuple[BudgetStanding, ...] = ()


def before(user: User, conversation_id: UUID | None, draft: DraftMessage) -> Basis:
    """Read what a preview of the message needs from the database."""
    conversation = access.access_conversation(user.id, conversation_id) if conversation_id else None
    folder = folder_instructions.of_conversation(user.id, conversation.folder_id if conversation else draft.folder)
    is_on = conversation.uses_instructions if conversation and draft.instructions is None else draft.instructions
    models = catalogue.models(user.id)
    names = {model.name for model in (*models, *BUILT_IN)}
    applied = using.applied(user.id, _assistant(conversation, draft), draft.pick, draft.options, names)
    documents: Chosen = None if draft.documents else []
    request = TurnRequest(
        question=draft.text,
        history=earlier.history(conversation.current_leaf_id) if conversation else (),
        causes=(access.so_far(conversation), *folder_instructions.causes(folder), *applied.causes),
        pick=applied.pick,
        catalogue=tuple(models),
        reader=Reader(user.id, ()),
        caller=Caller(),
        options=applied.options,
        policy=policies.active(),
        asked=() if applied.searched(documents) == [] else None,
        folder=folder,
        personal=NO_INSTRUCTIONS if is_on is False else instructions.of(user.id),
        attached=_attached(user, conversation, draft),
        assistant=applied.assistant,
        notice=applied.notice,
    )
    return Basis(request, detectors.patterns.current(), tuple(notices.standings(user)))


def _assistant(conversation: Conversation | None, draft: DraftMessage) -> UUID | None:
    if draft.assistant is None:
        return conversation.assistant_id if conversation else None
    return draft.assistant or None


def _attached(user: User, conversation: Conversation | None, draft: DraftMessage) -> tuple[Attached, ...]:
    if conversation:
        earlier = attached_files.of_branch(conversation, None, conversation.current_leaf_id)
    else:
        earlier = attached_files.of_folder(user.id, draft.folder)
    new = attachments.unsent(user.id, draft.attached) if draft.attached else ()
    return attached_files.once((*earlier, *(Attached(file.document, file.name, True) for file in new)))


async def preview_each(basis: Basis, draft: DraftMessage, models: Sequence[str]) -> list[Preview]:
    """Return what would happen to `draft` with each of these models, by what `before` returned."""
    basis, weighed, found = await _scanned(basis, draft)
    label = highest(*(one.label for one in found))
    picks = (replace(basis.request.pick, model=name, kept=False) for name in models)
    each = [await _decided(replace(basis, request=replace(basis.request, pick=pick)), weighed) for pick in picks]
    return [replace(expected, found=label) for expected in each]


async def preview(basis: Basis, draft: DraftMessage) -> Preview:
    """Return what would happen to `draft`, by what `before` returned."""
    basis, weighed, found = await _scanned(basis, draft)
    expected = await _decided(basis, weighed)
    return replace(expected, found=highest(*(one.label for one in found)))


async def _scanned(basis: Basis, draft: DraftMessage) -> tuple[Basis, RoutingInput, Sequence[Detection]]:
    """Return the basis with its files, what would be sent, and what the detectors found in the text."""
    if basis.request.attached:
        # Apart: it reads long texts.
        with_files = await apart(attached_files.with_files, basis.request, is_preview=True)
        basis = replace(basis, request=with_files)
    request = basis.request
    found = await asyncio.to_thread(detectors.detect, draft.text, basis.rules)
    return basis, await asyncio.to_thread(carried(_weighed), request, found, draft), found


async def _decided(basis: Basis, weighed: RoutingInput) -> Preview:
    request = basis.request
    try:
        decided = await turn.decide(request, weighed)
    except NoModelError as refusal:
        return Preview(
            weighed.label, weighed.causes, weighed.complexity, rejected=refusal.rejected, refusal=refusal.message
        )
    return await asyncio.to_thread(carried(_expected), basis, decided)


def _expected(basis: Basis, decided: RoutedTurn) -> Preview:
    """Return the preview of a turn that has a route: of the first candidate that the budgets have room for."""
    request, weighed, route = basis.request, decided.weighed, decided.route
    over: list[Rejected] = []
    for model in route.candidates:
        most = costs.most(request, model, weighed.messages)
        standing = refusing(basis.standings, most)
        if standing is None:
            prompt = costs.fitted_before(request, model, weighed.messages)
            return Preview(
                weighed.label,
                weighed.causes,
                weighed.complexity,
                model,
                route.why,
                most,
                (*over, *route.rejected),
                notice=joined((request.notice, request.given_files.notice(model), prompt.notice_before)),
                answer_limit=prompt.answer_limit,
            )
        over.append(Rejected(model.name, OVER_BUDGET(why=refusal_in_short(standing, most))))
    return _over_budget(basis, decided, over)


def _over_budget(basis: Basis, decided: RoutedTurn, over: Sequence[Rejected]) -> Preview:
    """Return the preview of a turn that the budgets refuse, in the words that the refusal would have."""
    request, weighed, model = basis.request, decided.weighed, decided.model
    most = costs.most(request, model, weighed.messages)
    standing = refusing(basis.standings, most)
    assert standing
    return Preview(
        weighed.label,
        weighed.causes,
        weighed.complexity,
        rejected=(*over[1:], *decided.route.rejected),
        refusal=refusal(standing, most),
        over=WOULD_BE_REFUSED(model=model.display_name, why=refusal_in_short(standing, most)),
        offers=costs.offers(request, weighed, model, standing.left),
    )


def _weighed(request: TurnRequest, found: Sequence[Detection], draft: DraftMessage) -> RoutingInput:
    own = (*labels.asked(request.label, draft.label, found), *request.causes[1:])
    texts = request.texts()
    messages = texts.messages()
    return RoutingInput(
        passages=(),
        causes=(*labels.turn(request.causes[0], own), *request.personal.causes, *request.given_files.causes),
        complexity=turn.complexity_of(request, 0),
        messages=messages,
        tokens=prompts.most_tokens(messages) + prompts.tokens_of(costs.passages_of(request)),
        least_tokens=texts.least.tokens,
        folder=request.folder,
        files=request.given_files,
        notice=request.notice,
        assistant=request.assistant,
    )
