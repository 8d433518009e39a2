"""Keeps vectors correct, whatever happened to store, embedder, labels or titles."""

import itertools
import logging
import time
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from search import indexes
from search.embeddings import (
    LOCAL_FINGERPRINTS,
    configured,
    embedder_for,
    find_configured,
    local_embedder,
    missing_local,
)
from search.embeddings.hosted import fingerprints
from search.indexes import Index, indexes_of
from search.models import Collection, PassageVector, Source
from search.upkeep.filling import fill_all
from search.upkeep.keyword_sync import sync_keywords
from search.vectors import (
    BrokenCollectionError,
    StoreUnavailableError,
    VectorStore,
    deployment_prefix,
    get_store,
    unpacked,
)

logger = logging.getLogger(__name__)

BATCH = 500
# How long one run embeds, or removes, before it continues with the rest.
SECONDS = 30.0
# Equal counts can hide a difference, so the first run and every so many runs compare the ids too.
THOROUGH_EVERY = 30
_runs = itertools.count()


def sync_vectors() -> bool:
    """Embed what is missing, make the store equal to the database, and switch to a complete index.

    Returns whether there is more to do immediately.
    """
    thorough = next(_runs) % THOROUGH_EVERY == 0
    sync_keywords(thorough=thorough)
    find_configured()
    more = fill_all(SECONDS)
    store = get_store()
    try:
        if store is not None:
            sync_store(store, thorough=thorough)
        switch(store)
    except StoreUnavailableError as error:
        logger.info("The vector store was not checked: %s", error)
    return prune(time.monotonic() + SECONDS) or more


def sync_store(store: VectorStore, *, thorough: bool) -> None:
    """Check the whole `store` once. `thorough` compares ids even if the counts agree."""
    # The store is read first, here and below: a row is written before its vector, so one seen there has a row.
    present = store.names(deployment_prefix(settings.SECRET_KEY))
    wanted, kept = stored_indexes()
    suspects = set(indexes.suspects)
    for index in wanted:
        suspect = index.collection_id in suspects
        check(store, index, present=index.name in present, thorough=thorough or suspect)
    indexes.suspects.difference_update(suspects)
    for name in set(present) - kept:
        logger.info("Dropping %s from the vector store: its collection, embedder or label is another now", name)
        store.drop(name)


def stored_indexes() -> tuple[list[Index], set[str]]:
    """Return the indexes that the store should hold, and the names of all that must not be dropped."""
    wanted: list[Index] = []
    kept: set[str] = set()
    for collection in Collection.objects.order_by("pk"):
        mine = [index for index in indexes_of(collection) if index.may_be_stored]
        wanted += mine
        kept |= {index.name for index in mine} | _unreachable(collection)
    return wanted, kept


def _unreachable(collection: Collection) -> set[str]:
    """Return the indexes to keep although their embedder is unavailable now: local ones', and the searched one's."""
    searched = indexes.searched_embedder(collection)
    names = {collection.embedder} if collection.embedder and searched is None else set()
    return {indexes.store_name(collection.pk, name) for name in names | missing_local()}


def check(store: VectorStore, index: Index, *, present: bool, thorough: bool) -> tuple[int, int]:
    """Make one index in the store equal to the database; return how many vectors were restored and removed."""
    # In this order: the second query sees vectors that arrive after the first.
    arriving = _arriving(index).exists()
    expected = index.vectors(stored=True).count()
    if not expected and not present:
        return 0, 0
    try:
        if not expected and not arriving:
            return 0, dropped(store, index)
        if expected:
            probe = np.eye(1, index.embedder.dimension, dtype=np.float32)[0]
            store.query(index.name, probe, 1)
        if not thorough and store.count(index.name) == expected:
            return 0, 0
        return repair(store, index)
    except BrokenCollectionError as error:
        logger.warning("Filling %s of the vector store again, it is damaged: %s", index.name, error)
        store.drop(index.name)
        return repair(store, index)


def dropped(store: VectorStore, index: Index) -> int:
    """Drop an index that should be empty: removing its ids one by one would not free its space."""
    count = store.count(index.name)
    store.drop(index.name)
    logger.info("Dropped the empty %s from the vector store", index.name)
    return count


def repair(store: VectorStore, index: Index) -> tuple[int, int]:
    missing, extra = differing(store, index)
    for first in range(0, len(missing), BATCH):
        restore(store, index, missing[first : first + BATCH])
    store.delete(index.name, extra)
    if missing or extra:
        logger.info("%s: %d vectors restored, %d removed", index.name, len(missing), len(extra))
    return len(missing), len(extra)


def differing(store: VectorStore, index: Index) -> tuple[list[int], list[int]]:
    """Return the ids of `index` that are missing in the store, and those that should not be there."""
    present = store.ids(index.name)
    missing = [pk for pk in _ids(index.vectors(stored=True)) if pk not in present]
    # The old vector of a passage that is waiting to be embedded again stays searchable until then.
    waiting = index.missing().filter(source__in=index.sources(stored=True).values("pk"))
    for known in (_ids(index.vectors(stored=True)), waiting.values_list("pk", flat=True), _ids(_arriving(index))):
        present.difference_update(known)
    return missing, sorted(present)


def _ids(vectors: QuerySet[PassageVector]) -> Iterable[int]:
    return vectors.values_list("passage", flat=True).iterator(10_000)


def _arriving(index: Index) -> QuerySet[PassageVector]:
    """Return the vectors of versions that are being indexed: they exist before the version is live."""
    sources = Source.objects.arriving().filter(collection=index.collection_id)
    return PassageVector.objects.filter(embedder=index.embedder.fingerprint, passage__source__in=sources).order_by()


def restore(store: VectorStore, index: Index, ids: Sequence[int]) -> None:
    """Put vectors into the store as the database has them."""
    found = PassageVector.objects.filter(passage__in=ids, embedder=index.embedder.fingerprint)
    rows = {pk: bytes(vector) for pk, vector in found.values_list("passage", "vector")}
    if rows:
        store.upsert(index.name, list(rows), unpacked(rows.values()))


def switch(store: VectorStore | None) -> None:
    """Switch each collection to the embedder that it should have, once that embedder's index is complete."""
    # A multilingual index that cannot be searched now waits for its model: another would have to be built instead.
    missing = missing_local()
    for collection in Collection.objects.order_by("pk"):
        wanted = embedder_for(collection.sensitivity)
        if wanted is None or wanted.fingerprint == collection.embedder or collection.embedder in missing:
            continue
        if not _complete(collection, store):
            continue
        same = Collection.objects.filter(
            pk=collection.pk, embedder=collection.embedder, sensitivity=collection.sensitivity
        )
        if same.update(embedder=wanted.fingerprint):
            logger.info("Collection %s is searched by %s now", collection.pk, wanted.fingerprint)


def _complete(collection: Collection, store: VectorStore | None) -> bool:
    """Return whether nothing is missing from what will be searched after the switch."""
    after = [index for index in indexes_of(collection) if index.embedder.fingerprint != collection.embedder]
    return not any(index.missing().exists() for index in after) and all(
        store is None or store.count(index.name) >= index.vectors(stored=True).count() for index in after
    )


def prune(until: float) -> bool:
    """Remove vectors that no index needs any more from the database; return True if `until` came first."""
    collections = Collection.objects.order_by("pk")
    return not all(deleted(vectors, until) for collection in collections for vectors in unwanted(collection))


def deleted(vectors: QuerySet[PassageVector], until: float = float("inf")) -> bool:
    """Delete `vectors`, in short transactions; return False if `until`, on the monotonic clock, came first."""
    while ids := list(vectors.values_list("pk", flat=True)[:BATCH]):
        if time.monotonic() > until:
            return False
        PassageVector.objects.filter(pk__in=ids).delete()
    return True


def unwanted(collection: Collection) -> Iterator[QuerySet[PassageVector]]:
    """Yield vectors by embedders without an index in the collection, and of documents that an index may not hold."""
    if configured() is None or local_embedder() is None:
        # An embedder that is unavailable now may be wanted again.
        return
    wanted = {index.embedder.fingerprint: index for index in indexes_of(collection)}
    mine = PassageVector.objects.filter(passage__source__collection=collection).order_by()
    unused = {*LOCAL_FINGERPRINTS, *fingerprints()} - {collection.embedder, *wanted} - missing_local()
    for fingerprint in sorted(unused):
        yield mine.filter(embedder=fingerprint)
    for fingerprint, index in wanted.items():
        outside = Source.objects.live().filter(collection=collection).exclude(pk__in=index.sources().values("pk"))
        yield mine.filter(embedder=fingerprint, passage__source__in=outside)
