"""Chooses the next document: people take turns, small files have a separate lane, and slow ones take one place."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Max, Min, Q, QuerySet
from django.utils import timezone

from documents.models import Document
from search.models import Collection

SMALL_BYTES = 2 * 1024 * 1024
SMALL_ONES = Q(size__lte=SMALL_BYTES, slow=False)
ATTACHED = Q(collection__kind=Collection.Kind.ATTACHED, attempts=0, slow=False)
# For this long after it was claimed, a document that was slow or whose worker died comes after everything else.
BEHIND_FOR = timedelta(minutes=10)
# Between two steps of a large document, a thread reads one that is this many times smaller.
MUCH_SMALLER = 8
# How many of a person's documents are tried before the next person's: other workers try them as well.
TRIED = 10
NEVER = datetime.min.replace(tzinfo=UTC)
WAIT_SECONDS = 0.5
# Seconds after which a file that is still being read lets another one be read at the same time, and needs the place for
# long readings.
LONG_SECONDS = 20.0


class Lane:
    """Threads of one worker that take the same documents: any, or with `small_only` those that can be read quickly.

    Only one of them at a time reads a file, because that takes memory and a core. Meanwhile the others may embed. A
    file that takes long to read lets another start. One reading may be long; a second one makes way for what waits, so
    that files which take all the time that they may do not hold every thread.
    """

    def __init__(self, *, small_only: bool = False) -> None:
        self.small_only = small_only
        self._reading = threading.Lock()
        # The people whose large documents the threads work on: another of theirs leaves the last thread to other
        # people.
        self._people: list[int | None] = []
        # The document whose reading is long or, as it was slow before, is expected to be.
        self._long: UUID | None = None
        self._choosing_long = threading.Lock()

    @contextmanager
    def reading(self, ends: Callable[[], bool], wait: float = WAIT_SECONDS) -> Iterator[bool]:
        """Hold the right to read a file. Yield False, without it, if `ends` becomes true before it is free.

        `ends` is called each time that it was not free for `wait` seconds.
        """
        while not (free := self._reading.acquire(timeout=wait)):
            if ends():
                break
        try:
            yield free
        finally:
            if free:
                self._reading.release()

    @contextmanager
    def working_on(self, document: Document) -> Iterator[None]:
        """Record that the lane works on a document, from when it is taken."""
        people = [] if is_small(document) else [document.uploaded_by_id]
        self._people += people
        if document.slow:
            self._has_long_place(document)
        try:
            yield
        finally:
            for person in people:
                self._people.remove(person)
            self.end_reading(document)

    def end_reading(self, document: Document) -> None:
        """Leave the place for long readings, if the document has it."""
        with self._choosing_long:
            self._long = None if self._long == document.pk else self._long

    def may_read_on(self, document: Document) -> bool:
        """Return whether a document whose reading has become long may go on: it has the place, or nothing waits."""
        return self._has_long_place(document) or not self._is_awaited()

    def _has_long_place(self, document: Document) -> bool:
        """Take the place for long readings if it is free."""
        with self._choosing_long:
            self._long = self._long or document.pk
            return self._long == document.pk

    def _is_awaited(self) -> bool:
        """Return whether a document waits that neither the small lane nor the place for long readings is for."""
        if self.small_only:
            return False
        rows = Document.objects.filter(takeable(timezone.now()), slow=False).exclude(SMALL_ONES, attempts=0)
        others = rows.exclude(uploaded_by__in=[person for person in self._people if person is not None])
        return (others.exclude(uploaded_by=None) if None in self._people else others).exists()

    def waiting(self) -> Iterator[Document]:
        """Yield documents that may be taken, in the order in which they should be."""
        now = timezone.now()
        rows = Document.objects.filter(takeable(now))
        if self._long:
            rows = rows.filter(slow=False)
        behind = Q(taken_at__gt=now - BEHIND_FOR) & (Q(slow=True) | Q(attempts__gt=0))
        if self.small_only:
            rows = rows.filter(SMALL_ONES, attempts=0)
        # Somebody waits for an answer about these.
        yield from self._in_turn(rows.filter(ATTACHED))
        rows = rows.exclude(ATTACHED)
        if self.small_only:
            yield from self._in_turn(rows)
        else:
            # With rows that were never taken, a comparison of times yields NULL: they are not behind.
            yield from self._in_turn(rows.filter(Q(taken_at=None) | ~behind))
            yield from self._in_turn(rows.filter(behind))

    def waiting_beside(self, document: Document) -> Iterator[Document]:
        """Yield what should not wait until a large document, which is being worked on, is done; in turn."""
        smaller = Q(size__lt=document.size // MUCH_SMALLER) if not is_small(document) else Q(pk=None)
        rows = Document.objects.filter(takeable(timezone.now()), slow=False, attempts=0)
        # An attached file waits for no more than smaller attached ones, so that few are worked on inside one another.
        if document.collection.kind == Collection.Kind.ATTACHED:
            rows = rows.filter(ATTACHED)
        else:
            yield from self._in_turn(rows.filter(ATTACHED))
        yield from self._in_turn(rows.filter(smaller))

    def _in_turn(self, rows: QuerySet[Document]) -> Iterator[Document]:
        """Yield each person's oldest rows; first those of the person who has waited longest since their last turn."""
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
    """Return whether it should be read quickly. A document that was not is read again with the full limits."""
    return document.size <= SMALL_BYTES and not document.slow


def _last_taken(people: list[int | None]) -> dict[int | None, datetime | None]:
    theirs = Q(uploaded_by__in=[person for person in people if person is not None])
    rows = Document.objects.filter(theirs | Q(uploaded_by=None) if None in people else theirs)
    return dict(rows.order_by().values_list("uploaded_by").annotate(Max("taken_at")))
