"""Texts to vectors: by MiniLM in the building, or by another embedder through outbound.

Which embedders' vectors are searched for a reader is `search.indexes.queried`.
"""

from search.embeddings.choice import by_fingerprint, configured, configured_ceiling, embedder_for, find_configured
from search.embeddings.local import FINGERPRINT, local_embedder, prepare, tokenizer_path
from search.embeddings.types import SEARCH, Embedder, EmbedderUnavailableError

__all__ = [
    "FINGERPRINT",
    "SEARCH",
    "Embedder",
    "EmbedderUnavailableError",
    "by_fingerprint",
    "configured",
    "configured_ceiling",
    "embedder_for",
    "find_configured",
    "local_embedder",
    "prepare",
    "tokenizer_path",
]
