"""The text of a passage as it is embedded and indexed: with the title and heading that it belongs to."""

import hashlib

from search.models import Passage
from search.types import TextSpan


def in_context(title: str, span: TextSpan | Passage) -> str:
    """Return the text to embed for a passage. A passage alone often does not say what its document is about."""
    return "\n".join(filter(None, (title, span.heading if span.heading != title else "", span.text)))


def names_of(file_name: str) -> str:
    """Return the names by which people call a file, for the keyword index: with and without ending, and its words."""
    stem = file_name.rpartition(".")[0] or file_name
    return "\n".join(dict.fromkeys((file_name, stem, stem.replace("_", " "))))


def digest_of(text: str) -> str:
    """Return the checksum that identifies an embedded text."""
    return hashlib.sha256(text.encode()).hexdigest()
