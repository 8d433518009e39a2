"""Makes vectors of passages by one embedder, and reuses existing ones of the same text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import Min

from langai_site.outbound.types import ReadPresent
from langai_site.sensitivity import Sensitivity
from search.embeddings import TextEmbedder
from search.models import PassageVector
from search.vectors import packed, unpacked

if TYPE_CHECKING:
    import numpy as np


def vectors_of(
    texts: Sequence[str], digests: Sequence[str], embedder: TextEmbedder, label: Sensitivity, read_present: ReadPresent
) -> "np.ndarray":
    """Return vectors in the order of `texts`, each embedded once. Raises EmbedderUnavailableError.

    Must not be called inside a transaction. `read_present` returns the label of the texts at the time when a server is
    called.
    """
    known = _known(set(digests), embedder.fingerprint)
    new = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
    made = embedder.embed(list(new.values()), label, read_present=read_present)
    known |= {digest: packed(vector) for digest, vector in zip(new, made, strict=True)}
    return unpacked(known[digest] for digest in digests)


def _known(digests: set[str], fingerprint: str) -> dict[str, bytes]:
    """Return the existing vectors of passages with the same text, one for each digest."""
    same = PassageVector.objects.filter(embedder=fingerprint, passage__digest__in=digests).order_by()
    firsts = same.values("passage__digest").annotate(first=Min("pk")).values_list("first", flat=True)
    found = PassageVector.objects.filter(pk__in=list(firsts)).values_list("passage__digest", "vector")
    return {digest: bytes(vector) for digest, vector in found}
