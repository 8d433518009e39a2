"""Makes vectors of passages by one embedder or several, and reuses existing ones of the same text."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from django.db.models import Min

from langai_site.outbound.types import ReadPresent
from langai_site.sensitivity import Sensitivity
from search.embeddings import EmbedderUnavailableError, TextEmbedder
from search.embeddings.prepared import PreparedEmbedder
from search.models import PassageVector
from search.vectors import packed, unpacked

if TYPE_CHECKING:
    import numpy as np


# Local embedders compute beside the caller's. Two documents are read at the same time at most.
_beside = ThreadPoolExecutor(2, thread_name_prefix="embedder")


class EmbedderTexts:
    """Texts for one embedder, with the vectors of those that have some already; reads the database when it is made."""

    def __init__(self, embedder: TextEmbedder, texts: Sequence[str], digests: Sequence[str]) -> None:
        self.embedder, self._digests = embedder, digests
        self._known = _known(set(digests), embedder.fingerprint)
        pairs = zip(digests, texts, strict=True)
        self._new = {digest: text for digest, text in pairs if digest not in self._known}

    def embed(self, label: Sensitivity, read_present: ReadPresent) -> "np.ndarray":
        """Embed each new text once; return the vectors of all in their order. Raises EmbedderUnavailableError."""
        made = self.embedder.embed(list(self._new.values()), label, read_present=read_present)
        self._known |= {digest: packed(vector) for digest, vector in zip(self._new, made, strict=True)}
        return unpacked(self._known[digest] for digest in self._digests)


def vectors_of(
    texts: Sequence[str], digests: Sequence[str], embedder: TextEmbedder, label: Sensitivity, read_present: ReadPresent
) -> "np.ndarray":
    """Return vectors in the order of `texts`, each embedded once. Raises EmbedderUnavailableError.

    Must not be called inside a transaction. `read_present` returns the label of the texts at the time when a server is
    called.
    """
    return EmbedderTexts(embedder, texts, digests).embed(label, read_present)


def vectors_of_each(
    wanted: Sequence[EmbedderTexts], label: Sensitivity, read_present: ReadPresent
) -> "list[np.ndarray | EmbedderUnavailableError]":
    """Return the vectors by each embedder, or why it has none. Must not be called inside a transaction.

    Local embedders compute at the same time: a short document has too few passages to keep two cores busy with one.
    """
    beside = {
        place: _beside.submit(_tried, one, label, read_present)
        for place, one in enumerate(wanted)
        if place and isinstance(one.embedder, PreparedEmbedder)
    }
    here = {place: _tried(one, label, read_present) for place, one in enumerate(wanted) if place not in beside}
    return [here[place] if place in here else beside[place].result() for place in range(len(wanted))]


def _tried(
    one: EmbedderTexts, label: Sensitivity, read_present: ReadPresent
) -> "np.ndarray | EmbedderUnavailableError":
    try:
        return one.embed(label, read_present)
    except EmbedderUnavailableError as error:
        return error


def _known(digests: set[str], fingerprint: str) -> dict[str, bytes]:
    """Return the existing vectors of passages with the same text, one for each digest."""
    same = PassageVector.objects.filter(embedder=fingerprint, passage__digest__in=digests).order_by()
    firsts = same.values("passage__digest").annotate(first=Min("pk")).values_list("first", flat=True)
    found = PassageVector.objects.filter(pk__in=list(firsts)).values_list("passage__digest", "vector")
    return {digest: bytes(vector) for digest, vector in found}
