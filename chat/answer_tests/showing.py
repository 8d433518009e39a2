"""What owners of a collection see of the weekly answers to its test cases. Synchronous."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from chat.models import AnswerTestCollection, AnswerTestSettings, CaseAnswer, EvalCase
from chat.verified.access import access_owned_collection
from langai_site.accounts.models import User
from langai_site.audit.recording import record
from search.models import Collection

# Weeks of the history, and the order of verdicts in a line.
WEEKS = 8
State = CaseAnswer.State


@dataclass(frozen=True)
class AnsweredCase:
    """A case with its answer of the newest week, and that of the week before, if there was one."""

    case: EvalCase
    answer: CaseAnswer
    before: CaseAnswer | None

    @property
    def is_worse(self) -> bool:
        was_right = self.before is not None and self.before.is_right
        return was_right and not self.answer.is_right and self.answer.state in (State.DONE, State.FAILED)

    @property
    def is_better(self) -> bool:
        return self.answer.is_right and self.before is not None and not self.before.is_right


@dataclass(frozen=True)
class AnswerWeek:
    """How many cases were answered in a week, how many answers were right, and what they cost in US dollars."""

    week: date
    answered: int
    right: int
    cost: Decimal


@dataclass(frozen=True)
class WeeklyAnswers:
    """The answers of the newest week, those that got worse first, and the weeks, newest first.

    `is_offered`: an admin allows models for it, and `is_on`: the collection takes part.
    """

    is_offered: bool
    is_on: bool
    rows: tuple[AnsweredCase, ...] = ()
    weeks: tuple[AnswerWeek, ...] = ()

    @property
    def worse(self) -> int:
        return sum(row.is_worse for row in self.rows)

    @property
    def waiting(self) -> int:
        return sum(row.answer.state in (State.WAITING, State.ASKING) for row in self.rows)


def of_cases(collection: Collection, cases: Sequence[EvalCase]) -> WeeklyAnswers:
    """Return the answers to the cases of a collection, which the caller has checked."""
    is_offered = AnswerTestSettings.objects.filter(allowed_models__isnull=False).exists()
    is_on = AnswerTestCollection.objects.filter(collection=collection).exists()
    found = CaseAnswer.objects.filter(case__collection=collection)
    weeks = list(found.order_by("-week").values_list("week", flat=True).distinct()[:WEEKS])
    by_week: dict[date, list[CaseAnswer]] = {week: [] for week in weeks}
    for row in found.filter(week__in=weeks):
        by_week[row.week].append(row)
    sums = tuple(_week(week, rows) for week, rows in by_week.items())
    if not weeks:
        return WeeklyAnswers(is_offered, is_on)
    known = {case.pk: case for case in cases}
    before = {row.case_id: row for row in by_week[weeks[1]]} if len(weeks) > 1 else {}
    newest = (row for row in by_week[weeks[0]] if row.case_id in known)
    rows = [AnsweredCase(known[row.case_id], row, before.get(row.case_id)) for row in newest]
    rows.sort(key=lambda row: (not row.is_worse, row.answer.is_right))
    return WeeklyAnswers(is_offered, is_on, tuple(rows), sums)


def _week(week: date, rows: Sequence[CaseAnswer]) -> AnswerWeek:
    answered = [row for row in rows if row.state == State.DONE]
    cost = sum((row.cost for row in rows), Decimal(0))
    return AnswerWeek(week, len(answered), sum(row.is_right for row in answered), cost)


@transaction.atomic
def set_weekly(user: User, collection_id: int, *, is_on: bool) -> None:
    """Have the cases of a collection answered each week, or no longer. Raises NotFoundError."""
    collection = access_owned_collection(user, collection_id)
    if is_on:
        AnswerTestCollection.objects.get_or_create(collection=collection)
    else:
        AnswerTestCollection.objects.filter(collection=collection).delete()
        CaseAnswer.objects.filter(case__collection=collection, state=State.WAITING).delete()
    record("case.weekly", "collection", collection.pk)
