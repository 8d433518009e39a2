"""Search's verbs: index a document, remove it, find passages, show one in its page."""

from search.services.excerpts import excerpt
from search.services.finding import find
from search.services.indexing import index, remove

__all__ = ["excerpt", "find", "index", "remove"]
