"""The labels of sources as they are right now, for who is about to send their passages. Synchronous."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from langai_site.accounts.open_accounts import require_open
from langai_site.outbound.types import Present
from langai_site.sensitivity import Sensitivity, highest
from search.access import readable_collections
from search.models import Source

# A version that was replaced may still be quoted; one whose document was deleted may not.
QUOTABLE = Q(live=True) | Q(retired_at__isnull=False)


@dataclass(frozen=True)
class PresentSource:
    """A source's document and the label that it has now."""

    document: UUID
    label: Sensitivity


def readable_sources(user_id: int, sources: Collection[UUID]) -> dict[UUID, PresentSource]:
    """Return those of `sources` that the person may read now; of a deleted document there is none."""
    found = Source.objects.filter(QUOTABLE, pk__in=sources, collection__in=readable_collections(user_id))
    return _read(found) if sources else {}


def existing_sources(sources: Collection[UUID]) -> dict[UUID, PresentSource]:
    """Return those of `sources` that exist, whoever may read them."""
    return _read(Source.objects.filter(pk__in=sources)) if sources else {}


def present_of(sources: Iterable[UUID]) -> Present:
    """Return the highest label of `sources` now, with their documents."""
    found = existing_sources(set(sources)).values()
    return Present(highest(*(source.label for source in found)), documents=tuple({source.document for source in found}))


def present_of_person(user_id: int, label: Sensitivity) -> Present:
    """Return the label of what a person brings, which cannot change. Raises AccountClosed if the account is closed."""
    require_open(user_id)
    return Present(label)


def _read(found: QuerySet[Source]) -> dict[UUID, PresentSource]:
    rows = found.order_by().values_list("pk", "document", "sensitivity", "collection__sensitivity")
    return {pk: PresentSource(document, highest(own, shared)) for pk, document, own, shared in rows}
