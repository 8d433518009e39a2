"""The interface that every embedder has."""

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from langai_site.outbound.types import ReadPresent
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller

if TYPE_CHECKING:
    import numpy as np

# The caller in the ledger when no person asked.
SEARCH = Caller(source="search")


class Use(Enum):
    """What a text is embedded for. Some models were trained to tell a question from a passage that answers it."""

    QUESTION, PASSAGE = "question", "passage"


class EmbedderUnavailableError(Exception):
    """The embedder cannot embed now: it is unreachable, rate limited or damaged. Search by words still works."""


class TextEmbedder(Protocol):
    """Turns texts into unit vectors. Thread-safe; must not be called in an event loop's thread."""

    @property
    def fingerprint(self) -> str:
        """Return a name for the embedder and its dimension, of `a-z`, `0-9` and `-`: vectors of two never mix."""

    @property
    def dimension(self) -> int: ...

    @property
    def ceiling(self) -> Sensitivity:
        """Return the highest label of a text that it may be given, according to the current settings."""

    @property
    def min_score(self) -> float:
        """Return the cosine similarity below which two texts are unrelated."""

    @property
    def languages(self) -> tuple[str, ...] | None:
        """Return the codes of the languages that it was made for; None: many. Its ranking of others counts little."""

    def embed(
        self,
        texts: Sequence[str],
        label: Sensitivity,
        *,
        caller: Caller = SEARCH,
        read_present: ReadPresent | None = None,
        use: Use = Use.PASSAGE,
    ) -> "np.ndarray":
        """Return vectors in the order of `texts`, whose highest label is `label`; raises EmbedderUnavailableError.

        `read_present` returns the label at the time when a server is called; without it the label cannot change.
        Must not be called inside a transaction: it may wait for a server, and writes to the ledger.
        """
