"""The turn that answers one cell: the same as any turn, but outside of conversations and about one document."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from chat.conversations import drafts, labels
from chat.models import ReviewCell, ReviewColumn, ReviewTable
from chat.reviews.values import instructions
from chat.routing import policies
from chat.routing.route import AUTO
from chat.turns.given_files import FileUse, GivenFiles
from chat.turns.turn_state import StoredTurnState
from chat.turns.values import RoutedTurn, TurnRequest
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from langai_site.errors import NotAdmittedError
from langai_site.outbound import catalogue
from langai_site.outbound.types import Present
from langai_site.sensitivity import Sensitivity
from langai_site.usage import callers
from langai_site.usage.spending import budgets
from langai_site.usage.spending import reservations as usage
from search.models import Source
from search.types import Reader

# How the ledger names calls for review tables.
REVIEW = "review"
ANSWER_TOKENS = 400
State = ReviewCell.State


def request_of(user: User, column: ReviewColumn, source: Source, attempt: UUID | None = None) -> TurnRequest:
    """Return the turn that asks a column's question of a document, with what the person may use now. Synchronous."""
    found = [labels.Cause(one.label, labels.IN_MESSAGE(found=one.words)) for one in detectors.scan(column.question)]
    own = (labels.started(Sensitivity(column.label)), *found, labels.passage(source.title, source.label))
    return TurnRequest(
        question=column.question,
        history=(),
        causes=own,
        pick=drafts.Pick(AUTO),
        catalogue=tuple(catalogue.models(user.pk)),
        reader=Reader(user.pk, (source.collection_id,), is_remembered=False),
        caller=callers.caller_of(user, REVIEW, reply=attempt),
        options=drafts.Options(max_tokens=ANSWER_TOKENS),
        policy=policies.active(),
        asked=(),
        instructions=instructions(column.kind),
        given_files=GivenFiles(
            searched=(source.pk,),
            collection=source.collection_id,
            causes=(labels.passage(source.title, source.label),),
            uses=(FileUse(source.pk, source.title, 0, searched=True),),
        ),
        patterns=detectors.patterns.current(),
    )


@dataclass(frozen=True)
class CellTurnState(StoredTurnState):
    """The state of a cell's turn: what it may cost moves from the table's reservation to its own.

    Nothing is sent for a cell that is gone, with its table, row or question, or that another worker has taken.
    """

    table: UUID

    def read_present(self, request: TurnRequest, prepared: RoutedTurn) -> Present:
        self._require_cell()
        return super().read_present(request, prepared)

    def read_question(self, request: TurnRequest) -> Present:
        self._require_cell()
        return super().read_question(request)

    def _require_cell(self) -> None:
        if not ReviewCell.objects.filter(attempt=self.reply, state=State.ASKING).exists():
            raise NotAdmittedError

    async def hold(self, most: Decimal | None) -> None:
        if most != 0 and budgets.may_exist():
            await in_database_thread(self._hold, most)

    @transaction.atomic
    def _hold(self, most: Decimal | None) -> None:
        table = ReviewTable.objects.filter(pk=self.table).first()
        if table:
            hold_rest(table)
        usage.raise_to(self.reply, most)


def hold_rest(table: ReviewTable) -> None:
    """Hold what the waiting cells of a table can cost, and no more. Raises OverBudgetError."""
    caller = callers.caller_of(table.owner, REVIEW)
    usage.reserve(reply=table.hold, user_id=table.owner_id, team=caller.team)
    usage.raise_to(table.hold, rest_of(table))


def rest_of(table: ReviewTable) -> Decimal | None:
    """Return what the waiting cells can cost at most in US dollars; None if a model has no price."""
    waiting = ReviewCell.objects.filter(row__table=table, state=State.WAITING)
    if waiting.filter(most=None).exists():
        return None
    return Decimal(waiting.aggregate(total=Sum("most"))["total"] or 0)
