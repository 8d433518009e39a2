"""Lists the file types that can be read, and their modules. A new type needs one module here and one line."""

import shutil
from dataclasses import dataclass, replace

from documents.sentences import SentenceTemplate, said
from langai_site.words import gettext_noop


@dataclass(frozen=True)
class FileFormat:
    """A file type. Its `module` has `extract(path: Path, limits: Limits) -> Extracted`; only the extraction process
    imports it.

    `markdown`: passages end where markdown's marks suggest. `ocr`: its pictures and scanned pages are recognised.
    `packed`: unlike for plain text, the size does not tell how much is in it. `zipped`: its size together with its
    unpacked size does.
    """

    module: str
    media_type: str
    markdown: bool = False
    ocr: bool = False
    packed: bool = False
    zipped: bool = False
    # Another suffix with which files of this type begin alike.
    like: str = ""
    # What LibreOffice saves it as before `module` reads it.
    saved_as: str = ""

    @property
    def encoded(self) -> bool:
        """Return whether its text can be in different encodings."""
        return not (self.packed or self.zipped)


# LibreOffice's program.
LIBREOFFICE = ("soffice", "libreoffice")
OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN, MACROS = "application/vnd.oasis.opendocument", "application/vnd.ms"
PROGRAMS = (
    *(".py", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue", ".svelte", ".css", ".scss", ".less"),
    *(".sql", ".java", ".kt", ".kts", ".scala", ".groovy", ".go", ".rs", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs"),
    *(".m", ".mm", ".swift", ".rb", ".php", ".pl", ".pm", ".lua", ".r", ".jl", ".hs", ".ex", ".exs", ".erl", ".clj"),
    *(".dart", ".vb", ".bas", ".f90", ".pas", ".sh", ".bash", ".zsh", ".fish", ".ps1", ".bat", ".cmd", ".awk"),
    *(".proto", ".graphql", ".tf", ".gradle", ".cmake", ".mk", ".diff", ".patch"),
)
SETTINGS = (
    *(".xml", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".log", ".jsonl", ".ndjson"),
    *(".geojson", ".xsd", ".xsl", ".wsdl", ".plist", ".reg", ".bib", ".text", ".nfo"),
)
# README, LICENSE, Makefile: recognised as text when they are read.
NO_ENDING = ""
FORMATS = {
    ".csv": FileFormat("documents.extraction.csv", "text/csv"),
    ".docx": FileFormat("documents.extraction.docx", f"{OFFICE}.wordprocessingml.document", ocr=True, zipped=True),
    ".eml": FileFormat("documents.extraction.mail", "message/rfc822", ocr=True, packed=True),
    ".gif": FileFormat("documents.extraction.picture", "image/gif", ocr=True, packed=True),
    ".htm": FileFormat("documents.extraction.html", "text/html"),
    ".html": FileFormat("documents.extraction.html", "text/html"),
    ".jpeg": FileFormat("documents.extraction.picture", "image/jpeg", ocr=True, packed=True),
    ".jpg": FileFormat("documents.extraction.picture", "image/jpeg", ocr=True, packed=True),
    ".json": FileFormat("documents.extraction.json", "application/json"),
    ".md": FileFormat("documents.extraction.markdown", "text/markdown", markdown=True),
    ".odt": FileFormat("documents.extraction.odt", "application/vnd.oasis.opendocument.text", zipped=True),
    ".pdf": FileFormat("documents.extraction.pdf", "application/pdf", ocr=True, packed=True),
    ".png": FileFormat("documents.extraction.picture", "image/png", ocr=True, packed=True),
    ".pptx": FileFormat("documents.extraction.pptx", f"{OFFICE}.presentationml.presentation", ocr=True, zipped=True),
    ".rst": FileFormat("documents.extraction.rst", "text/x-rst"),
    ".rtf": FileFormat("documents.extraction.rtf", "application/rtf"),
    ".tif": FileFormat("documents.extraction.picture", "image/tiff", ocr=True, packed=True),
    ".tiff": FileFormat("documents.extraction.picture", "image/tiff", ocr=True, packed=True),
    ".tsv": FileFormat("documents.extraction.csv", "text/tab-separated-values"),
    ".txt": FileFormat("documents.extraction.text", "text/plain"),
    ".webp": FileFormat("documents.extraction.picture", "image/webp", ocr=True, packed=True),
    ".xlsx": FileFormat("documents.extraction.xlsx", f"{OFFICE}.spreadsheetml.sheet", zipped=True),
    ".docm": FileFormat(
        "documents.extraction.docx", f"{MACROS}.word.document.macroEnabled.12", ocr=True, zipped=True, like=".docx"
    ),
    ".dotx": FileFormat(
        "documents.extraction.docx", f"{OFFICE}.wordprocessingml.template", ocr=True, zipped=True, like=".docx"
    ),
    ".pptm": FileFormat(
        "documents.extraction.pptx",
        f"{MACROS}.powerpoint.presentation.macroEnabled.12",
        ocr=True,
        zipped=True,
        like=".pptx",
    ),
    ".ppsx": FileFormat(
        "documents.extraction.pptx", f"{OFFICE}.presentationml.slideshow", ocr=True, zipped=True, like=".pptx"
    ),
    ".xlsm": FileFormat(
        "documents.extraction.xlsx", f"{MACROS}.excel.sheet.macroEnabled.12", zipped=True, like=".xlsx"
    ),
    ".odp": FileFormat("documents.extraction.odp", f"{OPEN}.presentation", zipped=True),
    ".ods": FileFormat("documents.extraction.ods", f"{OPEN}.spreadsheet", zipped=True),
    ".epub": FileFormat("documents.extraction.epub", "application/epub+zip", zipped=True),
    ".msg": FileFormat("documents.extraction.outlook", "application/vnd.ms-outlook", ocr=True, packed=True),
    ".mbox": FileFormat("documents.extraction.mbox", "application/mbox", ocr=True, packed=True),
    ".xls": FileFormat("documents.extraction.xls", "application/vnd.ms-excel", packed=True),
    ".ics": FileFormat("documents.extraction.calendars", "text/calendar"),
    ".ipynb": FileFormat("documents.extraction.notebook", "application/x-ipynb+json", markdown=True),
    ".srt": FileFormat("documents.extraction.subtitles", "application/x-subrip"),
    ".vtt": FileFormat("documents.extraction.subtitles", "text/vtt"),
    ".tex": FileFormat("documents.extraction.marked_text", "application/x-tex"),
    ".adoc": FileFormat("documents.extraction.marked_text", "text/asciidoc"),
    ".asciidoc": FileFormat("documents.extraction.marked_text", "text/asciidoc"),
    ".org": FileFormat("documents.extraction.marked_text", "text/org"),
    ".markdown": FileFormat("documents.extraction.markdown", "text/markdown", markdown=True),
    # Read by lines. All are served as text, so that no browser runs them.
    **{suffix: FileFormat("documents.extraction.code", "text/plain") for suffix in (*PROGRAMS, *SETTINGS, NO_ENDING)},
}
_WORD = FileFormat("documents.extraction.docx", "application/msword", ocr=True, packed=True, saved_as=".docx")
_SLIDES = FileFormat(
    "documents.extraction.pptx", "application/vnd.ms-powerpoint", ocr=True, packed=True, saved_as=".pptx"
)
# Read where LibreOffice is installed.
FORMATS |= {
    ".doc": _WORD,
    ".dot": replace(_WORD, like=".doc"),
    ".ppt": _SLIDES,
    ".pps": replace(_SLIDES, like=".ppt"),
    ".pot": replace(_SLIDES, like=".ppt"),
}
# Types that cannot be read, or not everywhere, each with the readable type that the same program saves.
SAVE_AS = {
    ".doc": ".docx",
    ".dot": ".docx",
    ".heic": ".jpg",
    ".heif": ".jpg",
    ".mhtml": ".html",
    ".ott": ".odt",
    ".pot": ".pptx",
    ".pps": ".pptx",
    ".ppt": ".pptx",
    ".xlsb": ".xlsx",
}
SAVE = gettext_noop("Open it in the program it was made with, save it as %(suffix)s, and upload that.")
SAVE_OR_INSTALL = gettext_noop(
    "Open it in the program it was made with, save it as %(suffix)s, and upload that. Or ask an admin to install "
    "LibreOffice on the server, which reads it."
)
THESE_CAN = gettext_noop("These can: %(types)s.")
TYPES = gettext_noop("%(suffixes)s, source code, settings and logs such as .py, .sql, .yaml, .xml and .log")


def libreoffice() -> str:
    """Return the path of LibreOffice's program; "" if it is not installed."""
    return next(filter(None, map(shutil.which, LIBREOFFICE)), "")


def is_readable(suffix: str) -> bool:
    """Return whether files with this suffix can be read here."""
    known = FORMATS.get(suffix)
    return known is not None and (not known.saved_as or bool(libreoffice()))


def readable_types() -> SentenceTemplate:
    """Return the suffixes as a person reads them: `.csv, .docx, …`; those of programs are not listed one by one."""
    named = sorted(filter(is_readable, FORMATS.keys() - {*PROGRAMS, *SETTINGS, NO_ENDING}))
    return said(TYPES, suffixes=", ".join(named))


def accepted() -> str:
    """Return what a page's field for files offers: the suffixes, and any text, also without an ending."""
    return ",".join([*(suffix for suffix in FORMATS if suffix and is_readable(suffix)), "text/plain"])


def advice(suffix: str) -> SentenceTemplate:
    """Return what to do with a file of a type that cannot be read."""
    if suffix in SAVE_AS:
        return said(SAVE_OR_INSTALL if suffix in FORMATS else SAVE, suffix=SAVE_AS[suffix])
    return said(THESE_CAN, types=readable_types())
