"""What every embedder has in common."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from langai_site.outbound.types import ReadPresent
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller

if TYPE_CHECKING:
    import numpy as np

# As the ledger keeps it where no person asked.
SEARCH = Caller(source="search")


class EmbedderUnavailableError(Exception):
    """The embedder cannot embed now: it is away, hurried, or damaged. Keywords go on finding."""


class Embedder(Protocol):
    """Turns texts into unit vectors. Safe to share between threads; not to be called from an event loop's."""

    @property
    def fingerprint(self) -> str:
        """Names the embedder and its dimension with `a-z`, `0-9` and `-`: vectors of two never mix."""

    @property
    def dimension(self) -> int: ...

    @property
    def ceiling(self) -> Sensitivity:
        """The highest label of a text that it may be given, as the settings are now."""

    @property
    def min_score(self) -> float:
        """The cosine similarity under which two texts have nothing to do with each other."""

    @property
    def languages(self) -> tuple[str, ...] | None:
        """Codes of the languages that it was made for; None: many. Its ranking of others counts for little."""

    def embed(
        self,
        texts: Sequence[str],
        label: Sensitivity,
        *,
        caller: Caller = SEARCH,
        read_present: ReadPresent | None = None,
    ) -> "np.ndarray":
        """Vectors in the order of `texts`, whose highest label is `label`; raises EmbedderUnavailableError.

        `read_present` says what the label is by the time a server is asked; without it the label cannot change.
        Never inside a transaction: it may wait for a server, and tells the ledger.
        """
