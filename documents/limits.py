"""The time and memory that reading a file may take."""

from dataclasses import replace

from django.conf import settings

from documents.extraction.registry import FileFormat
from documents.extraction.types import Limits
from documents.lanes import is_small
from documents.models import Document

# The first limits of a small file. One that needs more is read again when nothing else waits.
QUICK_SECONDS, QUICK_SHARE, LEAST_MEMORY_MB = 20, 2, 128
# Processor time for files whose size tells how much there is to read: many times what reading should take.
CPU_SECONDS, CPU_SECONDS_A_MB, UNPACKED_CPU_SECONDS_A_MB = 20, 20, 5
MB = 1024 * 1024
# Formats whose tables are read part by part: memory does not grow with them, so that they may have more text.
LONG_TABLES, LONG_TABLE_TIMES = {"documents.extraction.csv", "documents.extraction.xlsx"}, 10


def limits_of(kind: FileFormat, document: Document) -> Limits:
    """Return the limits for reading the document's file now."""
    most = most_for(kind, document)
    if not is_small(document):
        return most
    memory = max(LEAST_MEMORY_MB, most.memory_mb // QUICK_SHARE)
    quick = replace(most, memory_mb=min(memory, most.memory_mb), seconds=min(QUICK_SECONDS, most.seconds))
    return replace(quick, is_first_try=quick != most)


def most_for(kind: FileFormat, document: Document) -> Limits:
    """Return the limits for reading the document's file when it may take its time, with what a person chose for it."""
    explained = CPU_SECONDS + CPU_SECONDS_A_MB * document.size // MB
    return Limits(
        cpu_seconds=0 if kind.packed else min(explained, settings.EXTRACTION_SECONDS),
        unpacked_cpu_seconds=UNPACKED_CPU_SECONDS_A_MB if kind.zipped else 0,
        memory_mb=settings.EXTRACTION_MEMORY_MB,
        seconds=settings.EXTRACTION_SECONDS,
        max_pages=settings.EXTRACTION_MAX_PAGES,
        max_chars=settings.EXTRACTION_MAX_CHARS,
        max_table_chars=settings.EXTRACTION_MAX_CHARS * LONG_TABLE_TIMES if kind.module in LONG_TABLES else 0,
        ocr_languages=(document.ocr_languages or settings.OCR_LANGUAGES) if kind.ocr else "",
        encoding=document.encoding,
    )


def picture_limits(kind: FileFormat, document: Document, chars: int) -> Limits:
    """Return the limits for encoding an attached picture again: nothing is recognised, and no process is started."""
    most = most_for(kind, document)
    return replace(most, ocr_languages="", max_chars=chars, seconds=min(QUICK_SECONDS, most.seconds))
