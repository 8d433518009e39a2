"""Adds a document's text to search and removes it."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from langai_site import document_uses
from langai_site.errors import NotAdmittedError, NotFoundError
from langai_site.sensitivity import Sensitivity
from search import indexes
from search.contexts import digest_of, in_context, names_of
from search.embeddings import EmbedderUnavailableError, find_configured
from search.indexes import Index
from search.keywords import KeywordText, get_index
from search.keywords.scripts import language_of_text
from search.models import Page, Passage, PassageVector, Source
from search.services.present import present_of, present_to_embed
from search.services.relabelling import renew
from search.types import PageText, SourceInfo, TextSpan
from search.vectorizing import EmbedderTexts, vectors_of_each
from search.vectors import BrokenCollectionError, StoreUnavailableError, get_store, packed, store_ceiling

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class _NewVectors:
    """The vectors of a batch's passages that belong in `index`; `places` are their positions in the batch."""

    index: Index
    places: Sequence[int]
    vectors: "np.ndarray"


# Passages embedded, written and stored in one batch: short transactions, progress that moves, a stop within seconds.
INDEX_BATCH = 32
# Pages written in one transaction: up to ten million characters.
PAGE_BATCH = 200


class SourceGoneError(NotFoundError):
    """The source was removed while it was being indexed."""

    def __init__(self) -> None:
        super().__init__("The document was removed while it was being read.")


def _silent(_stage: str, _fraction: float) -> None:
    pass


def index(
    info: SourceInfo,
    pages: Iterable[PageText],
    spans: Iterable[TextSpan],
    progress: Progress = _silent,
    when_live: Callable[[], None] = lambda: None,
    as_now: Callable[[SourceInfo], SourceInfo] = lambda info: info,
) -> UUID:
    """Index a document's text, replace its earlier versions, and return the source's id.

    Of pages and spans that are made as they are asked for, only a batch is in memory.

    `as_now` is called in the transaction that writes the source, just before the write. It returns `info` with the
    current title and label, and keeps others from changing them until the transaction ends: later changes find the
    source. It is also called in the transaction in which the source becomes live, before anything is locked there,
    because relabelling a document locks the document before its sources, too.

    `when_live` is called in the transaction in which the source becomes live: what it writes takes effect at the same
    moment, and if it raises, nothing has changed.

    Raises SourceGoneError if the document is removed meanwhile.

    Can be repeated at any point: it first removes what an interrupted attempt at the same version left. The source
    becomes live last, at the moment in which its earlier versions stop being live, so that a query sees one or the
    other. An embedder or a store that is down delays nothing: `sync_vectors` adds the vectors when it is back.
    """
    _discard(Source.objects.filter(document=info.document, version=info.version))
    find_configured()
    indexes.adopt_embedder(info.collection_id)
    rest = iter(pages)
    source = _write_source(info, list(islice(rest, PAGE_BATCH)), as_now)
    try:
        last_page = _write_pages(source, rest)
        titles = _write_passages(source.pk, spans, last_page, progress)
        hidden = _go_live(source.pk, titles, partial(as_now, info), when_live)
    except BaseException:
        _discard(Source.objects.filter(pk=source.pk))
        raise
    forget_vectors(hidden)
    return source.pk


def remove(document: UUID) -> None:
    """Take all versions of a document out of search. `sync_vectors` removes vectors that cannot be removed now."""
    _discard(Source.objects.filter(document=document))


def passages_of(document: UUID, version: int) -> int:
    """Return how many passages a version of a document has in search."""
    return Passage.objects.filter(source__document=document, source__version=version).count()


@transaction.atomic
def _write_source(info: SourceInfo, pages: Sequence[PageText], as_now: Callable[[SourceInfo], SourceInfo]) -> Source:
    info = as_now(info)
    source = Source.objects.create(
        document=info.document,
        version=info.version,
        collection_id=info.collection_id,
        title=info.title,
        file_name=info.file_name,
        folder=info.folder,
        media_type=info.media_type,
        sensitivity=info.sensitivity,
    )
    _write_page_rows(source, pages)
    return source


def _write_page_rows(source: Source, pages: Sequence[PageText]) -> None:
    Page.objects.bulk_create(
        Page(source=source, number=page.number, label=page.label[:200], text=page.text) for page in pages
    )


def _write_pages(source: Source, pages: Iterator[PageText]) -> int:
    """Write the pages after the first batch, in transactions of their own; return the number of the last page."""
    while batch := list(islice(pages, PAGE_BATCH)):
        with transaction.atomic():
            # The lock prevents removal until the pages are written.
            if Source.objects.select_for_update().filter(pk=source.pk).first() is None:
                raise SourceGoneError
            _write_page_rows(source, batch)
    return Page.objects.filter(source=source).aggregate(last=Max("number"))["last"] or 0


def _write_passages(source_id: UUID, spans: Iterable[TextSpan], last_page: int, progress: Progress) -> set[str]:
    """Write, embed and store a batch at a time; return the titles that the document had meanwhile."""
    titles: set[str] = set()
    # An embedder that failed once is not called again for this document.
    failed: set[str] = set()
    first, count = 0, len(spans) if isinstance(spans, Sequence) else 0
    rest = iter(spans)
    while batch := list(islice(rest, INDEX_BATCH)):
        # Read again for each batch: a label that is raised meanwhile applies from the next batch on.
        source = Source.objects.select_related("collection").filter(pk=source_id).first()
        if source is None:
            raise SourceGoneError
        titles.add(source.title)
        _write_and_store(source, first, batch, failed)
        first += len(batch)
        progress("embedding", first / count if count else batch[-1].page / (last_page + 1))
    return titles


def _write_and_store(source: Source, first: int, spans: Sequence[TextSpan], failed: set[str]) -> None:
    texts = [in_context(source.title, span) for span in spans]
    made = _embedded(source, texts, failed)
    rows = _write_batch(source, first, spans, texts, made)
    # Embedding takes a while, so the label may have changed.
    try:
        label = present_of([source.pk]).label
    except NotAdmittedError:
        raise SourceGoneError from None
    for new in made:
        ids = [rows[place].pk for place in new.places]
        if new.index.name not in failed and not _store(new.index, label, ids, new.vectors):
            failed.add(new.index.name)


def _embedded(source: Source, texts: Sequence[str], failed: set[str]) -> list[_NewVectors]:
    """Return the texts' vectors for each index that they belong in, without embedders that are not available now."""
    made: list[_NewVectors] = []
    languages = [language_of_text(text) for text in texts]
    wanted: list[tuple[Index, Sequence[int], EmbedderTexts]] = []
    for index in indexes.indexes_of(source.collection):
        places = [place for place, language in enumerate(languages) if index.needs(language)]
        if not places or not index.takes(source.label) or index.embedder.fingerprint in failed:
            continue
        needed = [texts[place] for place in places]
        wanted.append((index, places, EmbedderTexts(index.embedder, needed, [*map(digest_of, needed)])))
    found = vectors_of_each([one for _, _, one in wanted], source.label, partial(present_to_embed, [source.pk]))
    for (index, chosen, _), vectors in zip(wanted, found, strict=True):
        if isinstance(vectors, EmbedderUnavailableError):
            failed.add(index.embedder.fingerprint)
            logger.warning("“%s” is embedded later: %s", source.pk, vectors)
        else:
            made.append(_NewVectors(index, chosen, vectors))
    return made


@transaction.atomic
def _write_batch(
    source: Source,
    first: int,
    spans: Sequence[TextSpan],
    texts: Sequence[str],
    made: Sequence[_NewVectors],
) -> list[Passage]:
    # The lock prevents removal until the passages are written.
    if Source.objects.select_for_update().filter(pk=source.pk).first() is None:
        raise SourceGoneError
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
    names = names_of(source.file_name, source.folder)
    get_index().add(
        KeywordText(row.pk, source.collection_id, text, names) for row, text in zip(rows, texts, strict=True)
    )
    for new in made:
        PassageVector.objects.bulk_create(
            PassageVector(passage=rows[place], embedder=new.index.embedder.fingerprint, vector=packed(vector))
            for place, vector in zip(new.places, new.vectors, strict=True)
        )
    return rows


@transaction.atomic
def _go_live(
    source_id: UUID, titles: set[str], hold: Callable[[], object], when_live: Callable[[], None]
) -> dict[int, list[int]]:
    """Show this version and hide the others, whose rows stay for the answers that cite them.

    Returns the hidden passages by collection.
    """
    hold()
    source = Source.objects.select_for_update().filter(pk=source_id).first()
    if source is None:
        raise SourceGoneError
    if titles - {source.title}:
        renew(source)
    others = Source.objects.live().filter(document=source.document).exclude(pk=source.pk)
    hidden = passages_by_collection(others)
    for ids in hidden.values():
        get_index().remove(ids)
    has_replaced = others.update(live=False, retired_at=timezone.now())
    Source.objects.filter(pk=source.pk).update(live=True)
    if has_replaced:
        document_uses.version_replaced(source.pk)
    when_live()
    return hidden


def _store(index: Index, label: Sensitivity, ids: Sequence[int], vectors: "np.ndarray") -> bool:
    """Write vectors to the store; return False if it does not accept them now."""
    store = get_store()
    if store is None or label > store_ceiling():
        return False
    try:
        store.upsert(index.name, ids, vectors)
    except (StoreUnavailableError, BrokenCollectionError) as error:
        logger.warning("Vectors of collection %s are stored later: %s", index.collection_id, error)
        indexes.suspects.add(index.collection_id)
        return False
    return True


def passages_by_collection(sources: QuerySet[Source]) -> dict[int, list[int]]:
    """Return the ids of the sources' passages, by collection."""
    found: dict[int, list[int]] = {}
    for collection_id, pk in Passage.objects.filter(source__in=sources).values_list("source__collection", "pk"):
        found.setdefault(collection_id, []).append(pk)
    return found


def forget_vectors(passages: dict[int, list[int]]) -> None:
    """Take passages out of the store. If that fails, they are not shown, and `sync_vectors` removes them later."""
    store = get_store()
    if store is None:
        return
    for collection_id, ids in passages.items():
        try:
            for name in store.names(indexes.store_prefix(collection_id)):
                store.delete(name, ids)
        except (StoreUnavailableError, BrokenCollectionError) as error:
            logger.warning("Vectors of collection %s are removed later: %s", collection_id, error)
            indexes.suspects.add(collection_id)


def _discard(sources: QuerySet[Source]) -> None:
    passages = passages_by_collection(sources)
    sources.delete()
    forget_vectors(passages)
