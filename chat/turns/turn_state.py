"""Reads what may change while a turn runs from the database, when it matters: see `values.TurnState`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from chat.assistants import using
from chat.conversations import access, instructions, label_rises, labels
from chat.conversations.labels import Cause
from chat.llm.built_in import BUILT_IN
from chat.models import Conversation, Message
from chat.routing import policies
from chat.turns import added_patterns, attached_files, folder_instructions, given_documents
from chat.turns.values import Cited, RoutedTurn, TurnRequest
from chat.verified import matching
from chat.verified.match import VerifiedMatch
from langai_site.accounts.models import User
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.database.writer import apart, in_database_thread
from langai_site.errors import ForbiddenError, NotAdmittedError
from langai_site.outbound import catalogue
from langai_site.outbound.types import ModelInfo, Present
from langai_site.sensitivity import Sensitivity, highest
from langai_site.sentences import sentence
from langai_site.usage.spending import budgets
from langai_site.usage.spending import reservations as usage
from search.access import reader_of
from search.services.present import known_sources, labels_of, readable_sources

CLOSED = sentence("error.closed", "This account was deactivated, so nothing was sent.")()

_CONVERSATION, _PERSON = UUID(int=2**128 - 982451653), -982451653
_REPLY = UUID(int=2**128 - 982451707)
_LABEL = CompiledQuery(
    lambda conversation, person: (
        Conversation.objects.of(person).reachable().filter(pk=conversation).order_by().values_list("label")
    ),
    conversation=_CONVERSATION,
    person=_PERSON,
)
# The same, if the reply was not deleted with its branch.
_LABEL_OF_REPLY = CompiledQuery(
    lambda reply, conversation, person: (
        Message.objects.of(person)
        .filter(pk=reply, conversation=conversation, conversation__owner__is_active=True)
        .order_by()
        .values_list("conversation__label")
    ),
    reply=_REPLY,
    conversation=_CONVERSATION,
    person=_PERSON,
)
_ACTIVE = CompiledQuery(
    lambda person: User.objects.filter(pk=person, is_active=True).order_by().values_list("pk"), person=_PERSON
)


@dataclass(frozen=True)
class StoredTurnState:
    """The state of the turn that writes `reply`."""

    reply: UUID

    async def hold(self, most: Decimal | None) -> None:
        """Reserve money as in TurnState; also raises ConflictError if the reply was given up.

        Free calls, and installations without budgets, need no hop to the writer's thread.
        """
        if most != 0 and budgets.may_exist():
            await in_database_thread(usage.raise_to, self.reply, most)

    def read_present(self, request: TurnRequest, prepared: RoutedTurn) -> Present:
        """Read as in TurnState. If the turn is in a conversation, record with its reply which documents are sent."""
        if not (request.caller.conversation and (prepared.passages or prepared.weighed.files.sources)):
            return _present(request, prepared)
        # One transaction: a change of a document's label either finds the record made here, or its new label is read
        # here. On PostgreSQL neither may see the other, so the end of the reply checks for rises once more.
        with transaction.atomic():
            present = _present(request, prepared)
            if present.label <= prepared.label:
                given_documents.keep(self.reply, present.documents)
        return present

    def read_question(self, request: TurnRequest) -> Present:
        return Present(highest(_label(request), *_earlier_labels(request).values()))

    async def verified(self, request: TurnRequest, found: Sequence[UUID]) -> VerifiedMatch | None:
        return await in_database_thread(self._verified, request, found)

    @transaction.atomic
    def _verified(self, request: TurnRequest, found: Sequence[UUID]) -> VerifiedMatch | None:
        # In one transaction, as above: a document whose label rises later finds the record made here.
        _label(request)
        shown = matching.match(request.reader.user_id, request.question, found)
        if shown:
            given_documents.keep(self.reply, shown.documents)
        return shown

    async def unread_files(self, request: TurnRequest) -> tuple[str, ...]:
        return await in_database_thread(attached_files.unread, request)

    async def with_files(self, request: TurnRequest) -> TurnRequest:
        # Apart: it reads long texts, and pictures from the disk.
        return await apart(attached_files.with_files, request)

    async def refreshed(self, request: TurnRequest) -> TurnRequest:
        return await in_database_thread(_refreshed, request)


def present_beside(request: TurnRequest, model: ModelInfo, reply: UUID) -> Present:
    """Return the present state of a small call about a turn's question and its answer `reply`, which has ended.

    Raises NotAdmittedError.
    """
    given = labels_of(given_documents.of_reply(reply))
    label = highest(_label(request), *given.values())
    return Present(label, _model_now(model, request.reader.user_id), tuple(given))


def _present(request: TurnRequest, prepared: RoutedTurn) -> Present:
    given = {passage.hit.source_id for passage in prepared.passages} | prepared.weighed.files.sources
    sources = readable_sources(request.reader.user_id, given)
    if given - sources.keys() or not attached_files.are_current(request):
        raise NotAdmittedError
    earlier = _earlier_labels(request)
    personal = instructions.present_label(request.reader.user_id, request.personal)
    return Present(
        highest(
            _label(request),
            _folder_label(request),
            _assistant_label(request),
            personal,
            *earlier.values(),
            *(source.label for source in sources.values()),
        ),
        _model_now(prepared.model, request.reader.user_id),
        tuple({*earlier, *(source.document for source in sources.values())}),
    )


def _earlier_labels(request: TurnRequest) -> dict[UUID, Sensitivity]:
    """Return the current labels of the documents that the answer's earlier text cites or was made from."""
    cited = {source.document for source in known_sources(_cited_sources(request.cited)).values()}
    return labels_of({*cited, *request.given})


def _cited_sources(cited: Sequence[Cited]) -> set[UUID]:
    return {_source(old) for old in cited}


def _label(request: TurnRequest) -> Sensitivity:
    """Return the conversation's label, or the turn's own if it is in none, and what patterns added since find.

    Raises NotAdmittedError if the conversation is out of reach, the reply was deleted or the account is closed.
    """
    person, conversation, reply = request.reader.user_id, request.caller.conversation, request.caller.reply
    if conversation:
        label_rises.reach(conversation)
    if conversation and reply:
        rows = _LABEL_OF_REPLY.rows(reply=reply, conversation=conversation, person=person)
    elif conversation:
        rows = _LABEL.rows(conversation=conversation, person=person)
    else:
        rows = _ACTIVE.rows(person=person) and [(request.label,)]
    if not rows:
        raise NotAdmittedError
    return highest(Sensitivity(rows[0][0]), labels.label_of(added_patterns.causes(request)))


def _folder_label(request: TurnRequest) -> Sensitivity:
    """Return the present label of the folder's instructions in the prompt. Raises NotAdmittedError if they changed."""
    label = folder_instructions.label_now(request.reader.user_id, request.caller.conversation, request.folder)
    if label is None:
        raise NotAdmittedError
    return label


def _assistant_label(request: TurnRequest) -> Sensitivity:
    """Return the present label of the assistant whose instructions are in the prompt. Raises NotAdmittedError."""
    label = using.label_now(request.reader.user_id, request.assistant)
    if label is None:
        raise NotAdmittedError
    return label


def _model_now(model: ModelInfo, person: int) -> ModelInfo | None:
    return model if model in BUILT_IN else catalogue.available(model.name, person)


def _refreshed(request: TurnRequest) -> TurnRequest:
    person = User.objects.filter(pk=request.reader.user_id, is_active=True).first()
    if person is None:
        raise ForbiddenError(CLOSED)
    reader = replace(reader_of(person), is_remembered=request.reader.is_remembered)
    folder = folder_instructions.again(person.pk, request.caller.conversation)
    assistant, labelled = using.again(person.pk, request.assistant)
    return replace(
        attached_files.again(request),
        causes=_risen(request, (*folder_instructions.causes(folder), *labelled)),
        folder=folder,
        assistant=assistant,
        notice=using.LOST if request.assistant and not assistant else request.notice,
        reader=reader if request.asked is None else reader.only(request.reader.collections),
        catalogue=tuple(catalogue.models(person.pk)),
        policy=policies.active(),
        personal=instructions.of(person.pk) if request.personal else request.personal,
    )


def _risen(request: TurnRequest, instructed: tuple[Cause, ...]) -> tuple[Cause, ...]:
    """Return the causes and those added since: the conversation's label, and labels of earlier text's documents,
    and what patterns added since find.

    `instructed` are the present causes of the folder's and the assistant's instructions.
    """
    person, conversation_id = request.reader.user_id, request.caller.conversation
    conversation = access.access_conversation(person, conversation_id) if conversation_id else None
    now = [access.so_far(conversation)] if conversation else []
    earlier = earlier_causes(request.cited, request.given)
    found = added_patterns.causes(request)
    risen = (cause for cause in (*now, *earlier, *instructed, *found) if cause.label > request.label)
    return (*request.causes, *risen)


def earlier_causes(cited: Sequence[Cited], given: Sequence[UUID]) -> tuple[Cause, ...]:
    """Return what gives an answer's earlier text its label: the documents that it cites or was given, as of now.

    For a document that was removed, its last label counts, because the text still says the same.
    """
    sources = known_sources(_cited_sources(cited))
    titles = {sources[source].document: old.place["title"] for old in cited if (source := _source(old)) in sources}
    known = labels_of({*titles, *given})
    return tuple(labels.passage(titles.get(document, labels.UNNAMED), known[document]) for document in known)


def _source(cited: Cited) -> UUID:
    return UUID(cited.place["source"])
