"""Pure: what a turn can cost at most, and what a budget without room for it still allows.

The composer's preview and the reservation before a call both use this, so what the preview says is what happens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import Any

from chat.llm.built_in import QUOTES
from chat.routing import route as routing
from chat.routing.route import LEAST_ANSWER, NoModelError
from chat.turns import askable, prompts, windows
from chat.turns.values import RoutingInput, TurnRequest, wanted
from chat.turns.windows import FittedPrompt
from langai_site.outbound import token_counts
from langai_site.outbound.types import ChatMessage, ModelInfo
from langai_site.sentences import sentence
from langai_site.usage.types import highest_cost

# How many other models are offered instead of one that a budget refuses.
OFFERED = 2
SHORTER = sentence("offer.shorter", "%(model)s with an answer of at most %(tokens)s tokens")


@dataclass(frozen=True)
class Offer:
    """A way to ask again that the budget has room for: another model, or `max_tokens` for a shorter answer."""

    model: str
    name: str
    max_tokens: int | None = None

    @property
    def words(self) -> str:
        """Return the offer in words that can follow "Allowed:"."""
        return SHORTER(model=self.name, tokens=self.max_tokens) if self.max_tokens else self.name

    def written(self) -> dict[str, Any]:
        """Return the offer as a receipt stores it."""
        return {"model": self.model, "name": self.name, "max_tokens": self.max_tokens}


def passages_of(request: TurnRequest) -> tuple[ChatMessage, ...]:
    """Return a placeholder for the passages that the turn may find."""
    searched = (request.documents, bool(request.given_files.searched))
    return tuple(prompts.some_passages(askable.passages_chars(request)) for is_searched in searched if is_searched)


def fitted_before(request: TurnRequest, model: ModelInfo, whole: Sequence[ChatMessage]) -> FittedPrompt:
    """Return the prompt for `model` while its passages are not known. `whole` is the prompt without passages."""
    reserved, texts = prompts.tokens_of(passages_of(request)), request.texts(model=model)
    # It has pictures in every form that a model may get, and this model gets one.
    whole = () if request.given_files.pictures else whole
    return windows.fitted(texts, model.context_window, request.max_tokens, whole=whole, reserved=reserved)


def most(request: TurnRequest, model: ModelInfo, whole: Sequence[ChatMessage] = ()) -> Decimal | None:
    """Return the highest price of the answer in US dollars, whatever passages are found; None if it has no price.

    `whole` is the prompt without passages, if it was built before.
    """
    if not model.hosted:
        return Decimal(0)
    if model.price is None:
        return None
    prompt = fitted_before(request, model, whole or request.texts(model=model).messages())
    messages = (*prompt.messages, *passages_of(request))
    return highest_cost(model.price, token_counts.max_usage(messages, prompt.max_tokens, request.requirements))


def offers(request: TurnRequest, weighed: RoutingInput, refused: ModelInfo, room: Decimal) -> tuple[Offer, ...]:
    """Return what `room`, in US dollars, still allows after the budget refused `refused`."""
    whole = request.texts().messages()
    shorter = islice(_shorter(request, refused, whole, room), 1)
    return (*islice(_others(request, weighed, refused, whole, room), OFFERED), *shorter)


def _others(
    request: TurnRequest, weighed: RoutingInput, refused: ModelInfo, whole: Sequence[ChatMessage], room: Decimal
) -> Iterator[Offer]:
    """Yield the other models that may answer and that there is room for, the best first."""
    asked = replace(wanted(request, weighed), requested=routing.AUTO)
    try:
        candidates = routing.route(asked, request.catalogue, request.policy).candidates
    except NoModelError:
        return
    for model in candidates:
        cost = most(request, model, whole) if model not in (refused, QUOTES) else None
        if cost is not None and cost <= room:
            yield Offer(model.name, model.display_name)


def _shorter(request: TurnRequest, model: ModelInfo, whole: Sequence[ChatMessage], room: Decimal) -> Iterator[Offer]:
    """Yield shorter and shorter answers of the same model that there is room for."""
    tokens = request.max_tokens // 2
    while tokens >= LEAST_ANSWER:
        shorter = replace(request, options=replace(request.options, max_tokens=tokens))
        cost = most(shorter, model, whole)
        if cost is not None and cost <= room:
            yield Offer(model.name, model.display_name, tokens)
        tokens //= 2
