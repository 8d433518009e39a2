"""Returns the label that a document had at a given time, from the records of its changes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from langai_site.sensitivity import Sensitivity, highest
from search.label_records import IDS_AT_ONCE, LabelRecord

Records = Sequence[LabelRecord]
# Not the present time: the clock of another host may be ahead.
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class History:
    """The label records of some documents, and of the collections that they were in, each oldest first."""

    documents: dict[UUID, list[LabelRecord]]
    collections: dict[int, list[LabelRecord]]

    def at(self, document: UUID, when: datetime) -> Sensitivity | None:
        """Return the highest effective label that a version of `document` had at `when`.

        None: not known, because it did not exist yet, or labels were not recorded yet. For a document that was
        removed by then, return its last label.
        """
        labels = [self._effective(row, when) for row in _standing(self.documents.get(document, []), when)]
        known = [label for label in labels if label is not None]
        return highest(*known) if known and len(known) == len(labels) else None

    def knows(self, document: UUID) -> bool:
        """Return whether anything is recorded about `document`."""
        return document in self.documents

    def last(self, document: UUID) -> Sensitivity | None:
        """Return the label that `document` has now, or its last one if it was removed. None: not known."""
        return self.at(document, END_OF_TIME)

    def between(self, document: UUID, start: datetime, end: datetime) -> tuple[Sensitivity, Sensitivity] | None:
        """Return the lowest and the highest of the labels that `document` had from `start` to `end`.

        None: not known for all of this time in which it existed.
        """
        rows = self._rows_of(document)
        moments = [start, *sorted({row.since for row in rows if start < row.since <= end})]
        found = [label for label in (self.at(document, moment) for moment in moments) if label is not None]
        begins_unknown = self.at(document, start) is None and not all(
            row.known_from_start for row in rows if row.since > start
        )
        return (Sensitivity(min(found)), highest(*found)) if found and not begins_unknown else None

    def _effective(self, row: LabelRecord, when: datetime) -> Sensitivity | None:
        above = [record for record in self.collections.get(row.collection, []) if record.since <= when]
        return highest(row.label, above[-1].label) if above else None

    def _rows_of(self, document: UUID) -> Records:
        own = self.documents.get(document, [])
        above = {row.collection for row in own}
        return [*own, *(row for collection in above for row in self.collections.get(collection, []))]


def _standing(rows: Records, when: datetime) -> Records:
    """Return the row that holds at `when` for each existing source; if none exists any more, the last removed one's."""
    last = {row.source: row for row in rows if row.since <= when}
    there = [row for row in last.values() if not row.ended]
    gone = max((row.since for row in last.values()), default=when)
    return there or [row for row in last.values() if row.since == gone]


def history_of(documents: Iterable[UUID]) -> History:
    """Read all records of these documents, in a query for some hundreds of them and of their collections."""
    by_document: dict[UUID, list[LabelRecord]] = {}
    for row in _rows(documents, "document"):
        assert row.document is not None
        by_document.setdefault(row.document, []).append(row)
    by_collection: dict[int, list[LabelRecord]] = {}
    collections = {row.collection for rows in by_document.values() for row in rows}
    for row in _rows(collections, "collection", document=None):
        by_collection.setdefault(row.collection, []).append(row)
    return History(by_document, by_collection)


def _rows(ids: Iterable[Any], field: str, **more: object) -> Iterator[LabelRecord]:
    wanted = sorted(set(ids))
    for first in range(0, len(wanted), IDS_AT_ONCE):
        yield from LabelRecord.objects.filter(**{f"{field}__in": wanted[first : first + IDS_AT_ONCE]}, **more).order_by(
            "since", "pk"
        )


def documents_of_removed(sources: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the documents of which these removed sources were versions."""
    rows = _rows(sources, "source", ended=True)
    return {row.source: row.document for row in rows if row.source and row.document}


def labels_at(documents: Iterable[UUID], when: datetime) -> dict[UUID, Sensitivity | None]:
    """Return the highest effective label of each document at `when`; None if it is not known."""
    wanted = set(documents)
    history = history_of(wanted)
    return {document: history.at(document, when) for document in wanted}


def labels_between(
    documents: Iterable[UUID], start: datetime, end: datetime
) -> dict[UUID, tuple[Sensitivity, Sensitivity] | None]:
    """Return the lowest and the highest effective label of each document from `start` to `end`; None: not known."""
    wanted = set(documents)
    history = history_of(wanted)
    return {document: history.between(document, start, end) for document in wanted}
