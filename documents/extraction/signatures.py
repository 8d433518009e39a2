"""Recognises a file's real type by its first bytes, whatever its name says."""

import re
import zipfile
import zlib
from pathlib import Path

from documents.extraction.registry import FORMATS, advice, is_readable
from documents.extraction.types import ExtractionError
from documents.sentences import SentenceTemplate, said
from langai_site.words import gettext_noop

EMPTY = gettext_noop("This file is empty. Upload a complete copy.")
WRONG_ENDING = gettext_noop("This file is %(what)s, though its name ends in %(suffix)s. %(remedy)s")
NO_ENDING = gettext_noop("This file is %(what)s, though its name has no ending. %(remedy)s")
RENAME = gettext_noop("Give it the ending %(suffix)s and upload it again.")
UNPACK = gettext_noop("Unpack it and upload the files in it.")
UNREADABLE_TYPE = gettext_noop("Such files cannot be read. %(advice)s")
LOCKED = gettext_noop("The file is password-protected. Remove the password and upload it again.")

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The first bytes of a file, the name of its type, and the suffix.
KNOWN = (
    (b"%PDF-", gettext_noop("a PDF"), ".pdf"),
    (b"{\\rtf", gettext_noop("an RTF document"), ".rtf"),
    (b"MZ", gettext_noop("a Windows program"), ".exe"),
    (b"\x7fELF", gettext_noop("a Linux program"), ".elf"),
    (b"\xcf\xfa\xed\xfe", gettext_noop("a macOS program"), ".app"),
    (b"\x89PNG\r\n", gettext_noop("a picture"), ".png"),
    (b"\xff\xd8\xff", gettext_noop("a picture"), ".jpg"),
    (b"GIF87a", gettext_noop("a picture"), ".gif"),
    (b"GIF89a", gettext_noop("a picture"), ".gif"),
    (b"II*\0", gettext_noop("a picture"), ".tif"),
    (b"MM\0*", gettext_noop("a picture"), ".tif"),
    (b"\x1f\x8b", gettext_noop("a packed archive"), ".gz"),
    (b"7z\xbc\xaf\x27\x1c", gettext_noop("a packed archive"), ".7z"),
    (b"Rar!\x1a\x07", gettext_noop("a packed archive"), ".rar"),
    (b"PK\x05\x06", gettext_noop("an empty archive"), ".zip"),
    (b"SQLite format 3\0", gettext_noop("a database"), ".sqlite3"),
    (b"\0\0\0\x18ftyp", gettext_noop("a film"), ".mp4"),
    (b"\0\0\0\x20ftyp", gettext_noop("a film"), ".mp4"),
    (b"ID3\x03", gettext_noop("a sound"), ".mp3"),
    (b"ID3\x04", gettext_noop("a sound"), ".mp3"),
    (b"OggS", gettext_noop("a sound"), ".ogg"),
)
# They are all opened by what they are, whatever their names say.
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif"}
WEBP = re.compile(rb"RIFF....WEBP", re.DOTALL)
# The photographs of iPhones begin like films.
HEIC = re.compile(rb"....ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)", re.DOTALL)
# Distinguishes zipped formats by a file inside.
ZIPPED = (
    ("word/", gettext_noop("a Word document"), ".docx"),
    ("ppt/", gettext_noop("a presentation"), ".pptx"),
    ("xl/", gettext_noop("a spreadsheet"), ".xlsx"),
)
OTHER_OFFICE = (gettext_noop("a file of another office program"), ".opc")
OPEN_DOCUMENT = {
    b"application/vnd.oasis.opendocument.text": (gettext_noop("an OpenDocument text"), ".odt"),
    b"application/vnd.oasis.opendocument.spreadsheet": (gettext_noop("an OpenDocument spreadsheet"), ".ods"),
    b"application/vnd.oasis.opendocument.presentation": (gettext_noop("an OpenDocument presentation"), ".odp"),
    b"application/epub+zip": (gettext_noop("an electronic book"), ".epub"),
}
# Names of the streams in the container of old office programs, which also holds encrypted files of the new formats.
STREAMS = (
    ("EncryptedPackage", "", ""),
    ("WordDocument", gettext_noop("an old Word document"), ".doc"),
    ("PowerPoint Document", gettext_noop("an old presentation"), ".ppt"),
    ("Workbook", gettext_noop("an old spreadsheet"), ".xls"),
    ("Book", gettext_noop("an old spreadsheet"), ".xls"),
    ("__nameid_version1.0", gettext_noop("an Outlook mail"), ".msg"),
)
# Exceptions of zipfile for a damaged archive.
UNREADABLE = (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error)
BLOCK = 1024 * 1024


def check(path: Path) -> None:
    """Raise ExtractionError if the file is empty, locked, or of another type than its suffix says."""
    with path.open("rb") as file:
        start = file.read(64)
    if not start:
        raise ExtractionError(EMPTY)
    named, (what, suffix) = path.suffix.lower(), _identified(path, start)
    known = FORMATS.get(named)
    is_same = suffix in (named, known.like if known else named) or PICTURES.issuperset((suffix, named))
    if suffix and not is_same:
        template = WRONG_ENDING if named else NO_ENDING
        raise ExtractionError(template, what=said(what), suffix=named, remedy=_remedy(suffix))


def _remedy(suffix: str) -> SentenceTemplate:
    if is_readable(suffix):
        return said(RENAME, suffix=suffix)
    if suffix == ".zip":
        return said(UNPACK)
    return said(UNREADABLE_TYPE, advice=advice(suffix))


def _identified(path: Path, start: bytes) -> tuple[str, str]:
    """Return the file's type and suffix; two empty strings for text and unknown types."""
    if start.startswith(ZIP):
        return _zipped(path)
    if start.startswith(OLE):
        return _container(path)
    if WEBP.match(start):
        return gettext_noop("a picture"), ".webp"
    if HEIC.match(start):
        return gettext_noop("a picture of the type HEIC"), ".heic"
    return next(((what, suffix) for mark, what, suffix in KNOWN if _begins(start, mark)), ("", ""))


def _begins(start: bytes, mark: bytes) -> bool:
    """Return whether `start` has this mark. Text may begin with a program's two letters, but has no zero soon after."""
    return start.startswith(mark) and (mark != b"MZ" or b"\0" in start)


def _zipped(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            kind = _start_of(archive, "mimetype") if "mimetype" in names else b""
    except UNREADABLE:
        # The module of its format says what is wrong with it.
        return "", ""
    if kind in OPEN_DOCUMENT:
        return OPEN_DOCUMENT[kind]
    if "[Content_Types].xml" in names:
        return next(((what, suffix) for folder, what, suffix in ZIPPED if _holds(names, folder)), OTHER_OFFICE)
    return gettext_noop("a zip archive"), ".zip"


def _start_of(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(100).strip()


def _holds(names: list[str], folder: str) -> bool:
    return any(name.startswith(folder) for name in names)


def _container(path: Path) -> tuple[str, str]:
    for stream, what, suffix in STREAMS:
        if _contains(path, f"{stream}\0".encode("utf-16-le")):
            if not suffix:
                raise ExtractionError(LOCKED)
            return what, suffix
    return gettext_noop("a file of an old program"), ".ole"


def _contains(path: Path, wanted: bytes) -> bool:
    with path.open("rb") as file:
        before = b""
        while block := file.read(BLOCK):
            if wanted in before + block:
                return True
            before = block[-len(wanted) :]
    return False
