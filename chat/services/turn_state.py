"""What may change while a turn runs, read from the database when it matters: see `replies.TurnState`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from chat.llm import BUILT_IN
from chat.models import Conversation
from chat.services import conversations, labels, policies
from chat.services.labels import Cause
from chat.services.replies import Cited, Prepared, TurnRequest
from langai_site.accounts.models import User
from langai_site.errors import Forbidden, NotAdmitted
from langai_site.outbound import catalogue
from langai_site.outbound.types import ModelInfo, Present
from langai_site.prepared import Prepared as PreparedQuery
from langai_site.sensitivity import Sensitivity, highest
from langai_site.usage import budgets
from langai_site.usage import services as usage
from langai_site.writer import write
from search.access import reader_of
from search.services.present import known_sources, readable_sources

CLOSED = "This account was deactivated, so nothing was sent."

_CONVERSATION, _PERSON = UUID(int=2**128 - 982451653), -982451653
_LABEL = PreparedQuery(
    lambda conversation, person: (
        Conversation.objects.filter(pk=conversation, owner=person, owner__is_active=True, deleted_at=None)
        .order_by()
        .values_list("label")
    ),
    conversation=_CONVERSATION,
    person=_PERSON,
)
_ACTIVE = PreparedQuery(
    lambda person: User.objects.filter(pk=person, is_active=True).order_by().values_list("pk"), person=_PERSON
)


@dataclass(frozen=True)
class StoredTurnState:
    """The state of the turn that writes `reply`."""

    reply: UUID

    async def hold(self, most: Decimal | None) -> None:
        """As in TurnState; also raises Conflict where the reply was given up.

        What is free, and a LangAI without budgets, costs no hop to the writer's thread.
        """
        if most != 0 and budgets.may_exist():
            await write(usage.raise_to, self.reply, most)

    def read_present(self, request: TurnRequest, prepared: Prepared) -> Present:
        given = {passage.hit.source_id for passage in prepared.passages}
        sources = readable_sources(request.reader.user_id, given)
        if given - sources.keys():
            raise NotAdmitted
        sources |= known_sources(_cited_sources(request.cited) - given)
        return Present(
            highest(_label(request), *(source.label for source in sources.values())),
            _model_now(prepared.model, request.reader.user_id),
            tuple({source.document for source in sources.values()}),
        )

    def read_question(self, request: TurnRequest) -> Present:
        sources = known_sources(_cited_sources(request.cited)).values()
        return Present(highest(_label(request), *(source.label for source in sources)))

    async def refreshed(self, request: TurnRequest) -> TurnRequest:
        return await write(_refreshed, request)


def _cited_sources(cited: Sequence[Cited]) -> set[UUID]:
    return {UUID(old.place["source"]) for old in cited}


def _label(request: TurnRequest) -> Sensitivity:
    """The conversation's label, or the turn's own where it is kept in none. Raises NotAdmitted where it is over."""
    person, conversation = request.reader.user_id, request.caller.conversation
    if conversation:
        rows = _LABEL.rows(conversation=conversation, person=person)
    else:
        rows = _ACTIVE.rows(person=person) and [(request.label,)]
    if not rows:
        raise NotAdmitted
    return Sensitivity(rows[0][0])


def _model_now(model: ModelInfo, person: int) -> ModelInfo | None:
    return model if model in BUILT_IN else catalogue.available(model.name, person)


def _refreshed(request: TurnRequest) -> TurnRequest:
    person = User.objects.filter(pk=request.reader.user_id, is_active=True).first()
    if person is None:
        raise Forbidden(CLOSED)
    reader = reader_of(person)
    return replace(
        request,
        causes=_risen(request),
        reader=reader if request.asked is None else reader.only(request.reader.collections),
        catalogue=tuple(catalogue.models(person.pk)),
        policy=policies.active(),
    )


def _risen(request: TurnRequest) -> tuple[Cause, ...]:
    """The causes with those that have come since: the conversation's label, and documents that the answer cites."""
    person, conversation_id = request.reader.user_id, request.caller.conversation
    conversation = conversations.access_conversation(person, conversation_id) if conversation_id else None
    now = [conversations.so_far(conversation)] if conversation else []
    risen = (cause for cause in (*now, *cited_causes(request.cited)) if cause.label > request.label)
    return (*request.causes, *risen)


def cited_causes(cited: Sequence[Cited]) -> tuple[Cause, ...]:
    """Return what the documents that an answer's earlier part cites give to its label, as they are labelled now.

    Of one that was removed, the last label counts: the answer goes on quoting it.
    """
    found = known_sources(_cited_sources(cited))
    titles = {UUID(old.place["source"]): old.place["title"] for old in cited}
    return tuple(labels.passage(titles[source], now.label) for source, now in found.items())
