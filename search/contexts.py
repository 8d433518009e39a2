"""The text of a passage as it is embedded and indexed: with the title and heading that it belongs to."""

import hashlib

from search.models import Passage
from search.types import TextSpan


def in_context(title: str, span: TextSpan | Passage) -> str:
    """Return the text to embed for a passage. A passage alone often does not say what its document is about."""
    return "\n".join(filter(None, (title, span.heading if span.heading != title else "", span.text)))


def digest_of(text: str) -> str:
    """Return the checksum that identifies an embedded text."""
    return hashlib.sha256(text.encode()).hexdigest()
