"""Hands over or removes the collections of a person whose account is deleted."""

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from documents.models import Document
from documents.services import sharing
from documents.services.lifecycle import delete
from langai_site.accounts.models import User
from langai_site.stored_data import Counts
from search.models import Collection

OWN = (Collection.Kind.OWN, Collection.Kind.REMOVED)


def count(user_id: int) -> Counts:
    return {
        gettext_noop("collections of your own"): _own(user_id).count(),
        gettext_noop("documents in them"): Document.with_deleted.filter(collection__in=_own(user_id)).count(),
    }


def hand_over(user: User, heir: User) -> None:
    """Give the person's own collections to another person. Raises ConflictError if they have no room for one."""
    for key in _own(user.pk).filter(kind=Collection.Kind.OWN).order_by("pk").values_list("pk", flat=True):
        sharing.hand_over(user, key, heir)


def remove(user_id: int, _pseudonym: str) -> Counts:
    """Delete the collections that are the person's own, with their files. Those of the Library stay."""
    removed = {gettext_noop("collections"): 0, gettext_noop("documents"): 0}
    # At once nobody reads them any more. Their documents leave no events of their own: the account's deletion says it.
    Collection.objects.filter(kind=Collection.Kind.OWN, holder=user_id).update(
        kind=Collection.Kind.REMOVED, removed_at=timezone.now()
    )
    kinds = (Collection.Kind.REMOVED, Collection.Kind.ATTACHED)
    for collection in Collection.objects.filter(kind__in=kinds, holder=user_id):
        rows = list(Document.with_deleted.filter(collection=collection))
        delete(*rows)
        collection.delete()
        removed["documents"] += len(rows)
        removed["collections"] += 1
    return removed


def _own(user_id: int) -> "QuerySet[Collection]":
    return Collection.objects.filter(kind__in=OWN, holder=user_id)
