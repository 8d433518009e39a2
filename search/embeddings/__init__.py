"""Turns texts into vectors: with the local MiniLM, or with another embedder through outbound.

`search.indexes.queried` decides which embedders' vectors are searched for a reader.
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
