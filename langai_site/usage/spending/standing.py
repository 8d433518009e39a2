"""Pure: how a budget stands, and the sentences about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from langai_site.numbers import dollars
from langai_site.sentences import Template, sentence

# Per cent of a budget at which people get a notice, once each.
THRESHOLDS = (100, 80, 50)
CENT = Decimal("0.01")

OVER = sentence(
    "budget.over",
    "Nothing was sent: this answer may cost up to %(price)s, and %(budget)s (%(limit)s) has %(left)s left. Choose a "
    "local model, which costs nothing, or wait until %(day)s.",
)
OVER_IN_SHORT = sentence("budget.over_in_short", "at most %(price)s, and %(budget)s has %(left)s left")
UNPRICED = sentence(
    "budget.unpriced",
    "Nothing was sent: this model has no price, so it cannot be counted in %(budget)s. Choose a local model or one "
    "with a price, or ask an admin to set a price for this one.",
)
UNPRICED_IN_SHORT = sentence("budget.unpriced_in_short", "it has no price, so it cannot be counted in %(budget)s")
PARTLY_USED = sentence("budget.partly_used", "%(budget)s is %(share)s %% used: %(left)s is left.")
STOPPED = sentence(
    "budget.stopped", "%(budget)s is used up. Local models still answer; others will again from %(day)s on."
)
USED_UP = sentence("budget.used_up", "%(budget)s is used up: %(spent)s of %(limit)s was spent.")
# By scope and period, within a sentence and at its beginning.
_REACH = {
    ("user", "day"): sentence("budget.reach.user.day", "your budget for today"),
    ("user", "month"): sentence("budget.reach.user.month", "your budget for this month"),
    ("site", "day"): sentence("budget.reach.site.day", "the budget of everybody here for today"),
    ("site", "month"): sentence("budget.reach.site.month", "the budget of everybody here for this month"),
    ("team", "day"): sentence("budget.reach.team.day", "the budget of the team %(team)s for today"),
    ("team", "month"): sentence("budget.reach.team.month", "the budget of the team %(team)s for this month"),
}
_NAMES = {
    ("user", "day"): sentence("budget.name.user.day", "budget of %(team)s for today"),
    ("user", "month"): sentence("budget.name.user.month", "budget of %(team)s for this month"),
    ("site", "day"): sentence("budget.name.site.day", "budget for today"),
    ("site", "month"): sentence("budget.name.site.month", "budget for this month"),
    ("team", "day"): sentence("budget.name.team.day", "budget of %(team)s for today"),
    ("team", "month"): sentence("budget.name.team.month", "budget of %(team)s for this month"),
}
_TITLES = {
    ("user", "day"): sentence("budget.title.user.day", "Your budget for today"),
    ("user", "month"): sentence("budget.title.user.month", "Your budget for this month"),
    ("site", "day"): sentence("budget.title.site.day", "The budget of everybody here for today"),
    ("site", "month"): sentence("budget.title.site.month", "The budget of everybody here for this month"),
    ("team", "day"): sentence("budget.title.team.day", "The budget of the team %(team)s for today"),
    ("team", "month"): sentence("budget.title.team.month", "The budget of the team %(team)s for this month"),
}


@dataclass(frozen=True)
class BudgetStanding:
    """One budget in the current day or month; amounts in US dollars, `ends` the first day after it.

    `scope` and `period` are those of Budget; `subject` is the person or team that it is for, as it is shown.
    """

    scope: str
    subject: str
    period: str
    hard: bool
    limit: Decimal
    spent: Decimal
    held: Decimal
    ends: date

    @property
    def left(self) -> Decimal:
        """Return what can still be reserved; never less than nothing."""
        return max(self.limit - self.spent - self.held, Decimal(0))

    @property
    def percent(self) -> int:
        """Return the percentage that was spent, without what is held."""
        return int(self.spent * 100 / self.limit) if self.limit else 100

    @property
    def threshold(self) -> int:
        """Return the highest of THRESHOLDS that was reached, 0 if none was."""
        return next((threshold for threshold in THRESHOLDS if self.percent >= threshold), 0)

    @property
    def name(self) -> str:
        """Return the budget's name for admins."""
        return _named(_NAMES, self)

    @property
    def reach(self) -> str:
        """Return the budget's name for the people it applies to."""
        return _named(_REACH, self)

    @property
    def title(self) -> str:
        """Return the same for the beginning of a line."""
        return _named(_TITLES, self)


def _named(wordings: Mapping[tuple[str, str], Template], standing: BudgetStanding) -> str:
    wording = wordings[standing.scope, standing.period]
    return wording(team=standing.subject) if wording.names else wording()


def refusing(standings: Sequence[BudgetStanding], price: Decimal | None) -> BudgetStanding | None:
    """Return the budget that refuses a call that may cost `price` (None: not priced): the one with the least left.

    Previews and reservations both ask this, so that they agree. A call that costs nothing is never refused.
    """
    hard = [standing for standing in standings if standing.hard]
    if not hard or price == 0:
        return None
    least = min(hard, key=lambda standing: standing.left)
    return least if price is None or price > least.left else None


def refusal(standing: BudgetStanding, price: Decimal | None) -> str:
    """Return why `standing` refuses a call that may cost `price`; None: not priced."""
    return unpriced_refusal(standing) if price is None else over_refusal(standing, price)


def over_refusal(standing: BudgetStanding, price: Decimal) -> str:
    """Return why a call that may cost `price` was not made."""
    return OVER(
        price=rounded(price, ROUND_UP),
        budget=standing.reach,
        limit=rounded(standing.limit),
        left=rounded(standing.left, ROUND_DOWN),
        day=standing.ends,
    )


def refusal_in_short(standing: BudgetStanding, price: Decimal | None) -> str:
    """Return the same in a few words, for a line that says what would happen."""
    if price is None:
        return UNPRICED_IN_SHORT(budget=standing.reach)
    return OVER_IN_SHORT(price=rounded(price, ROUND_UP), budget=standing.reach, left=rounded(standing.left, ROUND_DOWN))


def unpriced_refusal(standing: BudgetStanding) -> str:
    """Return why a call without a known price was not made."""
    return UNPRICED(budget=standing.reach)


def notice(standing: BudgetStanding) -> str:
    """Return the notice for the person from the first threshold on; "" before."""
    if not standing.threshold:
        return ""
    if standing.threshold < 100:
        left = rounded(standing.left, ROUND_DOWN)
        return PARTLY_USED(budget=standing.title, share=standing.threshold, left=left)
    if standing.hard:
        return STOPPED(budget=standing.title, day=standing.ends)
    return USED_UP(budget=standing.title, spent=rounded(standing.spent), limit=rounded(standing.limit))


def shown(amount: Decimal, rounding: str | None = None) -> str:
    """Return dollars to the cent, and less than a dollar with two significant digits: $12.40, $0.30, $0.0021, $0.

    In the language of the page: 12,40 $ in German.
    """
    return dollars(f"{rounded(amount, rounding):f}")


def rounded(amount: Decimal, rounding: str | None = None) -> Decimal:
    """Return dollars with as many digits as `shown` has."""
    if not amount:
        return Decimal(0)
    return amount.quantize(CENT if amount >= 1 else Decimal(1).scaleb(amount.adjusted() - 1), rounding)
