"""Search's verbs: index a document, remove it, find passages, show one in its page."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet

from langai_site.errors import NotFound
from langai_site.sensitivity import Sensitivity, highest
from langai_site.writer import write
from search.access import readable_collections
from search.embeddings import FINGERPRINT, get_embedder
from search.models import Page, Passage, Source
from search.types import Excerpt, Findings, Hit, PageText, Reader, SourceInfo, Span
from search.vectors import BrokenCollection, StoreUnavailable, collection_name, get_store

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

Progress = Callable[[str, float], None]

# Passages embedded, written and stored in one go: short transactions, and progress that moves.
INDEX_BATCH = 64
# Cosine similarity. With the handbook, small talk reaches 0.25 and questions that a passage answers start at 0.35.
MIN_SCORE = 0.28
# The store may still hold passages that the database no longer shows: more are asked for than wanted.
SPARE = 8
# Characters of a page shown at once; a text file without pages can be one of millions.
EXCERPT_CHARS = 20_000

MEANING_OFF = "Search by meaning is off, so no documents were searched. An administrator can see why in the log."
LABEL_TOO_HIGH = "The documents were not searched: no model for it may see a text this sensitive."
STORE_DOWN = "The document search is not answering, so some documents were not searched. Try again in a minute."
FAILED = "The document search failed, so no documents were searched. Try again."

_finders = ThreadPoolExecutor(8, thread_name_prefix="find")
_queries = ThreadPoolExecutor(8, thread_name_prefix="query")


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
    rows = (Page(source=source, number=page.number, text=page.text) for page in pages)
    Page.objects.bulk_create(rows, batch_size=200)
    return source


def _write_passages(source: Source, spans: Sequence[Span], progress: Progress) -> None:
    embedder, store_answers = get_embedder(), True
    for first in range(0, len(spans), INDEX_BATCH):
        batch = spans[first : first + INDEX_BATCH]
        vectors = embedder.embed([in_context(source.title, span) for span in batch]) if embedder else None
        rows = _write_batch(source, first, batch, vectors)
        if vectors is not None and store_answers:
            store_answers = _store(source.collection_id, [row.pk for row in rows], vectors)
        progress("embedding", (first + len(batch)) / len(spans))


def in_context(title: str, span: Span | Passage) -> str:
    """What is embedded of a passage: a piece of a document often does not say what the document is about."""
    return "\n".join(filter(None, (title, span.heading if span.heading != title else "", span.text)))


def _write_batch(source: Source, first: int, spans: Sequence[Span], vectors: "np.ndarray | None") -> list[Passage]:
    rows = [
        Passage(
            source=source,
            position=first + offset,
            text=span.text,
            page=span.page,
            start=span.start,
            end=span.end,
            heading=span.heading[:300],
            vector=None if vectors is None else packed(vectors[offset]),
            embedder="" if vectors is None else FINGERPRINT,
        )
        for offset, span in enumerate(spans)
    ]
    return Passage.objects.bulk_create(rows)


@transaction.atomic
def _go_live(source: Source) -> list[UUID]:
    """Show this version and hide the others, whose rows stay for the answers that cite them."""
    others = Source.objects.filter(document=source.document, live=True).exclude(pk=source.pk)
    retired = list(others.values_list("pk", flat=True))
    others.update(live=False)
    Source.objects.filter(pk=source.pk).update(live=True)
    return retired


def packed(vector: "np.ndarray") -> bytes:
    """A vector as a passage keeps it; half precision moves a cosine by less than 0.001."""
    return vector.astype("<f2").tobytes()


def unpacked(vectors: Iterable[bytes]) -> "np.ndarray":
    import numpy as np

    return np.stack([np.frombuffer(vector, "<f2") for vector in vectors]).astype(np.float32)


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


async def find(query: str, reader: Reader, *, label: Sensitivity = Sensitivity.PUBLIC, limit: int = 8) -> Findings:
    """The passages nearest in meaning to `query` that the reader may see, best first.

    `label` is how sensitive the query is. What fails becomes a notice: an answer goes on without documents.
    """
    if not query.strip() or not reader.collections:
        return Findings()
    try:
        loop = asyncio.get_running_loop()
        nearest = await loop.run_in_executor(_finders, _nearest, query, reader.collections, label, limit + SPARE)
        hits = await write(_hits, nearest.scores, reader, limit) if nearest.scores else ()
    except Exception:
        logger.exception("Search failed")
        return Findings(notice=FAILED)
    return Findings(hits, nearest.notice)


@dataclass(frozen=True)
class _Nearest:
    """Similarity by passage id."""

    scores: dict[int, float]
    notice: str = ""


def _nearest(query: str, collections: Sequence[int], label: Sensitivity, limit: int) -> _Nearest:
    embedder = get_embedder()
    if embedder is None:
        return _Nearest({}, MEANING_OFF)
    if label > embedder.ceiling:
        return _Nearest({}, LABEL_TOO_HIGH)
    vector = embedder.embed([query])[0]
    if len(collections) == 1:
        answers = [_query(collections[0], vector, limit)]
    else:
        answers = list(_queries.map(lambda collection_id: _query(collection_id, vector, limit), collections))
    scores = {pk: score for answer in answers if answer for pk, score in answer if score >= MIN_SCORE}
    return _Nearest(scores, STORE_DOWN if None in answers else "")


def _query(collection_id: int, vector: "np.ndarray", limit: int) -> list[tuple[int, float]] | None:
    """None where the store fails."""
    store = get_store()
    try:
        name = collection_name(settings.SECRET_KEY, collection_id, FINGERPRINT)
        return store.query(name, vector, limit) if store else None
    except (StoreUnavailable, BrokenCollection) as error:
        logger.warning("Collection %s was not searched: %s", collection_id, error)
        return None


def _hits(scores: dict[int, float], reader: Reader, limit: int) -> tuple[Hit, ...]:
    """The best of the found passages as the database has them now, if the person may still read them."""
    readable = readable_collections(reader.user_id).values("pk")
    shown = Passage.objects.filter(pk__in=scores, source__live=True, source__collection__in=readable)
    rows = list(shown.order_by().values_list(*_HIT_COLUMNS, named=True))
    best = sorted(rows, key=lambda row: (-scores[row.pk], row.pk))[:limit]
    pages = _page_counts({row.source_id for row in best})
    return tuple(_hit(row, pages.get(row.source_id, 1), scores[row.pk]) for row in best)


def _page_counts(sources: Collection[UUID]) -> dict[UUID, int]:
    pages = Page.objects.filter(source__in=sources).order_by()
    return dict(pages.values_list("source").annotate(Max("number")))


_HIT_COLUMNS = (
    *("pk", "text", "page", "start", "end", "heading", "source_id", "source__version", "source__title"),
    *("source__file_name", "source__sensitivity", "source__collection__name", "source__collection__sensitivity"),
)


def _hit(row: Any, pages: int, score: float) -> Hit:  # noqa: ANN401
    return Hit(
        passage_id=row.pk,
        source_id=row.source_id,
        version=row.source__version,
        title=row.source__title,
        file_name=row.source__file_name,
        collection=row.source__collection__name,
        page=row.page,
        pages=pages,
        start=row.start,
        end=row.end,
        heading=row.heading,
        text=row.text,
        label=highest(row.source__sensitivity, row.source__collection__sensitivity),
        score=score,
    )


def excerpt(reader: Reader, source_id: UUID, *, page: int, start: int, end: int) -> Excerpt:
    """A page of a source with the characters from `start` to `end` marked, for someone who may read it."""
    readable = Source.objects.filter(collection__in=readable_collections(reader.user_id))
    source = readable.select_related("collection").filter(pk=source_id).first()
    row = Page.objects.filter(source=source, number=page).first() if source else None
    if source is None or row is None:
        raise NotFound("This document, or this page of it, is not there (any more).")
    before, marked, after = split(row.text, start, end)
    heading = source.passages.filter(page=page, start=start).values_list("heading", flat=True).first()
    return Excerpt(
        source_id=source.pk,
        title=source.title,
        file_name=source.file_name,
        collection=source.collection.name,
        label=source.label,
        page=page,
        pages=_page_counts([source.pk]).get(source.pk, page),
        start=start,
        end=end,
        heading=heading or "",
        before=before,
        marked=marked,
        after=after,
    )


def split(text: str, start: int, end: int) -> tuple[str, str, str]:
    """The text before, in and after a span; of a very long text only the surroundings, with an ellipsis."""
    start = max(0, min(start, len(text)))
    end = max(start, min(end, len(text), start + EXCERPT_CHARS))
    if len(text) <= EXCERPT_CHARS:
        return text[:start], text[start:end], text[end:]
    room = (EXCERPT_CHARS - (end - start)) // 2
    first, last = max(0, start - room), min(len(text), end + room)
    before = ("… " if first else "") + text[first:start]
    return before, text[start:end], text[end:last] + (" …" if last < len(text) else "")
