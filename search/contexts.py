"""What is embedded and looked up of a passage: its text with what it belongs to."""

import hashlib

from search.models import Passage
from search.types import TextSpan


def in_context(title: str, span: TextSpan | Passage) -> str:
    """What is embedded of a passage: a piece of a document often does not say what the document is about."""
    return "\n".join(filter(None, (title, span.heading if span.heading != title else "", span.text)))


def digest_of(text: str) -> str:
    """What an embedded text is recognised by."""
    return hashlib.sha256(text.encode()).hexdigest()
