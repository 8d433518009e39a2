"""The turn that answers a test case: the same as any turn, but outside of conversations and in one collection."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from chat.conversations import drafts, labels
from chat.evaluation import running
from chat.llm.built_in import BUILT_IN
from chat.models import EvalCase
from chat.models.answer_tests import AnswerTestCollection, AnswerTestSettings, CaseAnswer
from chat.routing import policies
from chat.routing.route import AUTO
from chat.turns.turn_state import StoredTurnState
from chat.turns.values import RoutedTurn, TurnRequest
from chat.verified.match import VerifiedMatch
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from langai_site.errors import NotAdmittedError
from langai_site.outbound import catalogue
from langai_site.outbound.types import ModelInfo, Present
from langai_site.sensitivity import highest
from langai_site.sentences import sentence
from langai_site.usage import callers
from langai_site.usage.models import UsageEntry
from langai_site.usage.months import start_of
from langai_site.usage.spending import reservations as usage
from langai_site.usage.spending.budgets import OverBudgetError
from search.types import Reader

# How the ledger names these calls.
EVALUATION = "evaluation"
ANSWER_TOKENS = 800
BUDGET_USED = sentence("evaluation.budget", "The week's budget for answers to test cases has no room for this one.")()


def week_of(day: date) -> date:
    """Return the Monday of a day."""
    return day - timedelta(days=day.weekday())


def allowed(user_id: int) -> tuple[ModelInfo, ...]:
    """Return the models that admins allow for the run, and this person may use. Without a budget only local ones."""
    found = AnswerTestSettings.objects.first()
    names = set(found.allowed_models.values_list("name", flat=True)) if found else set()
    may_spend = bool(found and found.weekly_usd > 0)
    usable = catalogue.models(user_id) if names else []
    return tuple(model for model in usable if model.name in names and (may_spend or not model.hosted))


def request_of(user: User, case: EvalCase, attempt: UUID) -> TurnRequest:
    """Return the turn that asks a case's question, under its label of the moment. Synchronous."""
    label = running.present_of_case(case.pk, user.pk).label
    found = [labels.Cause(one.label, labels.IN_MESSAGE(found=one.words)) for one in detectors.scan(case.question)]
    return TurnRequest(
        question=case.question,
        history=(),
        causes=(labels.started(label), *found),
        pick=drafts.Pick(AUTO),
        catalogue=allowed(user.pk),
        reader=Reader(user.pk, (case.collection_id,), is_remembered=False),
        caller=callers.caller_of(user, EVALUATION, reply=attempt),
        options=drafts.Options(max_tokens=ANSWER_TOKENS),
        policy=policies.active(),
        asked=(case.collection.name,),
        is_temporary=True,
        patterns=detectors.patterns.current(),
    )


@dataclass(frozen=True)
class CaseTurnState(StoredTurnState):
    """The state of a case's turn. Verified answers are not shown: a model is to be tested."""

    case: int

    async def hold(self, most: Decimal | None) -> None:
        """Reserve money as in TurnState, and in the budget of the week."""
        if most != 0:
            await in_database_thread(self._hold, most)

    @transaction.atomic
    def _hold(self, most: Decimal | None) -> None:
        # The lock makes calls of several workers wait for each other: together they stay within the budget.
        found = AnswerTestSettings.objects.select_for_update().first()
        mine = CaseAnswer.objects.filter(attempt=self.reply)
        if most is None or found is None or used() + most > found.weekly_usd:
            raise OverBudgetError(BUDGET_USED, until=week_of(timezone.localdate()) + timedelta(weeks=1))
        # Added up: an earlier candidate of this turn may have cost something.
        mine.update(most=F("most") + most)
        usage.raise_to(self.reply, most)

    def read_present(self, request: TurnRequest, prepared: RoutedTurn) -> Present:
        present = super().read_present(request, prepared)
        names = {model.name for model in (*BUILT_IN, *allowed(request.reader.user_id))}
        if prepared.model.name not in names:
            return replace(present, model=None)
        return replace(present, label=highest(present.label, self._case_now(request).label))

    def read_question(self, request: TurnRequest) -> Present:
        return self._case_now(request)

    def _case_now(self, request: TurnRequest) -> Present:
        """Return the case's label now. Raises NotAdmittedError once its collection takes no part any more."""
        if not AnswerTestCollection.objects.filter(collection__in=request.reader.collections).exists():
            raise NotAdmittedError
        return running.present_of_case(self.case, request.reader.user_id)

    async def verified(self, request: TurnRequest, found: Sequence[UUID]) -> VerifiedMatch | None:
        return None

    async def refreshed(self, request: TurnRequest) -> TurnRequest:
        again = await super().refreshed(request)
        models, present = await in_database_thread(
            lambda: (allowed(request.reader.user_id), self._case_now(request)),
        )
        return replace(again, catalogue=models, causes=(*again.causes, labels.started(present.label)))


def used() -> Decimal:
    """Return what the run has cost this week, and what its calls that have not ended can cost, in US dollars."""
    begun = start_of(week_of(timezone.localdate()))
    spent = UsageEntry.objects.filter(source=EVALUATION, at__gte=begun).aggregate(total=Sum("cost"))["total"]
    held = CaseAnswer.objects.filter(state=CaseAnswer.State.ASKING).aggregate(total=Sum("most"))["total"]
    return (spent or Decimal(0)) + (held or Decimal(0))
