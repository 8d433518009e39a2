"""A cache of the vectors of recent questions, so that nothing is embedded twice; confidential ones are not cached.

Each person has separate entries unless CACHE_SHARED says otherwise.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import caches as stores

from langai_site.database import caches
from langai_site.outbound.types import ReadPresent
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.embeddings import local, multilingual
from search.embeddings.types import TextEmbedder, Use

if TYPE_CHECKING:
    import numpy as np

KIND = "vectors"


def embedded(
    embedder: TextEmbedder,
    texts: Sequence[str],
    label: Sensitivity,
    caller: Caller,
    *,
    person: int | None,
    read_present: ReadPresent | None = None,
    is_cached: bool = True,
) -> "np.ndarray":
    """Return `embedder.embed` for a person's questions, which they may repeat; cached texts cost nothing.

    Without `is_cached` the cache is neither read nor written.
    """
    import numpy as np

    def embed(new: Sequence[str]) -> "np.ndarray":
        return embedder.embed(new, label, caller=caller, read_present=read_present, use=Use.QUESTION)

    if not (texts and is_cached and settings.CACHE_TTL) or label >= Sensitivity.CONFIDENTIAL:
        return embed(texts)
    people = caches.people(person)
    names = {text: caches.keyed_name(KIND, [embedder.fingerprint, text, people]) for text in texts}
    known = _known(embedder, list(names.values()))
    missing = [text for text, name in names.items() if name not in known]
    if missing:
        new = dict(zip((names[text] for text in missing), embed(missing), strict=True))
        _remember(embedder, new)
        known |= new
    return np.stack([known[names[text]] for text in texts])


def _known(embedder: TextEmbedder, names: Sequence[str]) -> "dict[str, np.ndarray]":
    import numpy as np

    kept = _call(embedder, "get_many", names) or {}
    opened = {name: caches.opened(KIND, value) for name, value in kept.items()}
    return {name: np.frombuffer(value, dtype=np.float32) for name, value in opened.items() if value}


def _remember(embedder: TextEmbedder, vectors: "Mapping[str, np.ndarray]") -> None:
    kept = {name: caches.sealed(KIND, vector.astype("float32").tobytes()) for name, vector in vectors.items()}
    _call(embedder, "set_many", kept, settings.CACHE_TTL)


def _call(embedder: TextEmbedder, method: str, *args: object) -> Any:  # noqa: ANN401 - what the cache's method returns
    """Call the process's own cache for vectors made on this machine, and the shared cache for those of servers."""
    if embedder.fingerprint in (local.FINGERPRINT, multilingual.FINGERPRINT):
        return getattr(stores["vectors"], method)(*args)
    return caches.tried_now("answers", method, *args)
