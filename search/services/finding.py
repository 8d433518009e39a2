"""Finding passages: by meaning, among what the reader may see."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max, Q

from langai_site.sensitivity import Sensitivity, highest
from langai_site.writer import write
from search.access import readable_collections
from search.embeddings import FINGERPRINT, get_embedder
from search.models import Page, Passage
from search.types import Filters, Findings, Hit, Reader
from search.vectors import BrokenCollection, StoreUnavailable, collection_name, get_store

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

# Cosine similarity. With the handbook, small talk reaches 0.25 and questions that a passage answers start at 0.35.
MIN_SCORE = 0.28
# The store may still hold passages that the database no longer shows: more are asked for than wanted.
SPARE = 8

MEANING_OFF = "Search by meaning is off, so no documents were searched. An administrator can see why in the log."
LABEL_TOO_HIGH = "The documents were not searched: no model for it may see a text this sensitive."
STORE_DOWN = "The document search is not answering, so some documents were not searched. Try again in a minute."
FAILED = "The document search failed, so no documents were searched. Try again."

NO_FILTERS = Filters()

_finders = ThreadPoolExecutor(8, thread_name_prefix="find")
_queries = ThreadPoolExecutor(8, thread_name_prefix="query")


async def find(
    query: str,
    reader: Reader,
    *,
    label: Sensitivity = Sensitivity.PUBLIC,
    filters: Filters = NO_FILTERS,
    history: Sequence[str] = (),
    limit: int = 8,
) -> Findings:
    """The passages nearest in meaning to `query` that the reader may see, best first.

    `label` is how sensitive the query is; `history` is what the person asked before, oldest first. What fails
    becomes a notice: an answer goes on without documents.
    """
    if filters.collections is not None:
        reader = reader.only(filters.collections)
    if not query.strip() or not reader.collections:
        return Findings()
    try:
        loop = asyncio.get_running_loop()
        nearest = await loop.run_in_executor(_finders, _nearest, query, reader.collections, label, limit + SPARE)
        hits = await write(_hits, nearest.scores, reader, filters, limit) if nearest.scores else ()
    except Exception:
        logger.exception("Search failed")
        return Findings(notice=FAILED)
    return Findings(hits, nearest.notice)


async def find_for_prompt(
    query: str,
    reader: Reader,
    *,
    label: Sensitivity = Sensitivity.PUBLIC,
    filters: Filters = NO_FILTERS,
    history: Sequence[str] = (),
    budget_chars: int,
    limit: int = 8,
) -> Findings:
    """`find` for a model's prompt: passages whose texts together have at most `budget_chars` characters, best first.

    The first is always kept. A hit's `text` is its page from `start` to `end`.
    """
    findings = await find(query, reader, label=label, filters=filters, history=history, limit=limit)
    return replace(findings, hits=_fitting(findings.hits, budget_chars))


def _fitting(hits: Sequence[Hit], budget_chars: int) -> tuple[Hit, ...]:
    room, kept = budget_chars, []
    for hit in hits:
        room -= len(hit.text)
        if room < 0 and kept:
            break
        kept.append(hit)
    return tuple(kept)


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


def _hits(scores: dict[int, float], reader: Reader, filters: Filters, limit: int) -> tuple[Hit, ...]:
    """The best of the found passages as the database has them now, if the person may still read them."""
    readable = readable_collections(reader.user_id).values("pk")
    shown = Passage.objects.filter(_kept_by(filters), pk__in=scores, source__live=True, source__collection__in=readable)
    rows = list(shown.order_by().values_list(*_HIT_COLUMNS, named=True))
    best = sorted(rows, key=lambda row: (-scores[row.pk], row.pk))[:limit]
    pages = page_counts({row.source_id for row in best})
    return tuple(_hit(row, pages.get(row.source_id, 1), scores[row.pk]) for row in best)


def _kept_by(filters: Filters) -> Q:
    kept = Q()
    if filters.types is not None:
        kept &= Q(source__media_type__in=filters.types)
    if filters.since is not None:
        kept &= Q(source__added_at__gte=datetime.combine(filters.since, time(), UTC))
    if filters.until is not None:
        kept &= Q(source__added_at__lt=datetime.combine(filters.until, time(), UTC) + timedelta(days=1))
    if filters.max_label is not None:
        kept &= Q(source__sensitivity__lte=filters.max_label, source__collection__sensitivity__lte=filters.max_label)
    return kept


def page_counts(sources: Collection[UUID]) -> dict[UUID, int]:
    pages = Page.objects.filter(source__in=sources).order_by()
    return dict(pages.values_list("source").annotate(Max("number")))


_HIT_COLUMNS = (
    *("pk", "text", "page", "start", "end", "heading", "location", "position", "source_id", "source__version"),
    *("source__title", "source__media_type", "source__added_at", "source__collection_id"),
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
        location=row.location,
        text=row.text,
        label=highest(row.source__sensitivity, row.source__collection__sensitivity),
        score=score,
        collection_id=row.source__collection_id,
        position=row.position,
        media_type=row.source__media_type,
        added_at=row.source__added_at,
    )
