"""The documents that somebody should look at again: those that are due, and old ones that many answers rest on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from documents.models import Document
from langai_site import document_uses
from langai_site.accounts.models import User
from search.access import administered_collections, library_collections, managed_collections
from search.models import Source

# The oldest documents that are considered, and how many are shown.
MOST, SHOWN = 5_000, 100
# Ids in one statement.
AT_ONCE = 500


@dataclass(frozen=True)
class Review:
    """A document with how many answers cite it. `source` is its live version; `managed`: the person may change it."""

    id: UUID
    title: str
    collection: str
    owner: str
    review_by: date | None
    added_at: datetime
    answers: int
    source: UUID
    managed: bool

    @property
    def is_due(self) -> bool:
        return self.review_by is not None and self.review_by <= timezone.localdate()

    @property
    def days(self) -> int:
        """Return the age of the searched version in days."""
        return (timezone.now() - self.added_at).days

    @property
    def weight(self) -> tuple[bool, int, int]:
        """Return the sort key: those that are due, then by answers and age together."""
        return self.is_due, self.answers * max(1, self.days), self.days


def looked_after(person: User) -> QuerySet[Document]:
    """Return the documents of collections that the person manages or owns, and those that they own themselves."""
    readable = library_collections(person).values("pk")
    own = Q(owner=person.pk, collection__in=readable)
    return Document.objects.filter(own | Q(collection__in=managed_collections(person).values("pk")))


def to_review(person: User) -> list[Review]:
    """Return the SHOWN documents that need it most, of the MOST oldest: those that are due, then answers by age."""
    rows = list(looked_after(person).select_related("collection", "owner").order_by("uploaded_at", "pk")[:MOST])
    live, answers = _live([row.pk for row in rows]), _answers([row.pk for row in rows])
    managed = set(administered_collections(person).values_list("pk", flat=True))
    found = [_review(row, live[row.pk], answers, managed) for row in rows if row.pk in live]
    return sorted(found, key=lambda review: review.weight, reverse=True)[:SHOWN]


def _review(row: Document, live: tuple[UUID, datetime], answers: Mapping[UUID, int], managed: set[int]) -> Review:
    source, added_at = live
    return Review(
        id=row.pk,
        title=row.title,
        collection=row.collection.shown_name,
        owner=str(row.owner or ""),
        review_by=row.review_by,
        added_at=added_at,
        answers=answers.get(row.pk, 0),
        source=source,
        managed=row.collection_id in managed,
    )


def _live(ids: list[UUID]) -> dict[UUID, tuple[UUID, datetime]]:
    found: dict[UUID, tuple[UUID, datetime]] = {}
    for first in range(0, len(ids), AT_ONCE):
        rows = Source.objects.live().filter(document__in=ids[first : first + AT_ONCE]).order_by()
        found |= {document: (pk, at) for document, pk, at in rows.values_list("document", "pk", "added_at")}
    return found


def _answers(ids: list[UUID]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for first in range(0, len(ids), AT_ONCE):
        found |= document_uses.answers_citing(ids[first : first + AT_ONCE])
    return found
