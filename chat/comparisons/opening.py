"""Opens a comparison: one question, and one reply for each model, all of them or none. Synchronous."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from chat.comparisons.access import MARK
from chat.conversations import access
from chat.conversations.drafts import Pick
from chat.llm.built_in import BUILT_IN
from chat.models import ComparedReply, Message, ModelComparison
from chat.routing.route import AUTO
from chat.turns import costs, storage
from chat.turns.storage import Started
from langai_site.accounts.models import User
from langai_site.errors import InvalidError
from langai_site.outbound import catalogue
from langai_site.outbound.types import ModelInfo
from langai_site.sentences import counted_sentence
from langai_site.usage.spending import notices
from langai_site.usage.spending import reservations as usage
from langai_site.usage.spending.budgets import OverBudgetError
from langai_site.usage.spending.standing import refusing, rounded, unpriced_refusal

LEAST, MOST = 2, 4
OVER_TOGETHER = counted_sentence(
    "compared.over_together",
    "Nothing was sent: this answer may cost up to %(price)s, and %(budget)s has %(left)s left.",
    "Nothing was sent: these %(count)s answers may cost up to %(price)s together, and %(budget)s has %(left)s left. "
    "Compare fewer or cheaper models.",
)


@dataclass(frozen=True)
class Opened:
    """A comparison whose replies are ready to run, in the order in which they are shown."""

    id: UUID
    started: tuple[Started, ...]


def chosen_models(user_id: int, names: Sequence[str]) -> list[ModelInfo]:
    """Return the models to compare. Raises InvalidError unless they are 2 to 4 that this person may use."""
    if AUTO in names:
        raise InvalidError(_("Auto cannot be compared, because it chooses among the others. Pick models by name."))
    if not LEAST <= len(set(names)) <= MOST or len(set(names)) < len(names):
        raise InvalidError(_("Pick 2 to 4 different models to compare."))
    known = {model.name: model for model in (*catalogue.models(user_id), *BUILT_IN)}
    if set(names) - known.keys():
        raise InvalidError(_("One of these models is not available to you any more. Pick another one."))
    return [known[name] for name in names]


@transaction.atomic
def open_comparison(
    user: User, models: Sequence[str], post: Callable[[str], Started], *, is_blind: bool = False
) -> Opened:
    """Open what `post` writes, a question with its reply by the model named, and a reply by each other model.

    What all of them can cost is held before anything is sent. Raises InvalidError and OverBudgetError.
    """
    infos = chosen_models(user.id, models)
    if is_blind:
        random.SystemRandom().shuffle(infos)
    first = post(infos[0].name)
    conversation = access.access_conversation(user.id, first.conversation, lock=True)
    conversation.owner = user
    question = Message.objects.get(id=first.question)
    question.conversation = conversation
    others = [storage.open_reply(conversation, question, Pick(model.name, fresh=True)) for model in infos[1:]]
    # Until the choice: the name of the first model would give away whose answer is shown first.
    conversation.model = AUTO
    conversation.save(update_fields=["model"])
    opened = tuple(replace(started, is_blind=is_blind) for started in (first, *others))
    _hold_all(user, infos, opened)
    comparison = ModelComparison.objects.create(question=question, is_blind=is_blind)
    _mark(comparison, infos, opened)
    return Opened(comparison.id, opened)


def _hold_all(user: User, models: Sequence[ModelInfo], opened: Sequence[Started]) -> None:
    """Hold what all answers can cost, or raise OverBudgetError: then none is asked."""
    standings = notices.standings(user)
    if not standings:
        return
    whole = opened[0].request.texts().messages()
    prices = [costs.most(started.request, model, whole) for model, started in zip(models, opened, strict=True)]
    priced = [price for price in prices if price is not None]
    total = sum(priced, Decimal(0)) if len(priced) == len(prices) else None
    if standing := refusing(standings, total):
        words = unpriced_refusal(standing)
        if total is not None:
            left = rounded(standing.left, ROUND_DOWN)
            values = {"price": rounded(total, ROUND_UP), "budget": standing.reach, "left": left}
            words = OVER_TOGETHER(count=len(prices), **values)
        raise OverBudgetError(words, until=standing.ends, room=standing.left)
    for started, price in zip(opened, prices, strict=True):
        usage.raise_to(started.reply, price)


def _mark(comparison: ModelComparison, models: Sequence[ModelInfo], opened: Sequence[Started]) -> None:
    """Note that the replies belong together, and forget their models where these are not to be known."""
    rows = zip(models, opened, strict=True)
    ComparedReply.objects.bulk_create(
        ComparedReply(comparison=comparison, reply_id=started.reply, position=position, model=model.name)
        for position, (model, started) in enumerate(rows, 1)
    )
    replies = Message.objects.filter(id__in=[started.reply for started in opened])
    replies.update(options={MARK: str(comparison.id)}, **({"model": ""} if comparison.is_blind else {}))
