"""Pure: how a budget stands, and the sentences about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_UP, Decimal

# Per cent of a budget at which people get a notice, once each.
THRESHOLDS = (100, 80, 50)
CENT = Decimal("0.01")


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
    def when(self) -> str:
        return "for today" if self.period == "day" else "for this month"

    @property
    def name(self) -> str:
        """Return the budget's name for admins."""
        whose = "" if self.scope == "site" else f" of {self.subject}"
        return f"budget{whose} {self.when}"

    @property
    def reach(self) -> str:
        """Return the budget's name for the people it applies to."""
        whose = {"user": "your budget", "site": "the budget of everybody here"}
        return f"{whose.get(self.scope, f'the budget of the team {self.subject}')} {self.when}"


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
    return (
        f"Nothing was sent: this answer may cost up to {shown(price, ROUND_UP)}, and of {standing.reach} "
        f"({shown(standing.limit)}) {shown(standing.left, ROUND_DOWN)} is left. Choose a local model, which costs "
        f"nothing, or wait until {standing.ends:%d %B}."
    )


def refusal_in_short(standing: BudgetStanding, price: Decimal | None) -> str:
    """Return the same in a few words, for a line that says what would happen."""
    if price is None:
        return f"it has no price, so it cannot be counted in {standing.reach}"
    return f"at most {shown(price, ROUND_UP)}, and of {standing.reach} {shown(standing.left, ROUND_DOWN)} is left"


def unpriced_refusal(standing: BudgetStanding) -> str:
    """Return why a call without a known price was not made."""
    return (
        f"Nothing was sent: this model has no price, so it cannot be counted in {standing.reach}. Choose a local "
        "model or one with a price, or ask an admin to set a price for this one."
    )


def notice(standing: BudgetStanding) -> str:
    """Return the notice for the person from the first threshold on; "" before."""
    if not standing.threshold:
        return ""
    begins = standing.reach[0].upper() + standing.reach[1:]
    if standing.threshold < 100:
        return f"{begins} is {standing.threshold} % used: {shown(standing.left, ROUND_DOWN)} is left."
    if standing.hard:
        return f"{begins} is used up. Local models still answer; others will again from {standing.ends:%d %B} on."
    return f"{begins} is used up: {shown(standing.spent)} of {shown(standing.limit)} was spent."


def shown(amount: Decimal, rounding: str | None = None) -> str:
    """Return dollars to the cent, and less than a dollar with two significant digits: $12.40, $0.30, $0.0021, $0."""
    if not amount:
        return "$0"
    digits = CENT if amount >= 1 else Decimal(1).scaleb(amount.adjusted() - 1)
    return f"${amount.quantize(digits, rounding):,f}"
