"""Asks the test cases of the week in the worker, one after the other. The row is the queue, with a lease."""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chat.answer_tests.asking import EVALUATION, CaseTurnState, request_of, week_of
from chat.evaluation import running
from chat.llm.built_in import BUILT_IN
from chat.models import EvalCase
from chat.models.answer_tests import AnswerTestCollection, AnswerTestSettings, CaseAnswer
from chat.turns import receipts
from chat.turns.collecting import CollectedTurn, collect
from chat.turns.values import TurnRequest
from langai_site.database.writer import write_patiently
from langai_site.errors import LangAIError
from langai_site.processes import worker
from langai_site.sentences import sentence
from langai_site.usage import callers
from langai_site.usage.spending import reservations as usage
from search.models import Source
from search.questions.quotes import holds

logger = logging.getLogger(__name__)

LONGEST, LEASE = timedelta(minutes=5), timedelta(minutes=7)
# Weeks whose results are kept.
WEEKS = 26
NO_MODEL = sentence(
    "evaluation.no_model", "No allowed model may see this case, or has room in the week's budget. Nothing was sent."
)()
NO_OWNER = sentence("evaluation.no_owner", "The collection has no owner in whose name the question could be asked.")()
TOOK_TOO_LONG = sentence("evaluation.too_long", "The model took longer than 5 minutes.")()
WITHDRAWN = sentence("evaluation.withdrawn", "The case may not be asked any more, so nothing was sent.")()
WENT_WRONG = sentence("evaluation.failed", "Something went wrong inside LangAI; the log has the details.")()
State = CaseAnswer.State


def plan() -> None:
    """Have each case asked that was not asked this week, in the collections that take part. Every night."""
    week = week_of(timezone.localdate())
    CaseAnswer.objects.filter(week__lt=week - timedelta(weeks=WEEKS)).delete()
    # What was left over: the old budget is gone, and the same questions are asked this week.
    CaseAnswer.objects.filter(week__lt=week, state=State.WAITING).delete()
    if not AnswerTestSettings.objects.filter(allowed_models__isnull=False).exists():
        return
    wanted = EvalCase.objects.exclude(documents={}, must_contain=[])
    wanted = wanted.filter(collection__in=AnswerTestCollection.objects.values("pk")).exclude(answers__week=week)
    rows = [CaseAnswer(case_id=pk, week=week) for pk in wanted.values_list("pk", flat=True)]
    CaseAnswer.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)


@dataclass(kw_only=True)
class _Attempt(CollectedTurn):
    """A case that is being asked, and what came of it so far."""

    row: CaseAnswer
    id: UUID
    request: TurnRequest | None = None
    note: str = ""


def run() -> bool:
    """Ask one case; return True if there may be more."""
    attempt = _claimed()
    if attempt is None:
        return False
    asyncio.run(_answer(attempt))
    return not worker.stopping.is_set()


def _claimed() -> _Attempt | None:
    """Take the next case, one that waits or whose worker died, in the name of an owner of its collection."""
    lost = Q(state=State.ASKING, lease_until__lt=timezone.now())
    row = CaseAnswer.objects.filter(Q(state=State.WAITING) | lost).select_related("case__collection").first()
    if row is None:
        return None
    owner = running.owner_of(row.case.collection_id)
    attempt = _Attempt(row=row, id=uuid4())
    with transaction.atomic():
        same = CaseAnswer.objects.filter(pk=row.pk, attempt=row.attempt, state=row.state)
        lease = timezone.now() + LEASE
        if not same.update(state=State.ASKING, attempt=attempt.id, lease_until=lease, most=Decimal(0)):
            return None
        if row.attempt:
            usage.close(row.attempt, [])
        if owner:
            team = callers.caller_of(owner, EVALUATION).team
            usage.reserve(reply=attempt.id, user_id=owner.pk, team=team)
    attempt.note = "" if owner else NO_OWNER
    try:
        attempt.request = request_of(owner, row.case, attempt.id) if owner else None
    except LangAIError as refused:
        attempt.note = refused.message or WITHDRAWN
    return attempt


async def _answer(attempt: _Attempt) -> None:
    if attempt.request and not attempt.note:
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                await _collect(attempt, attempt.request)
        except TimeoutError:
            attempt.note = TOOK_TOO_LONG
        except LangAIError as refused:
            attempt.note = refused.message or WITHDRAWN
        except Exception:
            logger.exception("Test case %s could not be answered", attempt.row.case_id)
            attempt.note = WENT_WRONG
    values: dict[str, Any] = {"state": State.FAILED, "error": attempt.note}
    if attempt.request and not attempt.note:
        values = await asyncio.to_thread(_values, attempt, attempt.request)
    await write_patiently(f"the answer to test case {attempt.row.case_id}", _write, attempt, values)


async def _collect(attempt: _Attempt, request: TurnRequest) -> None:
    await collect(attempt, request, CaseTurnState(attempt.id, attempt.row.case_id))
    if attempt.prepared and attempt.prepared.model in BUILT_IN:
        # It only quotes what was found. That does not test a model.
        attempt.note = NO_MODEL


def _values(attempt: _Attempt, request: TurnRequest) -> dict[str, Any]:
    """Return what is kept of an answer: how it compares with the case and with its sources."""
    case, prepared = attempt.row.case, attempt.prepared
    kept = receipts.checked(attempt.text, request, prepared.passages if prepared else (), is_complete=True)
    cited = {UUID(source["source"]) for source in kept.sources}
    documents = {str(pk) for pk in Source.objects.filter(pk__in=cited).values_list("document", flat=True)}
    return {
        "state": State.DONE,
        "missing": [words for words in case.must_contain if not holds(kept.text, words)],
        "verdicts": dict(Counter(check.verdict.value for check in kept.checks)),
        "cites_expected": bool(documents & case.documents.keys()) if case.documents else None,
        "model": prepared.model.display_name if prepared else "",
        "error": "",
    }


@transaction.atomic
def _write(attempt: _Attempt, values: dict[str, Any]) -> None:
    """Write how the call ended, unless another one has the row by now; what it used is entered either way."""
    mine = CaseAnswer.objects.filter(pk=attempt.row.pk, attempt=attempt.id, state=State.ASKING)
    cost = sum((entry.cost or Decimal(0) for entry in attempt.entries), Decimal(0))
    mine.update(**values, cost=cost, most=Decimal(0), answered_at=timezone.now(), attempt=None, lease_until=None)
    usage.close(attempt.id, attempt.entries)
