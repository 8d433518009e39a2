"""Reads a file that is inside another one, such as a mail's attachment, through the reader of its own format."""

import importlib
import mimetypes
import tempfile
from dataclasses import replace
from pathlib import Path

from documents.extraction import reading, signatures
from documents.extraction.registry import FORMATS
from documents.extraction.types import Extracted, ExtractionError, Limits, check_amount
from documents.names import split
from langai_site.words import gettext_noop

DAMAGED = gettext_noop("Its reader failed on it: it is damaged, or too complex.")
UNKNOWN = gettext_noop("Files of this type cannot be read.")
NESTED_TOO_DEEPLY = gettext_noop("It is nested too deeply.")


def read(name: str, media_type: str, data: bytes, limits: Limits) -> Extracted:
    """Return what the reader of its format finds in a file.

    The format follows from the end of the name, otherwise from the media type. Raises ExtractionError with the reason
    if nothing can be read; never for want of time or memory, which ends the reading of the whole.
    """
    suffix = suffix_of(name, media_type)
    if not suffix:
        raise ExtractionError(UNKNOWN)
    # The worker deletes this folder, too, if this process is killed.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"file{suffix}")
        path.write_bytes(data)
        extracted = _read(path, FORMATS[suffix].module, limits)
    check_amount(extracted, limits)
    return extracted


def suffix_of(name: str, media_type: str) -> str:
    """Return the suffix of the format in which a file is read, or "" if there is none."""
    suffix = split(name)[1].lower()
    if suffix in FORMATS and FORMATS[suffix].saved_as:
        # LibreOffice cannot be started from here.
        return ""
    if suffix and suffix in FORMATS:
        return suffix
    if suffix and media_type in ("application/octet-stream", "text/plain"):
        return ""
    readable = {ending: kind for ending, kind in FORMATS.items() if not kind.saved_as}
    known = next((ending for ending, kind in readable.items() if ending and kind.media_type == media_type), "")
    guessed = mimetypes.guess_extension(media_type) or ""
    return known or (guessed if guessed in readable else "")


def _read(path: Path, module: str, limits: Limits) -> Extracted:
    try:
        signatures.check(path)
        with reading.begin() as notes:
            extracted: Extracted = importlib.import_module(module).extract(path, limits)
    except (ExtractionError, MemoryError):
        raise
    except RecursionError as error:
        raise ExtractionError(NESTED_TOO_DEEPLY) from error
    except Exception as error:
        # One damaged file must not cost the text of the whole.
        raise ExtractionError(DAMAGED) from error
    return replace(extracted, notes=(*extracted.notes, *notes.notes()))
