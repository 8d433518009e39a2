"""Keeps test cases, and shows those of a collection to its owners. Synchronous."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.conversations import label_rises
from chat.conversations.access import access_conversation
from chat.models import EvalCase
from chat.verified import making
from chat.verified.access import access_owned_collection, owned_collections
from langai_site.accounts.models import User
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity, highest
from search.models import Collection, Source

GONE = gettext_noop("This test case does not exist, or it belongs to a collection that you do not own.")
# Cases of a collection: a night has to be enough to run them.
MOST = 500
QUESTION_MAX = 1_000
MOST_DOCUMENTS = 50


@dataclass(frozen=True)
class CollectionCases:
    """The test cases of a collection, and how many of them the last run found, found better, and found worse."""

    collection: Collection
    rows: list[EvalCase]

    @property
    def ran(self) -> int:
        return sum(row.ran_at is not None for row in self.rows)

    @property
    def found(self) -> int:
        return sum(row.rank is not None for row in self.rows)

    @property
    def better(self) -> int:
        return sum(row.change == "better" for row in self.rows)

    @property
    def worse(self) -> int:
        return sum(row.change == "worse" for row in self.rows)


@transaction.atomic
def keep(user: User, reply_id: UUID) -> EvalCase:
    """Keep the question of an answer with the documents that it cites; a question that is kept already gets these.

    The same answers can be kept as can be verified. Raises what `making.offered` and `refuse_full` raise.
    """
    reply, collection = making.offered(user, reply_id)
    question = " ".join(reply.parent.text.split()) if reply.parent else ""
    refuse_full(collection, question)
    cited = Source.objects.filter(pk__in=reply.citations.values("source"))
    documents = {str(document): title for document, title in cited.values_list("document", "title")}
    # The conversation may have risen since the question was asked, and each run can have a server embed it.
    label_rises.reach(reply.conversation_id)
    conversation = access_conversation(user.pk, reply.conversation_id)
    asked = reply.parent.label if reply.parent else reply.label
    return stored(collection, question, documents, highest(collection.sensitivity, conversation.label, asked), user)


def refuse_full(collection: Collection, question: str) -> None:
    """Refuse a question that is empty or too long with InvalidError, and one too many with ConflictError."""
    if not question or len(question) > QUESTION_MAX:
        raise InvalidError(_("Only a question of at most %(most)s characters can be kept.") % {"most": QUESTION_MAX})
    others = EvalCase.objects.filter(collection=collection)
    if others.exclude(question=question).count() >= MOST:
        raise ConflictError(_("This collection has %(most)s test cases. Remove one first.") % {"most": MOST})


def stored(
    collection: Collection, question: str, documents: Mapping[str, str], label: Sensitivity, user: User
) -> EvalCase:
    """Store a case, which then runs; one with the same question gets these documents."""
    values = {"documents": dict(documents), "label": label, "author": user, "run_requested": True}
    case, _made = EvalCase.objects.update_or_create(collection=collection, question=question, defaults=values)
    record("case.keep", "case", case.pk)
    return case


def access_case(user: User, case_id: int, *, lock: bool = False) -> EvalCase:
    """Return a case to an owner of its collection. Raises NotFoundError."""
    rows = EvalCase.objects.select_for_update(of=("self",)) if lock else EvalCase.objects.all()
    found = rows.select_related("collection").filter(pk=case_id, collection__in=owned_collections(user)).first()
    if found is None:
        raise NotFoundError(_(GONE))
    return found


def of_collection(user: User, collection_id: int) -> CollectionCases:
    """Return a collection's cases to its owner: unfinished ones, then those that got worse. Raises NotFoundError."""
    collection = access_owned_collection(user, collection_id)
    rows = EvalCase.objects.filter(collection=collection).select_related("author")
    order = {"worse": 0, "": 1, "better": 1}
    ordered = sorted(rows, key=lambda row: (row.is_ready, order[row.change], row.rank is not None))
    return CollectionCases(collection, ordered)


@transaction.atomic
def remove(user: User, case_id: int) -> int:
    """Remove a case; return the id of its collection. Raises NotFoundError."""
    case = access_case(user, case_id, lock=True)
    case.delete()
    record("case.delete", "case", case_id)
    return int(case.collection_id)


def request_run(user: User, collection_id: int) -> None:
    """Have the worker run the cases of a collection. Raises NotFoundError."""
    collection = access_owned_collection(user, collection_id)
    EvalCase.objects.filter(collection=collection).update(run_requested=True)
