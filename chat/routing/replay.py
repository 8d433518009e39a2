"""Pure: routes past turns again by two policies: where each would go today, and what that would cost.

Nothing is sent and no text is read: a turn is the request to routing, the model that answered, and its tokens.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from chat.routing.route import AUTO, NoModelError, RouteRequest, route
from chat.routing.rules import Policy
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity
from langai_site.sentences import drawn
from langai_site.usage.types import ModelPrice, Usage, cost

# The name of the model if none was asked.
REFUSED = ""
EXAMPLES = 50
REFUSALS = {
    "above_ceiling": "no model may see it",
    "too_long": "too long for every model that may see it",
    "local_only": "no local model",
    "unable": "no model has the ability",
    "no_model": "the chosen model is gone",
}


@dataclass(frozen=True)
class PastTurn:
    """A turn that ended. `model` is LiteLLM's name of the model that answered or should have, or REFUSED.

    `request` is None if its receipt does not say what routing was asked: such a turn is counted but not replayed.
    `cached`: its answer came from the cache, and cost nothing.
    """

    at: datetime
    user_id: int
    username: str
    request: RouteRequest | None
    model: str = REFUSED
    hosted: bool = False
    usage: Usage = field(default_factory=Usage)
    cached: bool = False


@dataclass(frozen=True)
class Cost:
    """The known cost of turns in US dollars; the cost of `unpriced` turns is unknown."""

    amount: Decimal = Decimal(0)
    unpriced: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.amount + other.amount, self.unpriced + other.unpriced)


@dataclass(frozen=True)
class Tally:
    """The result of one way of routing for all turns."""

    answered: int
    refused: int
    cost: Cost


@dataclass(frozen=True)
class Move:
    """The turns that one way of routing sends to `before` and the draft sends to `after`; either may be REFUSED."""

    before: str
    after: str
    labels: Mapping[Sensitivity, int]
    cost_before: Cost
    cost_after: Cost

    @property
    def turns(self) -> int:
        return sum(self.labels.values())


@dataclass(frozen=True)
class Comparison:
    """What the draft would change compared with another way of routing; the largest `moves` come first."""

    moves: tuple[Move, ...]

    @property
    def moved(self) -> int:
        return sum(move.turns for move in self.moves)

    @property
    def labels(self) -> Mapping[Sensitivity, int]:
        """Return how many of the turns that move have each label."""
        return sum((Counter(move.labels) for move in self.moves), Counter())

    @property
    def refusals_gained(self) -> int:
        return sum(move.turns for move in self.moves if move.after == REFUSED)

    @property
    def refusals_lost(self) -> int:
        return sum(move.turns for move in self.moves if move.before == REFUSED)


@dataclass(frozen=True)
class Example:
    """A turn that the draft would send to another model; `why` is the draft's reason, drawn."""

    turn: PastTurn
    request: RouteRequest
    happened: str
    in_force: str
    draft: str
    why: str


@dataclass(frozen=True)
class ReplayOutcome:
    """What happened to the turns that could be replayed, and what would happen to them.

    `chosen` counts turns whose person chose the model by name, which no policy affects. `examples` start with the turns
    that the draft itself changes.
    """

    labels: Mapping[Sensitivity, int]
    chosen: int
    not_replayable: int
    happened: Tally
    in_force: Tally
    draft: Tally
    since_then: Comparison
    by_draft: Comparison
    examples: tuple[Example, ...]

    @property
    def turns(self) -> int:
        return sum(self.labels.values())


class _RoutedTo(NamedTuple):
    model: str
    why: str
    cost: Cost


class _Group(NamedTuple):
    """The turns of one label with the same three models: how many, and what they cost with each."""

    turns: int
    costs: tuple[Cost, ...]


# A label, and three models: of what happened, of the policy in force, and of the draft.
_Key = tuple[Sensitivity, tuple[str, str, str]]
_HAPPENED, _IN_FORCE, _DRAFT = range(3)
_NOTHING = _Group(0, (Cost(), Cost(), Cost()))


@dataclass
class _Totals:
    """The running totals of a replay, and a few examples."""

    groups: dict[_Key, _Group] = field(default_factory=dict)
    chosen: int = 0
    not_replayable: int = 0
    moved_by_draft: list[Example] = field(default_factory=list)
    moved_since: list[Example] = field(default_factory=list)

    def take(self, turn: PastTurn, request: RouteRequest, ways: tuple[_RoutedTo, _RoutedTo, _RoutedTo]) -> None:
        happened, in_force, draft = (way.model for way in ways)
        key = (request.label, (happened, in_force, draft))
        before = self.groups.get(key, _NOTHING)
        costs = tuple(sofar + way.cost for sofar, way in zip(before.costs, ways, strict=True))
        self.groups[key] = _Group(before.turns + 1, costs)
        self.chosen += request.requested != AUTO
        moved = self.moved_by_draft if draft != in_force else self.moved_since if draft != happened else None
        if moved is not None and len(moved) < EXAMPLES:
            moved.append(Example(turn, request, happened, in_force, draft, drawn(ways[_DRAFT].why)))


def replay(
    turns: Iterable[PastTurn],
    catalogue_of: Callable[[int], Sequence[ModelInfo]],
    *,
    in_force: Policy,
    draft: Policy,
    prices: Mapping[str, ModelPrice],
    changed: Callable[[RouteRequest], RouteRequest] = lambda request: request,
) -> ReplayOutcome:
    """Route `turns` again by both policies, among the models that `catalogue_of` returns for each user today.

    `changed` returns what routing is asked by the draft in place of what it was asked.
    Costs are estimates: the tokens that each turn took, at `prices` by model. No model is treated as cooling down.
    """
    totals = _Totals()
    for turn in turns:
        request = turn.request
        if request is None:
            totals.not_replayable += 1
            continue
        catalogue = catalogue_of(turn.user_id)
        cost_then = Cost() if turn.cached else _cost(turn.model, turn.hosted, turn.usage, prices)
        happened = _RoutedTo(turn.model, "", cost_then)
        by_policy = _routed(request, turn.usage, catalogue, in_force, prices)
        by_draft = _routed(changed(request), turn.usage, catalogue, draft, prices)
        totals.take(turn, request, (happened, by_policy, by_draft))
    return _outcome(totals)


def _routed(
    request: RouteRequest,
    usage: Usage,
    catalogue: Sequence[ModelInfo],
    policy: Policy,
    prices: Mapping[str, ModelPrice],
) -> _RoutedTo:
    try:
        chosen = route(request, catalogue, policy)
    except NoModelError as refusal:
        return _RoutedTo(REFUSED, REFUSALS[refusal.code], Cost())
    return _RoutedTo(chosen.model.name, chosen.why, _cost(chosen.model.name, chosen.model.hosted, usage, prices))


def _cost(model: str, hosted: bool, usage: Usage, prices: Mapping[str, ModelPrice]) -> Cost:
    """Return what a turn costs with a model. It is unknown for a turn without tokens: refused, failed or cached."""
    if model == REFUSED or not hosted:
        return Cost()
    price = prices.get(model)
    if price is None or not usage.input_tokens + usage.output_tokens:
        return Cost(unpriced=1)
    return Cost(cost(price, usage))


def _outcome(totals: _Totals) -> ReplayOutcome:
    labels: Counter[Sensitivity] = Counter()
    for (label, _ways), group in totals.groups.items():
        labels[label] += group.turns
    return ReplayOutcome(
        labels=labels,
        chosen=totals.chosen,
        not_replayable=totals.not_replayable,
        happened=_tally(totals.groups, _HAPPENED),
        in_force=_tally(totals.groups, _IN_FORCE),
        draft=_tally(totals.groups, _DRAFT),
        since_then=_comparison(totals.groups, _HAPPENED),
        by_draft=_comparison(totals.groups, _IN_FORCE),
        examples=tuple([*totals.moved_by_draft, *totals.moved_since][:EXAMPLES]),
    )


def _tally(groups: Mapping[_Key, _Group], way: int) -> Tally:
    turns: Counter[bool] = Counter()
    for (_label, models), group in groups.items():
        turns[models[way] == REFUSED] += group.turns
    return Tally(turns[False], turns[True], sum((group.costs[way] for group in groups.values()), Cost()))


def _comparison(groups: Mapping[_Key, _Group], way: int) -> Comparison:
    moved: dict[tuple[str, str], list[tuple[Sensitivity, _Group]]] = {}
    for (label, models), group in groups.items():
        if models[way] != models[_DRAFT]:
            moved.setdefault((models[way], models[_DRAFT]), []).append((label, group))
    moves = [_move(before, after, parts, way) for (before, after), parts in moved.items()]
    return Comparison(tuple(sorted(moves, key=lambda move: (-move.turns, move.before, move.after))))


def _move(before: str, after: str, parts: Sequence[tuple[Sensitivity, _Group]], way: int) -> Move:
    labels: Counter[Sensitivity] = Counter()
    for label, group in parts:
        labels[label] += group.turns
    costs = [sum((group.costs[at] for _label, group in parts), Cost()) for at in (way, _DRAFT)]
    return Move(before, after, labels, *costs)
