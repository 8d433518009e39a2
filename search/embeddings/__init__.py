"""Turns texts into vectors: with the two local models, or with another embedder through outbound.

`search.indexes.queried` decides which embedders' vectors are searched for a reader.
"""

from pathlib import Path

from search.embeddings import local, multilingual
from search.embeddings.choice import (
    LOCAL_FINGERPRINTS,
    by_fingerprint,
    companion_of,
    configured,
    configured_ceiling,
    embedder_for,
    find_configured,
    is_local,
    is_multilingual_wanted,
    local_embedder,
    missing_local,
)
from search.embeddings.local import english_embedder, tokenizer_path
from search.embeddings.multilingual import multilingual_embedder
from search.embeddings.types import SEARCH, EmbedderUnavailableError, TextEmbedder, Use

__all__ = [
    "LOCAL_FINGERPRINTS",
    "SEARCH",
    "EmbedderUnavailableError",
    "TextEmbedder",
    "Use",
    "by_fingerprint",
    "companion_of",
    "configured",
    "configured_ceiling",
    "embedder_for",
    "english_embedder",
    "find_configured",
    "is_local",
    "is_multilingual_wanted",
    "local_embedder",
    "missing_local",
    "multilingual_embedder",
    "prepare",
    "tokenizer_path",
]


def prepare(model_dir: Path) -> str:
    """Build the wanted local models once. Returns "", or lines that explain what search by meaning does without."""
    wanted = (local, multilingual) if is_multilingual_wanted() else (local,)
    return "\n".join(filter(None, (each.prepare(model_dir) for each in wanted)))
