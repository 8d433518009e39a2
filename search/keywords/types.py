"""Pure: what the keyword index is given, and what it reads before a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class KeywordText(NamedTuple):
    """A passage to index: its `in_context` text, and the names of its file (`names_of`)."""

    passage_id: int
    collection_id: int
    text: str
    names: str = ""


@dataclass(frozen=True)
class KeywordScope:
    """The scope of a question. `passages` counts the whole index, `share` is the part of it in the collections.

    `languages` are those of the collections' passages, the most frequent first; "" if some are in none that is clear.
    `others` are further collections in the index, if the database needs them to leave them out.
    """

    collections: Sequence[int]
    passages: int
    share: float
    languages: Sequence[str]
    others: Sequence[int] = ()
