"""Chooses what reads a document's file: LangAI's own readers, after LibreOffice where it is old, or EXTRACTOR_URL."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from documents import extractor
from documents.extraction import old_office, sandbox
from documents.extraction.registry import FileFormat, advice, libreoffice
from documents.extraction.types import Extracted, ExtractionError, Limits, Note, Unread
from documents.models import Document
from documents.names import split
from langai_site.words import gettext_noop

logger = logging.getLogger(__name__)


def read(document: Document, kind: FileFormat, limits: Limits, watch: Callable[[], object]) -> Extracted:
    """Return the text of the document's file. Raises ExtractionError, as `sandbox.extract` does.

    If the extraction service fails, LangAI reads the file itself, and a note says so.
    """
    try:
        if extractor.reads(document):
            return extractor.read(document, limits, watch)
    except extractor.ExtractorError as error:
        logger.warning("The extraction service did not read a document: %s", error)
        found = _read_here(document, kind, limits, watch)
        return replace(found, notes=(*found.notes, Note(Unread.NO_EXTRACTOR, error.sentence)))
    return _read_here(document, kind, limits, watch)


def _read_here(document: Document, kind: FileFormat, limits: Limits, watch: Callable[[], object]) -> Extracted:
    path = Path(document.file.path)
    if not kind.saved_as:
        return sandbox.extract(path, kind.module, limits, watch)
    suffix = split(document.file_name)[1].lower()
    if not libreoffice():
        raise ExtractionError(
            gettext_noop("LibreOffice, which reads %(suffix)s files, is not installed on the server. %(advice)s"),
            suffix=suffix,
            advice=advice(suffix),
        )
    with old_office.saved_anew(path, kind.saved_as, limits, watch) as (newer, left):
        return sandbox.extract(newer, kind.module, left, watch)
