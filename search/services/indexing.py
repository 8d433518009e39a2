"""Making a document's text findable, and taking it out of search."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from search.embeddings import FINGERPRINT, get_embedder
from search.models import Page, Passage, PassageVector, Source
from search.types import PageText, SourceInfo, Span
from search.vectors import BrokenCollection, StoreUnavailable, collection_name, get_store, packed

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

Progress = Callable[[str, float], None]

# Passages embedded, written and stored in one go: short transactions, and progress that moves.
INDEX_BATCH = 64


def _silent(_stage: str, _fraction: float) -> None:
    pass


def index(info: SourceInfo, pages: Iterable[PageText], spans: Sequence[Span], progress: Progress = _silent) -> UUID:
    """Make a document's text findable, in the place of its earlier versions, and return the source's id.

    May be repeated at any point: what an ended attempt at the same version left behind is removed first. The
    source becomes live last, so nothing is found of one half written. A store that is down delays nothing:
    `sync_vectors` adds the vectors when it is back.
    """
    _discard(Source.objects.filter(document=info.document, version=info.version))
    source = _write_source(info, pages)
    try:
        _write_passages(source, spans, progress)
        retired = _go_live(source)
    except BaseException:
        _discard(Source.objects.filter(pk=source.pk))
        raise
    _forget(_stored(Source.objects.filter(pk__in=retired)))
    return source.pk


def remove(document: UUID) -> None:
    """Take all versions of a document out of search. Vectors that cannot be removed now are by `sync_vectors`."""
    _discard(Source.objects.filter(document=document))


@transaction.atomic
def _write_source(info: SourceInfo, pages: Iterable[PageText]) -> Source:
    source = Source.objects.create(
        document=info.document,
        version=info.version,
        collection_id=info.collection_id,
        title=info.title,
        file_name=info.file_name,
        media_type=info.media_type,
        sensitivity=info.sensitivity,
    )
    rows = (Page(source=source, number=page.number, label=page.label[:200], text=page.text) for page in pages)
    Page.objects.bulk_create(rows, batch_size=200)
    return source


def _write_passages(source: Source, spans: Sequence[Span], progress: Progress) -> None:
    embedder, store_answers = get_embedder(), True
    for first in range(0, len(spans), INDEX_BATCH):
        batch = spans[first : first + INDEX_BATCH]
        texts = [in_context(source.title, span) for span in batch]
        vectors = embedder.embed(texts) if embedder else None
        rows = _write_batch(source, first, batch, texts, vectors)
        if vectors is not None and store_answers:
            store_answers = _store(source.collection_id, [row.pk for row in rows], vectors)
        progress("embedding", (first + len(batch)) / len(spans))


def in_context(title: str, span: Span | Passage) -> str:
    """What is embedded of a passage: a piece of a document often does not say what the document is about."""
    return "\n".join(filter(None, (title, span.heading if span.heading != title else "", span.text)))


def digest_of(text: str) -> str:
    """What an embedded text is recognised by."""
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def _write_batch(
    source: Source, first: int, spans: Sequence[Span], texts: Sequence[str], vectors: "np.ndarray | None"
) -> list[Passage]:
    rows = Passage.objects.bulk_create(
        Passage(
            source=source,
            position=first + offset,
            text=span.text,
            page=span.page,
            start=span.start,
            end=span.end,
            heading=span.heading[:300],
            location=span.location[:200],
            digest=digest_of(texts[offset]),
        )
        for offset, span in enumerate(spans)
    )
    if vectors is not None:
        PassageVector.objects.bulk_create(
            PassageVector(passage=row, embedder=FINGERPRINT, vector=packed(vector))
            for row, vector in zip(rows, vectors, strict=True)
        )
    return rows


@transaction.atomic
def _go_live(source: Source) -> list[UUID]:
    """Show this version and hide the others, whose rows stay for the answers that cite them."""
    others = Source.objects.filter(document=source.document, live=True).exclude(pk=source.pk)
    retired = list(others.values_list("pk", flat=True))
    others.update(live=False, retired_at=timezone.now())
    Source.objects.filter(pk=source.pk).update(live=True)
    return retired


def _store(collection_id: int, ids: Sequence[int], vectors: "np.ndarray") -> bool:
    store = get_store()
    if store is None:
        return False
    try:
        store.upsert(collection_name(settings.SECRET_KEY, collection_id, FINGERPRINT), ids, vectors)
    except (StoreUnavailable, BrokenCollection) as error:
        logger.warning("Vectors of collection %s are stored later: %s", collection_id, error)
        return False
    return True


def _stored(sources: QuerySet[Source]) -> dict[int, list[int]]:
    """The ids of the sources' passages, by collection."""
    found: dict[int, list[int]] = {}
    for collection_id, pk in Passage.objects.filter(source__in=sources).values_list("source__collection", "pk"):
        found.setdefault(collection_id, []).append(pk)
    return found


def _forget(passages: dict[int, list[int]]) -> None:
    store = get_store()
    if store is None:
        return
    for collection_id, ids in passages.items():
        try:
            store.delete(collection_name(settings.SECRET_KEY, collection_id, FINGERPRINT), ids)
        except (StoreUnavailable, BrokenCollection) as error:
            logger.warning("Vectors of collection %s are removed later: %s", collection_id, error)


def _discard(sources: QuerySet[Source]) -> None:
    passages = _stored(sources)
    sources.delete()
    _forget(passages)
