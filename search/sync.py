"""Keeps the vector store equal to the database, whatever happened to either."""

import itertools
import logging
from collections.abc import Sequence

import numpy as np
from django.conf import settings
from django.db.models import Count, Exists, OuterRef, QuerySet

from search.embeddings import FINGERPRINT, get_embedder
from search.embeddings.local import DIMENSION
from search.models import Collection, Passage, PassageVector, Source
from search.services.indexing import in_context
from search.vectors import (
    BrokenCollection,
    StoreUnavailable,
    VectorStore,
    collection_name,
    deployment_prefix,
    get_store,
    packed,
    unpacked,
)

logger = logging.getLogger(__name__)

BATCH = 500
# Equal counts can hide a difference, so every so many runs, and at the first, the ids are compared too.
THOROUGH_EVERY = 30
_PROBE = np.eye(1, DIMENSION, dtype=np.float32)[0]
_runs = itertools.count()


def sync_vectors() -> None:
    """Store what is missing, remove what is gone, and fill collections again that the store has damaged."""
    _embed_missing()
    store = get_store()
    if store is None:
        return
    try:
        sync_store(store, thorough=next(_runs) % THOROUGH_EVERY == 0)
    except StoreUnavailable as error:
        logger.info("The vector store was not checked: %s", error)


def sync_store(store: VectorStore, *, thorough: bool) -> None:
    """One pass over `store`. `thorough` compares ids even where the counts agree."""
    # The store is read first, here and below: a row is written before its vector, so one seen there has a row.
    present = store.names(deployment_prefix(settings.SECRET_KEY))
    expected = _live_counts()
    for collection_id, count in expected.items():
        _check(store, collection_id, count, thorough=thorough)
    for name in set(present) - {_name(collection_id) for collection_id in expected}:
        logger.info("Dropping %s from the vector store: its collection or embedder is gone", name)
        store.drop(name)


def _check(store: VectorStore, collection_id: int, expected: int, *, thorough: bool) -> None:
    name = _name(collection_id)
    try:
        if expected:
            store.query(name, _PROBE, 1)
        if thorough or store.count(name) != expected:
            _repair(store, collection_id)
    except BrokenCollection as error:
        logger.warning("Filling collection %s of the vector store again, it is damaged: %s", collection_id, error)
        store.drop(name)
        _repair(store, collection_id)


def _repair(store: VectorStore, collection_id: int) -> None:
    name = _name(collection_id)
    present = store.ids(name)
    live, arriving = _live(collection_id), _arriving(collection_id)
    missing, extra = sorted(live - present), sorted(present - live - arriving)
    for first in range(0, len(missing), BATCH):
        _restore(store, name, missing[first : first + BATCH])
    store.delete(name, extra)
    if missing or extra:
        logger.info("Collection %s: %d vectors restored, %d removed", collection_id, len(missing), len(extra))


def _restore(store: VectorStore, name: str, ids: Sequence[int]) -> None:
    found = PassageVector.objects.filter(passage__in=ids, embedder=FINGERPRINT).values_list("passage", "vector")
    rows = {pk: bytes(vector) for pk, vector in found}
    if rows:
        store.upsert(name, list(rows), unpacked(rows.values()))


def _name(collection_id: int) -> str:
    return collection_name(settings.SECRET_KEY, collection_id, FINGERPRINT)


def _vectors() -> QuerySet[PassageVector]:
    return PassageVector.objects.filter(embedder=FINGERPRINT).order_by()


def _live_counts() -> dict[int, int]:
    live = _vectors().filter(passage__source__live=True)
    counts = live.values_list("passage__source__collection").annotate(Count("pk"))
    return dict.fromkeys(Collection.objects.values_list("pk", flat=True), 0) | dict(counts)


def _live(collection_id: int) -> set[int]:
    found = _vectors().filter(passage__source__collection=collection_id, passage__source__live=True)
    return set(found.values_list("passage", flat=True))


def _arriving(collection_id: int) -> set[int]:
    """Passages of versions that are being indexed: their vectors are there before they are live."""
    newer = Source.objects.filter(document=OuterRef("document"), version__gte=OuterRef("version"), live=True)
    sources = Source.objects.filter(~Exists(newer), collection=collection_id, live=False)
    return set(_vectors().filter(passage__source__in=sources).values_list("passage", flat=True))


def _embed_missing() -> None:
    """Vectors for passages that were indexed while there was no embedder, a batch at a time."""
    has_one = PassageVector.objects.filter(passage=OuterRef("pk"), embedder=FINGERPRINT)
    missing = Passage.objects.filter(~Exists(has_one), source__live=True).order_by()
    # The ids alone come from indexes; asking for texts at once would read every passage.
    ids = list(missing.values_list("pk", flat=True)[:BATCH])
    embedder = get_embedder() if ids else None
    if embedder is None:
        return
    rows = list(Passage.objects.filter(pk__in=ids).select_related("source").only("text", "heading", "source__title"))
    vectors = embedder.embed([in_context(row.source.title, row) for row in rows])
    PassageVector.objects.bulk_create(
        [
            PassageVector(passage=row, embedder=FINGERPRINT, vector=packed(vector))
            for row, vector in zip(rows, vectors, strict=True)
        ],
        ignore_conflicts=True,
        batch_size=100,
    )
