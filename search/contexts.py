"""The text of a passage as it is embedded and indexed: with the title and heading that it belongs to."""

import hashlib
import re

from search.models import Passage
from search.types import TextSpan

# Names that machines give to files: they say nothing about a document, and would stand in the way of what does.
_OPAQUE = re.compile(
    r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|(?=\w*\d)[0-9a-f]{12,}|[\d\W_]+|"
    r"(?:scan(?:ned)?|img|image|dsc[fn]?|pxl|pict?|photo|foto|bild|screenshot|screen shot|bildschirmfoto|doc|document|"
    r"dokument|file|datei|untitled|unbenannt|unnamed|new document|neues dokument|output|download|export|copy|tmp|fax|"
    r"whatsapp image|mvimg|vid|video|page|seite)(?:[\W_]*(?:at|um|\d|x|[ap]m|wa|copy|kopie))*[\W_]*",
    re.IGNORECASE,
)


def is_opaque(name: str) -> bool:
    """Return whether a title is only the name that a machine gave to a file: scan0001, IMG_1234, a hash."""
    return _OPAQUE.fullmatch(name.strip()) is not None


def in_context(title: str, span: TextSpan | Passage) -> str:
    """Return the text to embed for a passage. A passage alone often does not say what its document is about."""
    title = "" if is_opaque(title) else title
    return "\n".join(filter(None, (title, span.heading if span.heading != title else "", span.text)))


def names_of(file_name: str, folder: str = "") -> str:
    """Return the names by which people call a file, for the keyword index.

    They are its name with and without ending, its words, and the names of the folders it is in.
    """
    stem = file_name.rpartition(".")[0] or file_name
    folders = (name.replace("_", " ") for name in folder.split("/") if name)
    return "\n".join(dict.fromkeys((file_name, stem, stem.replace("_", " "), *folders)))


def digest_of(text: str) -> str:
    """Return the checksum that identifies an embedded text."""
    return hashlib.sha256(text.encode()).hexdigest()
