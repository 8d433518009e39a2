"""Embeds what is missing from indexes: after a change of embedder, label or title, or when there was no embedder."""

import logging
import time
from collections.abc import Sequence
from functools import partial

from django.db import transaction

from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from search.contexts import digest_of, in_context
from search.embeddings import EmbedderUnavailableError
from search.indexes import Index, indexes_of
from search.models import Collection, Passage, PassageVector
from search.services.present import existing_sources, present_to_embed
from search.vectorizing import vectors_of
from search.vectors import BrokenCollectionError, StoreUnavailableError, get_store, packed, store_ceiling

logger = logging.getLogger(__name__)

BATCH = 64
# Ids looked up at once, because finding out what is missing takes a while in a large index.
LISTED = 4096


class OutOfTimeError(Exception):
    """There is more to embed."""


def fill_all(seconds: float) -> bool:
    """Embed what is missing for about `seconds` at most; return whether more could be embedded immediately."""
    until = time.monotonic() + seconds
    for collection in Collection.objects.order_by("pk"):
        for index in indexes_of(collection):
            try:
                fill(index, until)
            except OutOfTimeError:
                return True
            except (EmbedderUnavailableError, StoreUnavailableError) as error:
                logger.info("Collection %s is embedded later: %s", collection.pk, error)
    return False


def fill(index: Index, until: float) -> int:
    """Embed all that is missing from `index`, and return how many passages that were.

    Raises OutOfTimeError at `until`, on the monotonic clock; EmbedderUnavailableError and StoreUnavailableError.
    """
    done = 0
    # Database indexes alone supply the ids; a query that also selects texts would read every passage.
    while ids := list(index.missing().values_list("pk", flat=True)[:LISTED]):
        for first in range(0, len(ids), BATCH):
            if time.monotonic() > until or worker.stopping.is_set():
                raise OutOfTimeError
            done += embed(index, ids[first : first + BATCH])
    return done


def embed(index: Index, ids: Sequence[int], *, force: bool = False) -> int:
    """Give these passages vectors for their current titles and labels. Returns how many `index` still accepts.

    Those of a closed account's own files keep what they have.

    `force`: embed even if the same text has a vector already.

    The store gets a vector before the database has it. In the other order, after a crash, the old vector that the store
    holds under the same id would be taken for the new one.
    """
    found = Passage.objects.live().filter(pk__in=ids).exclude(source__collection__holder__is_active=False)
    found = found.select_related("source__collection")
    rows = [row for row in found.order_by("pk") if index.takes(row.source.label)]
    if not rows:
        return 0
    texts = [in_context(row.source.title, row) for row in rows]
    digests = [digest_of(text) for text in texts]
    label = Sensitivity(max(row.source.label for row in rows))
    sources = {row.source_id for row in rows}
    read_present = partial(present_to_embed, sources)
    if force:
        vectors = index.embedder.embed(texts, label, read_present=read_present)
    else:
        vectors = vectors_of(texts, digests, index.embedder, label, read_present)
    store = get_store()
    # Embedding takes a while, so the labels may have changed.
    now = existing_sources(sources)
    stored = [at for at, row in enumerate(rows) if row.source_id in now and now[row.source_id].label <= store_ceiling()]
    if store and stored:
        try:
            store.upsert(index.name, [rows[at].pk for at in stored], vectors[stored])
        except BrokenCollectionError as error:
            # The collection is filled again as a whole.
            logger.warning("Collection %s of the vector store is damaged: %s", index.collection_id, error)
    made = dict(zip((row.pk for row in rows), zip(digests, map(packed, vectors), strict=True), strict=True))
    _write(index.embedder.fingerprint, made)
    return len(rows)


@transaction.atomic
def _write(fingerprint: str, made: dict[int, tuple[str, bytes]]) -> None:
    """Save vectors by passage, with the digest of their text; skip passages whose title has changed meanwhile."""
    now = dict(Passage.objects.filter(pk__in=made).values_list("pk", "digest"))
    for pk in [pk for pk, digest in now.items() if not digest]:
        now[pk] = made[pk][0]
        Passage.objects.filter(pk=pk).update(digest=now[pk])
    PassageVector.objects.bulk_create(
        [
            PassageVector(passage_id=pk, embedder=fingerprint, vector=vector)
            for pk, (digest, vector) in made.items()
            if now.get(pk) == digest
        ],
        update_conflicts=True,
        unique_fields=["embedder", "passage"],
        update_fields=["vector"],
        batch_size=100,
    )
