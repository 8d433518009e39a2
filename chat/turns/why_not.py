"""Says for each model which rule kept it from answering a turn, and the smallest change that would let it in.

The rules are checked on the request that the receipt stores, among the models, policies and budgets of now. What
happened at the time, such as a model that failed, comes from the receipt.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from chat.llm.built_in import BUILT_IN
from chat.routing.route import AUTO, LEAST_ANSWER, Rejected, RouteRequest, first_bar, route
from chat.routing.rules import Policy
from chat.routing.wordings import rule
from chat.turns import smallest_changes
from chat.turns.receipt import Receipt
from langai_site.outbound.known_models import KnownModel
from langai_site.outbound.types import ModelInfo
from langai_site.sentences import drawn, sentence
from langai_site.usage.spending.standing import BudgetStanding, refusal_in_short, refusing
from langai_site.usage.types import Usage, highest_cost

# The rules in the order in which they are checked, each with the name that people read.
RULES = {
    "answered": sentence("rule.answered", "Answered")(),
    "choice": sentence("rule.choice", "Your choice")(),
    "policy": sentence("rule.policy", "Policy")(),
    "failed": sentence("rule.failed", "Failed")(),
    "resting": sentence("rule.resting", "Resting")(),
    "over_budget": sentence("rule.over_budget", "Budget")(),
    "too_long": sentence("rule.too_long", "Window")(),
    "unable": sentence("rule.unable", "Ability")(),
    "local_only": sentence("rule.local_only", "Local only")(),
    "above_ceiling": sentence("rule.above_ceiling", "Label")(),
    "away": sentence("rule.away", "Server")(),
    "off": sentence("rule.off", "Switched off")(),
    "team": sentence("rule.team", "Team")(),
}
ANSWERED = sentence("verdict.answered", "It answered.")()
OTHER_CHOSEN = sentence("verdict.other_chosen", "you chose another model by name")()
ONLY_ALONE = sentence("verdict.only_alone", "Auto asks it only if no other model is connected")()
FIRST_NOW = sentence("verdict.first_now", "the rules would ask it first now")()
OTHER_FIRST_BY = sentence(
    "verdict.other_first_by", "the rule “%(rule)s” put another model first; this one is number %(place)s"
)
OTHER_FIRST = sentence("verdict.other_first", "the rules put another model first; this one is number %(place)s")
CAN_ANSWER = ("answered", "choice", "policy", "failed", "resting")


@dataclass(frozen=True)
class Verdict:
    """Why a model did not answer. `rule` is a key of RULES; `change` is empty if nothing has to change.

    `then` is what the receipt says of it, if that differs from `why`. `can_answer`: the turn could be asked of it now.
    """

    name: str
    display_name: str
    rule: str
    why: str
    change: str = ""
    then: str = ""
    can_answer: bool = True

    @property
    def rule_name(self) -> str:
        return drawn(RULES[self.rule])

    def drawn(self) -> "Verdict":
        """Return it in the reader's language."""
        return replace(self, why=drawn(self.why), change=drawn(self.change), then=drawn(self.then))


@dataclass(frozen=True)
class Surroundings:
    """What routing goes by now: `resting` maps models that failed lately to the reason."""

    known: Sequence[KnownModel]
    policy: Policy
    standings: Sequence[BudgetStanding] = ()
    resting: Mapping[str, str] = field(default_factory=dict)


def verdicts(receipt: Receipt, request: RouteRequest, now: Surroundings) -> list[Verdict]:
    """Return the verdict on each known model, the one that answered first, then those that could answer."""
    ranking = _ranking(request, now)
    then = {other.model: other for other in receipt.rejected}
    found = [_verdict(one, receipt, request, now, ranking, then) for one in (*now.known, *map(_built_in, BUILT_IN))]
    order = list(RULES)
    return sorted(found, key=lambda one: (order.index(one.rule), ranking.get(one.name, len(ranking))))


def _built_in(model: ModelInfo) -> KnownModel:
    return KnownModel(model.name, model.display_name, model)


def _ranking(request: RouteRequest, now: Surroundings) -> dict[str, int]:
    """Return the places, from 1, that the policy gives to the models that may and can answer."""
    models = [one.info for one in now.known if one.info and not one.obstacle and not first_bar(one.info, request)]
    if not models:
        return {}
    taken = route(_as_auto(request), models, now.policy)
    return {model.name: place for place, model in enumerate(taken.candidates, 1)}


def _as_auto(request: RouteRequest) -> RouteRequest:
    return RouteRequest.read({**request.written(), "model": AUTO})


def _verdict(
    one: KnownModel,
    receipt: Receipt,
    request: RouteRequest,
    now: Surroundings,
    ranking: Mapping[str, int],
    then: Mapping[str, Rejected],
) -> Verdict:
    earlier = then.get(one.name)
    if one.name == receipt.name and receipt.sent is not False:
        return Verdict(one.name, one.display_name, "answered", receipt.route or ANSWERED)
    rule, why, change = _first_rule(one, receipt, request, now, ranking, earlier)
    said = earlier.why if earlier and earlier.why != why else ""
    can_answer = rule in CAN_ANSWER or change == smallest_changes.AGAIN
    return Verdict(one.name, one.display_name, rule, why, change, said, can_answer)


def _first_rule(
    one: KnownModel,
    receipt: Receipt,
    request: RouteRequest,
    now: Surroundings,
    ranking: Mapping[str, int],
    earlier: Rejected | None,
) -> tuple[str, str, str]:
    """Return the first rule that speaks against a model, why, and the smallest change."""
    if one.obstacle or one.info is None:
        return smallest_changes.of_obstacle(one)
    if bar := first_bar(one.info, request):
        return bar.code, bar.why, smallest_changes.of_bar(bar.code, one.info, request, receipt.label_causes)
    most = _most(one.info, request.prompt_tokens, request.max_tokens)
    if standing := refusing(now.standings, most):
        return "over_budget", refusal_in_short(standing, most), _within_budget(one.info, request, standing)
    if one.name in now.resting:
        return "resting", now.resting[one.name], smallest_changes.RESTING
    if earlier:
        rule = earlier.code if earlier.code in RULES else "failed"
        return rule, earlier.why, smallest_changes.AGAIN
    if request.requested not in (AUTO, one.name):
        return "choice", OTHER_CHOSEN, smallest_changes.BY_NAME
    return "policy", *_by_policy(one, ranking, receipt)


def _by_policy(one: KnownModel, ranking: Mapping[str, int], receipt: Receipt) -> tuple[str, str]:
    if one.name not in ranking:
        return ONLY_ALONE, smallest_changes.BY_NAME
    if ranking[one.name] == 1:
        return FIRST_NOW, smallest_changes.AGAIN
    place = ranking[one.name]
    said = OTHER_FIRST_BY(rule=rule(receipt.rule), place=place) if receipt.rule else OTHER_FIRST(place=place)
    return said, smallest_changes.BY_NAME


def _most(model: ModelInfo, prompt_tokens: int, max_tokens: int) -> Decimal | None:
    """Return the most that an answer can cost in US dollars; None if the model has no price."""
    if not model.hosted:
        return Decimal(0)
    return highest_cost(model.price, Usage(prompt_tokens, max_tokens)) if model.price else None


def _within_budget(model: ModelInfo, request: RouteRequest, standing: BudgetStanding) -> str:
    """Return what to change so that the budget has room: a shorter answer, if one fits, or waiting."""
    fitting = (tokens for tokens in _halves(request.max_tokens) if _fits(model, request, tokens, standing.left))
    return smallest_changes.of_budget(standing, has_price=model.price is not None, shorter=next(fitting, None))


def _halves(tokens: int) -> Iterable[int]:
    while (tokens := tokens // 2) >= LEAST_ANSWER:
        yield tokens


def _fits(model: ModelInfo, request: RouteRequest, max_tokens: int, left: Decimal) -> bool:
    most = _most(model, request.prompt_tokens, max_tokens)
    return most is not None and most <= left
