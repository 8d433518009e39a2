"""Keeps vectors as they ought to be, whatever happened to store, embedder, labels or titles."""

import itertools
import logging
import time
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from search import indexes
from search.embeddings import FINGERPRINT, configured, embedder_for, find_configured, local_embedder
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
# How long one run embeds, or removes, before it looks at the rest.
SECONDS = 30.0
# Equal counts can hide a difference, so every so many runs, and at the first, the ids are compared too.
THOROUGH_EVERY = 30
_runs = itertools.count()


def sync_vectors() -> bool:
    """Embed what is missing, make the store equal to the database, and switch to an index that is complete.

    True where there is more to do at once.
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
    """One pass over `store`. `thorough` compares ids even where the counts agree."""
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
    """The indexes that the store ought to hold, and the names of all that are not to be dropped."""
    wanted: list[Index] = []
    kept: set[str] = set()
    for collection in Collection.objects.order_by("pk"):
        mine = [index for index in indexes_of(collection) if index.may_be_stored]
        wanted += mine
        kept |= {index.name for index in mine} | _unreachable(collection)
    return wanted, kept


def _unreachable(collection: Collection) -> set[str]:
    """What is kept though nobody can ask it now, for its embedder may be back: MiniLM's, and the searched one's."""
    searched = indexes.searched_embedder(collection)
    names = {collection.embedder} if collection.embedder and searched is None else set()
    names |= set() if local_embedder() else {FINGERPRINT}
    return {indexes.store_name(collection.pk, name) for name in names}


def check(store: VectorStore, index: Index, *, present: bool, thorough: bool) -> tuple[int, int]:
    """Make one index in the store what the database says; returns how many vectors were restored and removed."""
    # In this order: what arrives after the first look is seen by the second.
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
    """Drop an index that has nothing to hold any more: removing id by id leaves its room taken."""
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
    """The ids that the store lacks of `index`, and those that it ought not to hold."""
    present = store.ids(index.name)
    missing = [pk for pk in _ids(index.vectors(stored=True)) if pk not in present]
    # A passage that is to be embedded anew is found by its old vector until then.
    waiting = index.missing().filter(source__in=index.sources(stored=True).values("pk"))
    for known in (_ids(index.vectors(stored=True)), waiting.values_list("pk", flat=True), _ids(_arriving(index))):
        present.difference_update(known)
    return missing, sorted(present)


def _ids(vectors: QuerySet[PassageVector]) -> Iterable[int]:
    return vectors.values_list("passage", flat=True).iterator(10_000)


def _arriving(index: Index) -> QuerySet[PassageVector]:
    """Passages of versions that are being indexed: their vectors are there before they are live."""
    sources = Source.objects.arriving().filter(collection=index.collection_id)
    return PassageVector.objects.filter(embedder=index.embedder.fingerprint, passage__source__in=sources).order_by()


def restore(store: VectorStore, index: Index, ids: Sequence[int]) -> None:
    """Put vectors into the store as the database has them."""
    found = PassageVector.objects.filter(passage__in=ids, embedder=index.embedder.fingerprint)
    rows = {pk: bytes(vector) for pk, vector in found.values_list("passage", "vector")}
    if rows:
        store.upsert(index.name, list(rows), unpacked(rows.values()))


def switch(store: VectorStore | None) -> None:
    """Search each collection by the embedder that it ought to have, once that one's index is complete."""
    for collection in Collection.objects.order_by("pk"):
        wanted = embedder_for(collection.sensitivity)
        if wanted is None or wanted.fingerprint == collection.embedder or not _complete(collection, store):
            continue
        same = Collection.objects.filter(
            pk=collection.pk, embedder=collection.embedder, sensitivity=collection.sensitivity
        )
        if same.update(embedder=wanted.fingerprint):
            logger.info("Collection %s is searched by %s now", collection.pk, wanted.fingerprint)


def _complete(collection: Collection, store: VectorStore | None) -> bool:
    """Whether nothing is missing from what will be searched after the switch."""
    after = [index for index in indexes_of(collection) if index.embedder.fingerprint != collection.embedder]
    return not any(index.missing().exists() for index in after) and all(
        store is None or store.count(index.name) >= index.vectors(stored=True).count() for index in after
    )


def prune(until: float) -> bool:
    """Remove vectors from the database that no index wants any more; True where `until` came first."""
    collections = Collection.objects.order_by("pk")
    return not all(deleted(vectors, until) for collection in collections for vectors in unwanted(collection))


def deleted(vectors: QuerySet[PassageVector], until: float = float("inf")) -> bool:
    """Delete `vectors`, in short transactions; False where `until`, of the monotonic clock, came first."""
    while ids := list(vectors.values_list("pk", flat=True)[:BATCH]):
        if time.monotonic() > until:
            return False
        PassageVector.objects.filter(pk__in=ids).delete()
    return True


def unwanted(collection: Collection) -> Iterator[QuerySet[PassageVector]]:
    """Vectors by embedders that the collection has no index of, and those of documents that an index may not have."""
    if configured() is None or local_embedder() is None:
        # Who cannot be asked now may be wanted again.
        return
    wanted = {index.embedder.fingerprint: index for index in indexes_of(collection)}
    mine = PassageVector.objects.filter(passage__source__collection=collection).order_by()
    for fingerprint in sorted({FINGERPRINT, *fingerprints()} - {collection.embedder, *wanted}):
        yield mine.filter(embedder=fingerprint)
    for fingerprint, index in wanted.items():
        outside = Source.objects.live().filter(collection=collection).exclude(pk__in=index.sources().values("pk"))
        yield mine.filter(embedder=fingerprint, passage__source__in=outside)
