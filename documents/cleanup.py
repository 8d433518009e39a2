"""Removes what a killed process has left behind."""

import logging
import shutil
import time
from pathlib import Path

from django.conf import settings
from django.db.models import Exists, OuterRef

from documents.claims import Status
from documents.extraction import folders
from documents.models import Document, KeptVersion, Picture, PreviousVersion
from search import services as search
from search.models import Source
from search.types import VERIFIED_ANSWER

logger = logging.getLogger(__name__)

# Seconds that a file may exist without its row.
FILE_WITHOUT_ROW = 3600


def sweep() -> None:
    """Clean up after processes that were killed between two steps.

    Removes files and passages without a document, unfinished uploads, and what was written while a file was read;
    queues documents without live passages again.
    """
    _sweep_files(Path(settings.MEDIA_ROOT) / "documents")
    _sweep_unfinished(Path(settings.FILE_UPLOAD_TEMP_DIR))
    _sweep_readings()
    orphans = Source.objects.exclude(document__in=Document.with_deleted.values("pk"))
    orphans = orphans.exclude(media_type=VERIFIED_ANSWER)
    for document_id in orphans.values_list("document", flat=True).distinct():
        search.remove(document_id)
    live = Source.objects.live().filter(document=OuterRef("pk"))
    Document.objects.filter(~Exists(live), status=Status.READY).update(status=Status.QUEUED, attempts=0, progress=0)


def _sweep_files(folder: Path) -> None:
    """Remove files that belong to no version. A recent one may be an upload whose row is about to be written."""
    old = {f"documents/{path.name}": path for path in _old_files(folder)}
    kept = {
        *Document.with_deleted.values_list("file", flat=True),
        *PreviousVersion.objects.values_list("file", flat=True),
        *KeptVersion.objects.values_list("file", flat=True),
    }
    kept |= {name for names in Picture.objects.values_list("file", "thumbnail") for name in names}
    for name in old.keys() - kept:
        logger.info("Removing the file %s, which no document has any more", name)
        old[name].unlink(missing_ok=True)


def _sweep_unfinished(folder: Path) -> None:
    """Remove the parts of an upload that a killed web process left; other processes remove theirs themselves."""
    for path in _old_files(folder):
        logger.info("Removing %s, of an upload that was not finished", path.name)
        path.unlink(missing_ok=True)


def _sweep_readings() -> None:
    """Remove the folders of readings that a killed worker left: none takes much longer than its time limit."""
    for path in folders.left_behind(time.time() - FILE_WITHOUT_ROW - 2 * settings.EXTRACTION_SECONDS):
        logger.info("Removing %s, which a reading left that was not finished", path.name)
        shutil.rmtree(path, ignore_errors=True)


def _old_files(folder: Path) -> list[Path]:
    """Return the files that nobody has written to for FILE_WITHOUT_ROW seconds."""
    before = time.time() - FILE_WITHOUT_ROW
    return [path for path in folder.iterdir() if _is_old(path, before)] if folder.is_dir() else []


def _is_old(path: Path, before: float) -> bool:
    try:
        return path.is_file() and path.stat().st_mtime < before
    except FileNotFoundError:  # another process removed it
        return False
