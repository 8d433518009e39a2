"""Turns one claimed document into searchable passages."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from django.utils import timezone

from documents import attached, chunking, lanes, limits, measures, readers, services
from documents.claims import Claim, ClaimLostError, Status, progress_of
from documents.extraction.registry import FORMATS, FileFormat
from documents.extraction.stored_pages import StoredPages
from documents.extraction.types import Extracted, ExtractionError, LimitReachedError
from documents.models import Document
from documents.names import split, title_of
from langai_site.processes import worker as process
from langai_site.sensitivity import Sensitivity
from search import services as search
from search.embeddings import tokenizer_path
from search.types import PageText, SourceInfo, TextSpan

Report = Callable[[str, float], None]


class StoppingError(Exception):
    """The process is about to end."""


class NotQuickError(Exception):
    """A file needs more than the limits for small files, or has been read for long while others wait."""


@dataclass(frozen=True)
class ReadingWatch:
    """What is called while a file is read: once it is read, and about every second after it has taken long.

    `between` is called between two steps after it was read. It may work on another document.
    """

    when_read: Callable[[], object]
    when_long: Callable[[], object]
    between: Callable[[], object] = bool


ALONE = ReadingWatch(when_read=bool, when_long=bool)


def ingest(held: Claim, document: Document, reading: ReadingWatch = ALONE) -> None:
    report = measures.timed(_stoppable(progress_of(held)))

    def step(stage: str, fraction: float) -> None:
        report(stage, fraction)
        reading.between()

    kind = FORMATS[split(document.file_name)[1].lower()]
    report("reading", 0)
    extracted = _read(document, kind, _watching(report, reading.when_long))
    reading.when_read()
    report("splitting", 0)
    attached.prepare(held, document, extracted, lambda: step("splitting", 0))
    spans = _spans(kind, extracted, lambda: step("splitting", 0))
    # Reading may have taken minutes, in which a person may have changed the title.
    document.refresh_from_db()
    held.update(
        pages=len(extracted.pages),
        passages=len(spans) if isinstance(spans, list) else None,
        title=_title(document, extracted),
        notes=[asdict(note) for note in extracted.notes],
    )
    document.refresh_from_db()
    info = _source_info(document, kind)
    search.index(info, _pages(extracted), spans, progress=step, when_live=lambda: _finish(held), as_now=_as_now)
    report("", 1)


def _spans(kind: FileFormat, extracted: Extracted, watch: Callable[[], object]) -> Iterable[TextSpan]:
    """Return the passages; those of a document that is too long for memory are made one page after another."""
    is_long = isinstance(extracted.pages, StoredPages)
    numbered = extracted.numbered and len(extracted.pages) > 1
    # A long one is split between steps of embedding, which are watched themselves.
    found = chunking.spans(
        _pages(extracted), _splitter(kind), extracted.headings, numbered=numbered, watch=bool if is_long else watch
    )
    return found if is_long else list(found)


def _pages(extracted: Extracted) -> Iterator[PageText]:
    for number, page in enumerate(extracted.pages, start=1):
        yield PageText(number, page.text, page.label, page.first_row, page.unit)


def _finish(held: Claim) -> None:
    """Finish, in the transaction that makes the passages live; if another worker has taken over, none become live."""
    passages = search.passages_of(held.document_id, held.document.version)
    held.finish(Status.READY, stage="", progress=100, ready_at=timezone.now(), passages=passages)
    _carry_over_changes(held)
    services.forget_previous(held.document_id)


def _stoppable(report: Report) -> Report:
    def checked(stage: str, fraction: float) -> None:
        if process.stopping.is_set():
            raise StoppingError
        report(stage, fraction)

    return checked


def _watching(report: Report, when_long: Callable[[], object]) -> Callable[[], object]:
    """Return a callback for the time a file is read, which calls `when_long` once that takes long."""
    began = time.monotonic()

    def watch() -> None:
        report("reading", 0)
        if time.monotonic() - began > lanes.LONG_SECONDS:
            when_long()

    return watch


def _read(document: Document, kind: FileFormat, watch: Callable[[], object]) -> Extracted:
    """Return what is in the file. An attached picture need not have any text: models may be shown the picture."""
    shown = attached.is_picture(document)
    if shown:
        attached.store_picture(document, watch)
    try:
        return _extracted(document, kind, watch)
    except ExtractionError:
        if shown:
            return Extracted("", ())
        raise


def _extracted(document: Document, kind: FileFormat, watch: Callable[[], object]) -> Extracted:
    allowed = limits.limits_of(kind, document)
    try:
        return readers.read(document, kind, allowed, watch)
    except LimitReachedError:
        if allowed != limits.most_for(kind, document):
            raise NotQuickError from None
        raise


def _splitter(kind: FileFormat) -> chunking.Splitter:
    return _splitter_of(kind.markdown, tokenizer_path())


@lru_cache(maxsize=2)
def _splitter_of(markdown: bool, path: Path | None) -> chunking.Splitter:
    """Return a splitter, made once: reading its vocabulary takes as long as embedding a passage."""
    return chunking.splitter(markdown=markdown, tokenizer=chunking.untruncated(path) if path else "")


def _title(document: Document, extracted: Extracted) -> str:
    """Return the title in the file, unless a person has chosen another."""
    given = document.title != title_of(document.file_name)[:300]
    return document.title if given else extracted.title or document.title


def _source_info(document: Document, kind: FileFormat) -> SourceInfo:
    return SourceInfo(
        document=document.pk,
        version=document.version,
        collection_id=document.collection_id,
        title=document.title,
        file_name=document.file_name,
        folder=document.folder,
        media_type=kind.media_type,
        sensitivity=Sensitivity(document.sensitivity),
    )


def _as_now(info: SourceInfo) -> SourceInfo:
    """Return the same with the document's current title and label; lock its row until the transaction ends.

    Between reading the row and writing the source an embedder may be called, and meanwhile an admin can change only the
    row. Embedding uses the source's values.
    """
    current = Document.objects.select_for_update().filter(pk=info.document).first()
    if current is None:
        raise ClaimLostError
    return replace(info, title=current.title, sensitivity=Sensitivity(current.sensitivity))


def _carry_over_changes(held: Claim) -> None:
    """Apply a title or label that was changed while the passages were being made, from the moment they are live."""
    current = Document.objects.get(pk=held.document_id)
    services.relabel(current, title=current.title, sensitivity=Sensitivity(current.sensitivity))
