"""Search's services: index a document, remove it, find passages, show a passage in its page."""

from search.services.excerpts import documents_of, excerpt, open_page, readable_of
from search.services.finding import find, find_for_prompt, label_of
from search.services.indexing import index, passages_of, remove
from search.services.moving import hide, move, show
from search.services.relabelling import relabel

__all__ = [
    "documents_of",
    "excerpt",
    "find",
    "find_for_prompt",
    "hide",
    "index",
    "label_of",
    "move",
    "open_page",
    "passages_of",
    "readable_of",
    "relabel",
    "remove",
    "show",
]
