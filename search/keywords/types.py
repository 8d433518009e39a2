"""Pure: what the keyword index is given."""

from typing import NamedTuple


class KeywordText(NamedTuple):
    """A passage to index: its `in_context` text, and the names of its file (`names_of`)."""

    passage_id: int
    collection_id: int
    text: str
    names: str = ""
