"""Keeps the keywords of passages correct: one row for each passage that is live, or about to be."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Count, QuerySet

from search.keywords import get_index
from search.models import Collection, Passage, Source
from search.services.moving import add_words

BATCH = 200


def sync_keywords(*, thorough: bool) -> None:
    """Index passages that are missing, and remove those that are not live. `thorough` also checks where counts agree.

    Passages indexed by another version of the analyser are counted, but only a thorough run indexes them again.
    """
    ids = list(Collection.objects.order_by("pk").values_list("pk", flat=True))
    indexed = get_index().count(ids)
    live = Passage.objects.live().order_by().values_list("source__collection")
    expected = dict(live.annotate(Count("pk")))
    for collection_id in ids:
        if thorough or indexed.get(collection_id, 0) != expected.get(collection_id, 0):
            mend(*differing(collection_id))


def differing(collection_id: int) -> tuple[list[int], list[int]]:
    """Return the passages of a collection that have no keywords but should, and those that have some but should not."""
    # The keywords are read first: a passage is written together with its keywords, so one seen there has a row.
    indexed = get_index().ids(collection_id)
    live = Passage.objects.live().filter(source__collection=collection_id).order_by()
    missing = [pk for pk in _ids(live) if pk not in indexed]
    indexed.difference_update(_ids(live))
    if indexed:
        indexed.difference_update(_ids(_arriving(collection_id)))
    return missing, sorted(indexed)


def _ids(passages: QuerySet[Passage]) -> Iterable[int]:
    return passages.values_list("pk", flat=True).iterator(10_000)


def _arriving(collection_id: int) -> QuerySet[Passage]:
    """Return the passages of versions that are being indexed, or were when their worker died."""
    sources = Source.objects.arriving().filter(collection=collection_id)
    return Passage.objects.filter(source__in=sources.values("pk")).order_by()


def mend(missing: Sequence[int], extra: Sequence[int]) -> None:
    for at in range(0, len(missing), BATCH):
        add(missing[at : at + BATCH])
    for at in range(0, len(extra), BATCH):
        get_index().remove(extra[at : at + BATCH])


@transaction.atomic
def add(ids: Sequence[int]) -> None:
    """Index these passages again, with their current texts and titles."""
    add_words(ids)
