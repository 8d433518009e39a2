"""Lists the file types that can be read, and their modules. A new type needs one module here and one line."""

from dataclasses import dataclass


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

    @property
    def encoded(self) -> bool:
        """Return whether its text can be in different encodings."""
        return not (self.packed or self.zipped)


OFFICE = "application/vnd.openxmlformats-officedocument"
FORMATS = {
    ".csv": FileFormat("documents.extraction.csv", "text/csv"),
    ".docx": FileFormat("documents.extraction.docx", f"{OFFICE}.wordprocessingml.document", ocr=True, zipped=True),
    ".eml": FileFormat("documents.extraction.mail", "message/rfc822", ocr=True, packed=True),
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
}
# Types that cannot be read, each with the readable type that the same program saves.
SAVE_AS = {
    ".doc": ".docx",
    ".docm": ".docx",
    ".dot": ".docx",
    ".dotx": ".docx",
    ".markdown": ".md",
    ".mhtml": ".html",
    ".msg": ".eml",
    ".odp": ".pptx",
    ".ods": ".xlsx",
    ".ott": ".odt",
    ".pot": ".pptx",
    ".pps": ".pptx",
    ".ppsx": ".pptx",
    ".ppt": ".pptx",
    ".pptm": ".pptx",
    ".xls": ".xlsx",
    ".xlsb": ".xlsx",
    ".xlsm": ".xlsx",
}


def readable_types() -> str:
    """Return the suffixes as a person reads them: `.csv, .docx, …`."""
    return ", ".join(sorted(FORMATS))


def advice(suffix: str) -> str:
    """Return what to do with a file of a type that cannot be read."""
    if suffix in SAVE_AS:
        return f"Open it in the program it was made with, save it as {SAVE_AS[suffix]}, and upload that."
    return f"These can: {readable_types()}."
