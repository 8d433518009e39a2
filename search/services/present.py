"""Returns the labels that sources have right now, for callers that are about to send passages. Synchronous."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from langai_site.accounts.open_accounts import require_open
from langai_site.errors import NotAdmittedError
from langai_site.outbound.types import Present
from langai_site.sensitivity import Sensitivity, highest
from search.access import readable_collections
from search.models import Source
from search.services.label_history import History, documents_of_removed, history_of


@dataclass(frozen=True)
class PresentSource:
    """A source's document and its current label."""

    document: UUID
    label: Sensitivity


def readable_sources(user_id: int, sources: Collection[UUID]) -> dict[UUID, PresentSource]:
    """Return those of `sources` that the person may read now; none of a deleted document."""
    # Most turns have none, and building a query costs more than running it.
    if not sources:
        return {}
    return _read(Source.objects.quotable().filter(pk__in=sources, collection__in=readable_collections(user_id)))


def existing_sources(sources: Collection[UUID]) -> dict[UUID, PresentSource]:
    """Return those of `sources` that exist, regardless of who may read them."""
    return _read(Source.objects.filter(pk__in=sources)) if sources else {}


def known_sources(sources: Collection[UUID]) -> dict[UUID, PresentSource]:
    """Return `sources` with the labels of their documents; for a removed one, its last label.

    For text that quotes them already and does not change. A source that was removed before labels were recorded is
    left out.
    """
    found = existing_sources(sources)
    gone = set(sources) - found.keys()
    return found | _removed(gone) if gone else found


def labels_of(documents: Collection[UUID]) -> dict[UUID, Sensitivity]:
    """Return the current label of each of `documents`; for a removed one, its last label.

    Documents that search never knew are left out.
    """
    labels: dict[UUID, Sensitivity] = {}
    for source in _read(Source.objects.filter(document__in=documents)).values() if documents else ():
        labels[source.document] = highest(source.label, labels.get(source.document, source.label))
    gone = set(documents) - labels.keys()
    history = history_of(gone) if gone else None
    return labels | {document: _last(history, document) for document in gone if history and history.knows(document)}


def present_of(sources: Iterable[UUID]) -> Present:
    """Return the highest label of `sources` now, with their documents.

    Raises NotAdmittedError if one of them was removed.
    """
    wanted = set(sources)
    found = existing_sources(wanted)
    if wanted - found.keys():
        raise NotAdmittedError
    labels = highest(*(source.label for source in found.values()))
    return Present(labels, documents=tuple({source.document for source in found.values()}))


def present_to_embed(sources: Iterable[UUID]) -> Present:
    """Do the same for texts that an embedder is about to get, which gets nothing of what a closed account holds."""
    wanted = set(sources)
    if Source.objects.filter(pk__in=wanted, collection__holder__is_active=False).exists():
        raise NotAdmittedError
    return present_of(wanted)


def _removed(sources: Collection[UUID]) -> dict[UUID, PresentSource]:
    documents = documents_of_removed(sources)
    history = history_of(documents.values())
    return {source: PresentSource(document, _last(history, document)) for source, document in documents.items()}


def _last(history: History, document: UUID) -> Sensitivity:
    label = history.last(document)
    # It is unknown only if records were deleted; then the text counts as sensitive as possible.
    return highest(*Sensitivity) if label is None else label


def present_of_person(user_id: int, label: Sensitivity) -> Present:
    """Return the label of a person's own text, which cannot change.

    Raises AccountClosedError if the account is closed.
    """
    require_open(user_id)
    return Present(label)


def _read(found: QuerySet[Source]) -> dict[UUID, PresentSource]:
    rows = found.order_by().values_list("pk", "document", "sensitivity", "collection__sensitivity")
    return {pk: PresentSource(document, highest(own, shared)) for pk, document, own, shared in rows}
