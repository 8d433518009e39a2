"""The policy lab's page: what a policy would have done with the turns of the last days, as tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from chat.admin.forms import LabForm
from chat.models import RoutingPolicy
from chat.pages import receipt_text
from chat.routing import past_turns
from chat.routing.replay import Comparison, Cost, ReplayOutcome, Tally
from langai_site.numbers import grouped
from langai_site.sensitivity import Sensitivity


@dataclass(frozen=True)
class ReplayRow:
    """Turns that go from one model to another, as the page shows them: counts by label, and costs before and after."""

    before: str
    after: str
    labels: tuple[int, ...]
    turns: int
    costs: tuple[str, str]


@dataclass(frozen=True)
class ReplayTable:
    """What would change compared with another way of routing. `labels` are the sums of the rows."""

    title: str
    about: str
    comparison: Comparison
    rows: tuple[ReplayRow, ...]
    labels: tuple[int, ...]
    before: str


def tried(policy: RoutingPolicy, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the page's context: only the form until it is sent."""
    form = LabForm(query if "days" in query else None)
    if not form.is_valid():
        return {"lab": form}
    days = form.cleaned_data["days"]
    found = past_turns.try_on(policy, days=days)
    return {"lab": form, "days": days, "found": found, "labels": [label.label for label in Sensitivity]} | _told(
        found.outcome
    )


def _told(outcome: ReplayOutcome) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "tallies": [
            _tally(_("As it happened"), outcome.happened),
            _tally(_("By the policy in force"), outcome.in_force),
            _tally(_("By this policy"), outcome.draft),
        ],
        "all_labels": _counts(outcome.labels),
        "tables": [
            _table(
                _("Against the policy in force"),
                _("Both route the same turns among today's models, so any difference comes from the rules."),
                _("By the policy in force"),
                outcome.by_draft,
            ),
            _table(
                _("Against what happened"),
                _(
                    "Models, prices and ceilings may have changed since. Models that were cooling down or failed then "
                    "are assumed to work."
                ),
                _("As it happened"),
                outcome.since_then,
            ),
        ],
    }


def _tally(name: str, tally: Tally) -> dict[str, Any]:
    return {"name": name, "answered": tally.answered, "refused": tally.refused, "cost": words_of(tally.cost)}


def _table(title: str, about: str, before: str, comparison: Comparison) -> ReplayTable:
    rows = tuple(
        ReplayRow(
            move.before,
            move.after,
            _counts(move.labels),
            move.turns,
            (words_of(move.cost_before), words_of(move.cost_after)),
        )
        for move in comparison.moves
    )
    return ReplayTable(title, about, comparison, rows, _counts(comparison.labels), before)


def _counts(labels: Mapping[Sensitivity, int]) -> tuple[int, ...]:
    return tuple(labels.get(label, 0) for label in Sensitivity)


def words_of(cost: Cost) -> str:
    """Return US dollars, and the number of turns whose cost is unknown."""
    unpriced = _("%(count)s unpriced") % {"count": grouped(cost.unpriced)} if cost.unpriced else ""
    return " + ".join(filter(None, (receipt_text.cost(cost.amount) if cost.amount or not unpriced else "", unpriced)))
