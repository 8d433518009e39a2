"""Whose document is next: people take turns, small files have a lane of their own, and what was slow waits."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.db.models import Max, Min, Q, QuerySet
from django.utils import timezone

from documents.models import Document

SMALL_BYTES = 2 * 1024 * 1024
SMALL_ONES = Q(size__lte=SMALL_BYTES, slow=False)
# For so long after it was taken, what was slow or whose worker died comes after everything else.
BEHIND_FOR = timedelta(minutes=10)
# As many of a person's documents are tried before the next person's: other workers try them as well.
TRIED = 10
NEVER = datetime.min.replace(tzinfo=UTC)
WAIT_SECONDS = 0.5
# Seconds after which a file that is still being read lets another one be read beside it.
LONG_SECONDS = 20.0


class Lane:
    """Threads of one worker that take the same documents: any, or with `small_only` those that are quickly read.

    One of them at a time reads a file, because that takes memory and a core. The others may embed meanwhile. A file
    that is read for long lets another pass.
    """

    def __init__(self, *, small_only: bool = False) -> None:
        self.small_only = small_only
        self._reading = threading.Lock()
        # Whose large documents the threads work on: another one of theirs leaves the last thread to somebody else.
        self._people: list[int | None] = []

    @contextmanager
    def reading(self, ends: Callable[[], bool]) -> Iterator[bool]:
        """Hold the right to read a file. False, without it, where `ends` is true before it was free."""
        while not (free := self._reading.acquire(timeout=WAIT_SECONDS)):
            if ends():
                break
        try:
            yield free
        finally:
            if free:
                self._reading.release()

    @contextmanager
    def working_on(self, document: Document) -> Iterator[None]:
        """Hold a place of the lane for a document, from when it is taken."""
        if is_small(document):
            yield
            return
        self._people.append(document.uploaded_by_id)
        try:
            yield
        finally:
            self._people.remove(document.uploaded_by_id)

    def waiting(self) -> Iterator[Document]:
        """Documents that may be taken, in the order in which they should be."""
        now = timezone.now()
        rows = Document.objects.filter(takeable(now))
        behind = Q(taken_at__gt=now - BEHIND_FOR) & (Q(slow=True) | Q(attempts__gt=0))
        if self.small_only:
            yield from self._in_turn(rows.filter(SMALL_ONES, attempts=0))
        else:
            # Rows that were never taken compare as unknown with any time: they are not behind.
            yield from self._in_turn(rows.filter(Q(taken_at=None) | ~behind))
            yield from self._in_turn(rows.filter(behind))

    def _in_turn(self, rows: QuerySet[Document]) -> Iterator[Document]:
        """The oldest of each person's rows; first of the one who has waited longest since one of theirs was taken."""
        people = list(rows.order_by().values_list("uploaded_by").annotate(Min("uploaded_at")))
        last = _last_taken([person for person, _ in people])
        for person, _ in sorted(people, key=lambda row: (last.get(row[0]) or NEVER, row[1])):
            theirs = rows.filter(uploaded_by=person)
            may_take = theirs.filter(SMALL_ONES) if person in self._people else theirs
            yield from may_take.order_by("slow", "attempts", "uploaded_at", "pk")[:TRIED]


ANY, SMALL = Lane(), Lane(small_only=True)


def takeable(now: datetime) -> Q:
    """Return the condition for documents that are queued, or whose worker let its lease expire."""
    return Q(status=Document.Status.QUEUED) | Q(status=Document.Status.WORKING, lease_until__lt=now)


def is_small(document: Document) -> bool:
    """Whether it should be read quickly. One that was not is read again, with all that a document may take."""
    return document.size <= SMALL_BYTES and not document.slow


def _last_taken(people: list[int | None]) -> dict[int | None, datetime | None]:
    theirs = Q(uploaded_by__in=[person for person in people if person is not None])
    rows = Document.objects.filter(theirs | Q(uploaded_by=None) if None in people else theirs)
    return dict(rows.order_by().values_list("uploaded_by").annotate(Max("taken_at")))
