"""Checks whether a person may read, make or change a verified answer: the only access to them. Synchronous."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.models import VerifiedAnswer
from langai_site.accounts.models import User
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.errors import NotFoundError
from search.access import library_collections, managed_collections
from search.models import Collection

GONE = gettext_noop("This verified answer does not exist, or you may not read it.")
NO_COLLECTION = gettext_noop("This collection does not exist, or you may not read it.")
State = VerifiedAnswer.State


def owned_collections(user: User) -> QuerySet[Collection]:
    """Return the collections whose answers a person may verify: those that they manage and may read."""
    return managed_collections(user).filter(pk__in=library_collections(user).values("pk"))


def _one_owned(user: User) -> QuerySet[Collection, tuple[int]]:
    return owned_collections(user).values_list("pk")[:1]


_OWNED = CompiledQuery(lambda user: _one_owned(User(pk=user)), user=-982451653)
_OWNED_BY_SUPERUSER = CompiledQuery(
    lambda user: _one_owned(User(pk=user, is_staff=True, is_superuser=True)), user=-982451653
)


def access_owned_collection(user: User, collection_id: int) -> Collection:
    """Return a collection whose answers the person may verify. Raises NotFoundError."""
    collection = owned_collections(user).filter(pk=collection_id).first()
    if collection is None:
        raise NotFoundError(_(NO_COLLECTION))
    return collection


def owns_any(user: User) -> bool:
    """Return whether there is a collection whose answers the person may verify. Each page of a chat asks this."""
    query = _OWNED_BY_SUPERUSER if user.is_staff and user.is_superuser else _OWNED
    return user.is_active and bool(query.rows(user=user.pk))


def access_verified(user: User, answer_id: UUID) -> VerifiedAnswer:
    """Return a verified answer to a person who may read its collection.

    One that is retired, or cites a document that left the collection, only to its owners.
    """
    found = VerifiedAnswer.objects.select_related("collection", "author").filter(
        pk=answer_id, collection__in=library_collections(user)
    )
    answer = found.first()
    if answer is None or not (may_change(user, answer) or found.covered().exists()):
        raise NotFoundError(_(GONE))
    return answer


def may_change(user: User, answer: VerifiedAnswer) -> bool:
    """Return whether the person is an owner of the answer's collection."""
    return owned_collections(user).filter(pk=answer.collection_id).exists()


def access_owned(user: User, answer_id: UUID) -> VerifiedAnswer:
    """Return a verified answer to an owner of its collection, locked. Call it inside a transaction."""
    found = VerifiedAnswer.objects.select_for_update(of=("self",)).select_related("collection")
    answer = found.filter(pk=answer_id, collection__in=owned_collections(user)).first()
    if answer is None:
        raise NotFoundError(_(GONE))
    return answer


def of_collection(user: User, collection_id: int) -> tuple[Collection, bool, list[VerifiedAnswer]]:
    """Return a collection, whether the person owns it, and its verified answers; readers get the current ones only."""
    collection = library_collections(user).filter(pk=collection_id).first()
    if collection is None:
        raise NotFoundError(_(NO_COLLECTION))
    is_owner = owned_collections(user).filter(pk=collection_id).exists()
    rows = VerifiedAnswer.objects.filter(collection=collection_id).select_related("author")
    rows = rows if is_owner else rows.covered().filter(state=State.VERIFIED)
    order = {State.EXPIRED: 0, State.VERIFIED: 1, State.RETIRED: 2}
    return collection, is_owner, sorted(rows, key=lambda row: order[State(row.state)])
