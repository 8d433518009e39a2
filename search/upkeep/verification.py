"""Compares database, vectors and keywords, says in plain words where they differ, and repairs them."""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db.models import Count, Max

from search.contexts import digest_of, in_context
from search.embeddings import EmbedderUnavailableError, embedder_for, find_configured
from search.indexes import Index, indexes_of
from search.models import Collection, Passage, PassageVector, Source
from search.upkeep import keyword_sync, sync
from search.upkeep.filling import OutOfTimeError, fill
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
SHOWN = 20
# How long the nightly check embeds at most; the regular sync does the rest.
NIGHTLY_SECONDS = 600.0
# Vectors of an index that the nightly check compares with the store's; the command compares all.
NIGHTLY_SAMPLE = 2000
# Half precision changes a cosine by less than 0.001.
SAME = 0.995


@dataclass(frozen=True)
class IndexDifference:
    """Something that is not as it should be: how many, some of their ids, and whether it was repaired."""

    what: str
    count: int = 1
    ids: tuple[str, ...] = ()
    mended: bool = False

    def __str__(self) -> str:
        shown = f" (ids {', '.join(self.ids)}{', …' if self.count > len(self.ids) else ''})" if self.ids else ""
        return f"{self.what}{shown}{': mended' if self.mended else ''}"


def found(what: str, ids: Sequence[object], *, count: int | None = None, mended: bool = False) -> IndexDifference:
    return IndexDifference(what, len(ids) if count is None else count, tuple(map(str, ids[:SHOWN])), mended)


def passages(ids: Sequence[object]) -> str:
    """Return how many passages these are, in words."""
    return "1 passage" if len(ids) == 1 else f"{len(ids)} passages"


def verify_and_mend() -> None:
    """Run the nightly check: repair and log what differs, and remove what retired versions no longer need."""
    until = time.monotonic() + NIGHTLY_SECONDS
    for difference in differences(mend=True, until=until, sample=NIGHTLY_SAMPLE):
        logger.warning("The index differed: %s", difference)
    forget_retired()


def forget_retired() -> None:
    """Remove the vectors of versions that a newer one has replaced: they are not searched any more."""
    retired = PassageVector.objects.filter(passage__source__live=False, passage__source__retired_at__isnull=False)
    sync.deleted(retired.order_by())


def differences(*, mend: bool, until: float = float("inf"), sample: int | None = None) -> Iterator[IndexDifference]:
    """Yield everything in which database, vectors and keywords differ; with `mend`, repair it.

    `until`, on the monotonic clock, ends the embedding of what is missing. `sample` vectors of each index are
    compared with those in the store, or all if it is None.
    """
    if mend:
        find_configured()
    yield from _versions(mend)
    for collection in Collection.objects.order_by("pk"):
        yield from _digests(collection, mend)
        for index in indexes_of(collection):
            yield from _missing(collection, index, mend, until)
        yield from _unwanted(collection, mend)
        yield from _words(collection, mend)
    store = get_store()
    if store is not None:
        try:
            yield from _in_store(store, mend, sample)
        except StoreUnavailableError as error:
            yield IndexDifference(f"The vector store could not be compared: {error}")
    yield from _searched(store, mend)


def _versions(mend: bool) -> Iterator[IndexDifference]:
    """Yield documents of which two versions are live at once."""
    live = Source.objects.live().order_by().values("document")
    twice = live.annotate(number=Count("pk"), newest=Max("version")).filter(number__gt=1)
    rows = list(twice.values_list("document", "newest"))
    if not rows:
        return
    for document, newest in rows if mend else ():
        Source.objects.live().filter(document=document, version__lt=newest).update(live=False)
    yield found(f"{len(rows)} documents are found in two versions", [pk for pk, _ in rows], mended=mend)


def _digests(collection: Collection, mend: bool) -> Iterator[IndexDifference]:
    """Yield passages that were written before texts had digests."""
    plain = Passage.objects.live().filter(digest="", source__collection=collection).order_by()
    ids = list(plain.values_list("pk", flat=True))
    if not ids:
        return
    for at in range(0, len(ids), BATCH) if mend else ():
        rows = list(Passage.objects.filter(pk__in=ids[at : at + BATCH]).select_related("source"))
        for row in rows:
            row.digest = digest_of(in_context(row.source.title, row))
        Passage.objects.bulk_update(rows, ["digest"], batch_size=100)
    yield found(f"{_in(collection)}{len(ids)} passages have no digest of their text", ids, mended=mend)


def _missing(collection: Collection, index: Index, mend: bool, until: float) -> Iterator[IndexDifference]:
    ids = list(index.missing().values_list("pk", flat=True))
    if not ids:
        return
    what = f"{_in(collection)}{len(ids)} passages have no vector by {index.embedder.fingerprint}"
    try:
        if mend:
            fill(index, until)
        yield found(what, ids, mended=mend)
    except (EmbedderUnavailableError, StoreUnavailableError, OutOfTimeError) as error:
        yield found(f"{what}, and get it later{f': {error}' if str(error) else ''}", ids)


def _unwanted(collection: Collection, mend: bool) -> Iterator[IndexDifference]:
    for vectors in sync.unwanted(collection):
        if ids := list(vectors.values_list("passage", flat=True)):
            if mend:
                sync.deleted(vectors)
            yield found(f"{_in(collection)}{len(ids)} passages have vectors that nothing searches", ids, mended=mend)


def _words(collection: Collection, mend: bool) -> Iterator[IndexDifference]:
    missing, extra = keyword_sync.differing(collection.pk)
    if missing or extra:
        # Documents may have come or gone between the two queries.
        again = keyword_sync.differing(collection.pk)
        missing, extra = sorted(set(missing) & set(again[0])), sorted(set(extra) & set(again[1]))
    if mend:
        keyword_sync.mend(missing, extra)
    if missing:
        yield found(f"{_in(collection)}{len(missing)} passages are not found by their words", missing, mended=mend)
    if extra:
        yield found(f"{_in(collection)}{len(extra)} passages have keywords, and are not live", extra, mended=mend)


def _in_store(store: VectorStore, mend: bool, sample: int | None) -> Iterator[IndexDifference]:
    present = store.names(deployment_prefix(settings.SECRET_KEY))
    wanted, kept = sync.stored_indexes()
    for index in wanted:
        try:
            yield from _of_index(store, index, mend, sample)
        except BrokenCollectionError as error:
            logger.info("%s is damaged: %s", index.name, error)
            if mend:
                store.drop(index.name)
                sync.repair(store, index)
            yield IndexDifference(f"{index.name} is damaged in the vector store", mended=mend)
    for name in sorted(set(present) - kept):
        if mend:
            store.drop(name)
        yield IndexDifference(f"{name} is in the vector store, and belongs to nothing", mended=mend)


def _of_index(store: VectorStore, index: Index, mend: bool, sample: int | None) -> Iterator[IndexDifference]:
    missing, extra = _confirmed(store, index)
    if mend and (missing or extra):
        sync.repair(store, index)
    if missing:
        yield found(f"{passages(missing)} missing in the vector store's {index.name}", missing, mended=mend)
    if extra:
        yield found(f"{passages(extra)} that should not be in the vector store's {index.name}", extra, mended=mend)
    other = list(_altered(store, index, sample))
    if mend:
        sync.restore(store, index, other)
    if other:
        what = f"{passages(other)} with a wrong vector in the vector store's {index.name}"
        yield found(what, other, mended=mend)


def _confirmed(store: VectorStore, index: Index) -> tuple[list[int], list[int]]:
    """Return what differs in two comparisons: while documents come and go, a single one may mislead."""
    missing, extra = sync.differing(store, index)
    if not missing and not extra:
        return [], []
    still_missing, still_extra = sync.differing(store, index)
    return sorted(set(missing) & set(still_missing)), sorted(set(extra) & set(still_extra))


def _altered(store: VectorStore, index: Index, sample: int | None) -> Iterator[int]:
    """Yield passages whose vector in the store points elsewhere than the database's."""
    ids = list(index.vectors(stored=True).values_list("passage", flat=True))
    if sample is not None and len(ids) > sample:
        ids = ids[:: -(-len(ids) // sample)]
    for at in range(0, len(ids), BATCH):
        batch = ids[at : at + BATCH]
        rows = PassageVector.objects.filter(passage__in=batch, embedder=index.embedder.fingerprint)
        known = {pk: bytes(vector) for pk, vector in rows.values_list("passage", "vector")}
        stored = {pk: vector for pk, vector in store.vectors(index.name, batch).items() if pk in known}
        yield from _different(stored, known)


def _different(stored: "dict[int, np.ndarray]", known: dict[int, bytes]) -> Iterable[int]:
    if not stored:
        return []
    ours, theirs = unpacked(known[pk] for pk in stored), np.stack(list(stored.values()))
    if ours.shape != theirs.shape:
        return list(stored)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    alike = np.sum(ours * theirs, axis=1) / np.maximum(lengths, 1e-12)
    return [pk for pk, cosine in zip(stored, alike, strict=True) if cosine < SAME]


def _searched(store: VectorStore | None, mend: bool) -> Iterator[IndexDifference]:
    """Yield collections that are not yet searched by the embedder that they should have."""
    behind = [each for each in Collection.objects.order_by("pk") if _is_behind(each)]
    if mend and behind:
        try:
            sync.switch(store)
        except StoreUnavailableError as error:
            logger.info("No index was switched: %s", error)
    for collection in behind:
        collection.refresh_from_db()
        what = f"{_in(collection)}another embedder is searched than is set"
        yield IndexDifference(what, mended=not _is_behind(collection))


def _is_behind(collection: Collection) -> bool:
    wanted = embedder_for(collection.sensitivity)
    return bool(collection.embedder and wanted and wanted.fingerprint != collection.embedder)


def _in(collection: Collection) -> str:
    return f"Collection “{collection.name}”: "
