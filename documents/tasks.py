"""Turning uploads into passages: what the worker does."""

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import Exists, OuterRef
from django.utils import timezone

from documents import chunking, lanes, measures, services
from documents.claims import Claim, ClaimLost, Lease, Status, claim, progress_of
from documents.extraction import sandbox
from documents.extraction.registry import FORMATS, Format
from documents.extraction.types import Extracted, LimitReached, Limits
from documents.lanes import ANY, Lane, is_small
from documents.models import Document, PreviousVersion
from documents.names import split, title_of
from langai_site import request_id
from langai_site.errors import LangAIError
from langai_site.processes import worker as process
from langai_site.sensitivity import Sensitivity
from langai_site.telemetry import logs
from search import services as search
from search.embeddings import tokenizer_path
from search.models import Source
from search.types import PageText, SourceInfo

logger = logging.getLogger(__name__)

WENT_WRONG = "Something went wrong inside LangAI; the log has the details."
# Seconds that a file may wait for its row.
FILE_WITHOUT_ROW = 3600

Report = Callable[[str, float], None]


# What a small file may take at first. One that needs more is read again when nothing else waits.
QUICK_SECONDS, QUICK_SHARE, LEAST_MEMORY_MB = 20, 2, 128
# Processor time that a file may take in which the size says how much there is to read: many times what it should.
CPU_SECONDS, CPU_SECONDS_A_MB, UNPACKED_CPU_SECONDS_A_MB = 20, 20, 5
MB = 1024 * 1024


class Stopping(Exception):
    """The process is to end."""


class NotQuick(Exception):
    """A small file takes more than small files may."""


def run(lane: Lane) -> bool:
    """One step of the worker's job; True when there may be more to do."""
    return work_once(process.NAME, lane)


def work_once(worker: str, lane: Lane = ANY) -> bool:
    """Take one document through to its passages. Returns False when none waits, or the process is to end."""
    with ExitStack() as stack:
        if not stack.enter_context(lane.reading(process.stopping.is_set)):
            return False
        held = claim(worker, lane)
        if held is None:
            return False
        request = request_id.Trail(held.request_id) if held.request_id else request_id.current()
        with lane.working_on(held.document), request_id.following(request):
            return work_on(held, stack.close)


def work_on(held: Claim, when_read: Callable[[], object] = bool) -> bool:
    """Read the claimed document. Returns False when the process is to end.

    `when_read` is called when its file is read, and before that when reading takes long.
    """
    try:
        with Lease(held):
            return _work(held, when_read)
    except ClaimLost:
        logger.info("Document %s: deleted, or taken over by another worker", held.document_id)
        _remove_if_deleted(held)
    return True


def _work(held: Claim, when_read: Callable[[], object]) -> bool:
    try:
        _process(held, when_read)
    except NotQuick:
        logger.info("Document %s is read later: it is small, but takes its time", held.document_id)
        held.put_behind()
    except Stopping:
        held.give_back()
        return False
    return True


def _process(held: Claim, when_read: Callable[[], object]) -> None:
    try:
        _ingest(held, Document.objects.select_related("collection").get(pk=held.document_id), when_read)
        measures.READ.labels(Status.READY.value).inc()
    except Document.DoesNotExist:
        raise ClaimLost from None
    except (ClaimLost, NotQuick, Stopping, OperationalError, InterfaceError):
        # When the database is away nothing can be written about it: the lease runs out and another try follows.
        raise
    except LangAIError as error:
        logger.info("Document %s failed: %s", held.document_id, logs.safe_words(error))
        _fail(held, error.message, slow=isinstance(error, LimitReached))
    except Exception:
        logger.exception("Document %s failed", held.document_id)
        _fail(held, WENT_WRONG)


def _fail(held: Claim, reason: str, *, slow: bool = False) -> None:
    held.finish(Status.FAILED, error=reason, **({"slow": True} if slow else {}))
    measures.READ.labels(Status.FAILED.value).inc()


def _ingest(held: Claim, document: Document, when_read: Callable[[], object] = bool) -> None:
    report = measures.timed(_stoppable(progress_of(held)))
    kind = FORMATS[split(document.file_name)[1].lower()]
    report("reading", 0)
    extracted = _extracted(document, kind, _watching(report, when_read))
    when_read()
    report("splitting", 0)
    pages = [
        PageText(number, page.text, page.label, page.first_row) for number, page in enumerate(extracted.pages, start=1)
    ]
    spans = chunking.split(
        pages,
        _splitter(kind),
        extracted.headings,
        numbered=extracted.numbered,
        watch=lambda: report("splitting", 0),
    )
    # Reading may have taken minutes, in which a person gave it another title.
    document.refresh_from_db()
    held.update(pages=len(pages), passages=len(spans), title=_title(document, extracted))
    document.refresh_from_db()
    info = _source_info(document, kind)
    search.index(info, pages, spans, progress=report, when_live=lambda: _finish(held), as_now=_as_now)
    report("", 1)


def _finish(held: Claim) -> None:
    """Part of the step in which the passages are shown: who was overtaken meanwhile shows nothing."""
    held.finish(Status.READY, stage="", progress=100, ready_at=timezone.now())
    _carry_over_changes(held)
    services.forget_previous(held.document_id)


def _stoppable(report: Report) -> Report:
    def checked(stage: str, fraction: float) -> None:
        if process.stopping.is_set():
            raise Stopping
        report(stage, fraction)

    return checked


def _watching(report: Report, when_read: Callable[[], object]) -> Callable[[], object]:
    """Return a callback for the time a file is read: a file that takes long lets another be read beside it."""
    began = time.monotonic()

    def watch() -> None:
        report("reading", 0)
        if time.monotonic() - began > lanes.LONG_SECONDS:
            when_read()

    return watch


def _extracted(document: Document, kind: Format, watch: Callable[[], object]) -> Extracted:
    allowed = limits(kind, document)
    try:
        return sandbox.extract(Path(document.file.path), kind.module, allowed, watch)
    except LimitReached:
        if allowed != _most(kind, document.size):
            raise NotQuick from None
        raise


def limits(kind: Format, document: Document) -> Limits:
    """Return the limits for reading the document's file now."""
    most = _most(kind, document.size)
    if not is_small(document):
        return most
    memory = max(LEAST_MEMORY_MB, most.memory_mb // QUICK_SHARE)
    return replace(most, memory_mb=min(memory, most.memory_mb), seconds=min(QUICK_SECONDS, most.seconds))


def _most(kind: Format, size: int) -> Limits:
    """Return the limits for reading a file of `size` bytes."""
    explained = CPU_SECONDS + CPU_SECONDS_A_MB * size // MB
    return Limits(
        cpu_seconds=0 if kind.packed else min(explained, settings.EXTRACTION_SECONDS),
        unpacked_cpu_seconds=UNPACKED_CPU_SECONDS_A_MB if kind.zipped else 0,
        memory_mb=settings.EXTRACTION_MEMORY_MB,
        seconds=settings.EXTRACTION_SECONDS,
        max_pages=settings.EXTRACTION_MAX_PAGES,
        max_chars=settings.EXTRACTION_MAX_CHARS,
        ocr_languages=settings.OCR_LANGUAGES if kind.ocr else "",
    )


def _splitter(kind: Format) -> chunking.Splitter:
    path = tokenizer_path()
    return chunking.splitter(markdown=kind.markdown, tokenizer=chunking.untruncated(path) if path else "")


def _title(document: Document, extracted: Extracted) -> str:
    """The document's own title, unless a person gave it another."""
    given = document.title != title_of(document.file_name)[:300]
    return document.title if given else extracted.title or document.title


def _source_info(document: Document, kind: Format) -> SourceInfo:
    return SourceInfo(
        document=document.pk,
        version=document.version,
        collection_id=document.collection_id,
        title=document.title,
        file_name=document.file_name,
        media_type=kind.media_type,
        sensitivity=Sensitivity(document.sensitivity),
    )


def _as_now(info: SourceInfo) -> SourceInfo:
    """The same with the document's title and label of this moment; its row is locked until the transaction ends.

    Between reading the row and writing the source an embedder may be asked, and meanwhile an admin changes the row
    alone. What is embedded goes by the source.
    """
    current = Document.objects.select_for_update().filter(pk=info.document).first()
    if current is None:
        raise ClaimLost
    return replace(info, title=current.title, sensitivity=Sensitivity(current.sensitivity))


def _carry_over_changes(held: Claim) -> None:
    """A title or label that was changed while the passages were being made holds from the moment they are shown."""
    current = Document.objects.get(pk=held.document_id)
    services.relabel(current, title=current.title, sensitivity=Sensitivity(current.sensitivity))


def _remove_if_deleted(held: Claim) -> None:
    if not Document.objects.filter(pk=held.document_id).exists():
        search.remove(held.document_id)


def sweep() -> None:
    """Mend what a process killed between two steps has left: passages or a file of no document, a document without."""
    _sweep_files(Path(settings.MEDIA_ROOT) / "documents")
    _sweep_unfinished(Path(settings.FILE_UPLOAD_TEMP_DIR))
    orphans = Source.objects.exclude(document__in=Document.objects.values("pk"))
    for document_id in orphans.values_list("document", flat=True).distinct():
        search.remove(document_id)
    live = Source.objects.filter(document=OuterRef("pk"), live=True)
    Document.objects.filter(~Exists(live), status=Status.READY).update(status=Status.QUEUED, attempts=0, progress=0)


def _sweep_files(folder: Path) -> None:
    """Remove files of no version. A young one may be an upload whose row is about to be written."""
    old = {f"documents/{path.name}": path for path in _old_files(folder)}
    kept = {*Document.objects.values_list("file", flat=True), *PreviousVersion.objects.values_list("file", flat=True)}
    for name in old.keys() - kept:
        logger.info("Removing the file %s, which no document has any more", name)
        old[name].unlink(missing_ok=True)


def _sweep_unfinished(folder: Path) -> None:
    """Remove what a web process that was killed had of an upload; others remove it themselves."""
    for path in _old_files(folder):
        logger.info("Removing %s, of an upload that was not finished", path.name)
        path.unlink(missing_ok=True)


def _old_files(folder: Path) -> list[Path]:
    """Return the files that nobody has written to for FILE_WITHOUT_ROW seconds."""
    before = time.time() - FILE_WITHOUT_ROW
    return [path for path in folder.iterdir() if _is_old(path, before)] if folder.is_dir() else []


def _is_old(path: Path, before: float) -> bool:
    try:
        return path.is_file() and path.stat().st_mtime < before
    except FileNotFoundError:  # another process removed it
        return False
