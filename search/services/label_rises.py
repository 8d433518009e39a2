"""Requests to raise the conversations that quote a document whose label rose.

Search knows documents and their labels, but not conversations. So it stores the request as a row and hands it over in
the same transaction; the app that keeps conversations works on it until it is done.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from langai_site import document_uses
from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity, highest
from langai_site.stored_data import Counts
from search.label_records import LabelRecord
from search.models import Collection, LabelRise, Source
from search.services.label_history import history_of


@dataclass(frozen=True)
class RelabelTarget:
    """The target of a relabelling: a document in all its versions, or a whole collection."""

    document: UUID | None = None
    collection: int | None = None

    @property
    def sources(self) -> QuerySet[Source]:
        """Return all existing versions, live or replaced: an answer may quote any of them."""
        return Source.objects.filter(_where(self)).order_by()

    @property
    def removed(self) -> QuerySet[LabelRecord]:
        """Return the records of removed versions, one row each: answers still quote them."""
        return LabelRecord.objects.filter(_where(self), ended=True, document__isnull=False).order_by()

    @property
    def source_ids(self) -> QuerySet[Any, Any]:
        """Return the ids of all versions, removed ones included, as a query for finding what quotes them."""
        return self.sources.values("pk").union(self.removed.values("source"))

    @property
    def document_ids(self) -> QuerySet[Any, Any]:
        """Return the ids of all documents that are or were in it, also as a query."""
        return self.sources.values("document").union(self.removed.values("document"))

    def includes(self, sources: QuerySet[Any, Any], documents: QuerySet[Any, Any]) -> bool:
        """Return whether any of these ids, given as queries for versions and documents, belongs to it or once did."""
        parts = (
            self.sources.filter(pk__in=sources),
            self.sources.filter(document__in=documents),
            self.removed.filter(source__in=sources),
            self.removed.filter(document__in=documents),
        )
        return any(part.exists() for part in parts)

    @property
    def label(self) -> Sensitivity:
        """Return the label in force for all of it now: a document's own or its collection's, whichever is higher.

        For something deleted, return its last label; public, if search never knew it.
        """
        if self.collection is not None:
            return _label_of_collection(self.collection)
        rows = list(self.sources.values_list("sensitivity", "collection__sensitivity"))
        if not rows and self.document:
            return history_of([self.document]).last(self.document) or Sensitivity.PUBLIC
        return highest(*(label for row in rows for label in row))


def _label_of_collection(collection: int) -> Sensitivity:
    row = Collection.objects.filter(pk=collection).values_list("sensitivity", flat=True)
    last = LabelRecord.objects.filter(collection=collection, document=None).order_by("-since", "-pk")
    return highest(*(list(row) or last.values_list("label", flat=True)[:1]))


def _where(labelled: RelabelTarget) -> Q:
    return Q(document=labelled.document) if labelled.document else Q(collection=labelled.collection)


def count_quoting(labelled: RelabelTarget) -> int:
    """Return how many conversations quote it, and nothing else about them."""
    return document_uses.quoting_conversations(labelled)


def raise_quoting(labelled: RelabelTarget, *, by: str = "") -> LabelRise:
    """Raise the conversations that quote it to its current label, the first ones immediately.

    Call it inside the transaction that raised the label. `by` is the name of the person who asked for it.
    """
    rise = LabelRise.objects.create(
        document=labelled.document, collection=labelled.collection, label=labelled.label, asked_by=by
    )
    document_uses.label_rose(rise.pk)
    return rise


def forget(user_id: int, pseudonym: str) -> Counts:
    """Put a pseudonym in place of a person whose account is deleted, in what they asked for."""
    for name in User.objects.filter(pk=user_id).values_list("username", flat=True):
        LabelRise.objects.filter(asked_by=name).update(asked_by=pseudonym)
    return {}


def labelled_of(rise: LabelRise) -> RelabelTarget:
    """Return what a rise is about."""
    return RelabelTarget(rise.document, rise.collection)
