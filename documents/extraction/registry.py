"""Which file types can be read, and by which module. A new type is one module here and one line."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """`module` has `extract(path: Path, limits: Limits) -> Extracted`; only the extraction process imports it."""

    module: str
    media_type: str
    markdown: bool = False


FORMATS = {
    ".txt": Format("documents.extraction.text", "text/plain"),
    ".md": Format("documents.extraction.markdown", "text/markdown", markdown=True),
    ".html": Format("documents.extraction.html", "text/html"),
    ".htm": Format("documents.extraction.html", "text/html"),
    ".pdf": Format("documents.extraction.pdf", "application/pdf"),
}


def readable_types() -> str:
    """The suffixes as a person reads them: `.txt, .md, …`."""
    return ", ".join(sorted(FORMATS))
