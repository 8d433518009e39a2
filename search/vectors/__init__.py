"""Comparing vectors: the protocol of the vector store, its errors, and the names in it.

A store keeps ids and vectors, no text. The database is the source of truth: whatever a store loses is restored from
the vectors kept beside the passages.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.utils.crypto import salted_hmac

from langai_site.outbound.endpoints import is_local
from langai_site.sensitivity import HIGHEST_FOR_HOSTED, Sensitivity

if TYPE_CHECKING:
    import numpy as np


class StoreUnavailableError(Exception):
    """The vector store does not answer, or not in time."""


class BrokenCollectionError(Exception):
    """The store answers, but has damaged this collection: drop it and fill it again."""


class VectorStore(Protocol):
    """A vector store. A collection that does not exist counts as empty; `upsert` creates it. Thread-safe."""

    def upsert(self, name: str, ids: Sequence[int], vectors: "np.ndarray") -> None: ...

    def query(self, name: str, vector: "np.ndarray", limit: int) -> list[tuple[int, float]]:
        """Return the nearest ids with their cosine similarity, nearest first."""

    def count(self, name: str) -> int: ...

    def ids(self, name: str) -> set[int]: ...

    def vectors(self, name: str, ids: Sequence[int]) -> "dict[int, np.ndarray]":
        """Return those of `ids` that exist, each with its vector."""

    def delete(self, name: str, ids: Sequence[int]) -> None: ...

    def drop(self, name: str) -> None: ...

    def names(self, prefix: str) -> list[str]:
        """Return the collections whose name begins with `prefix`."""

    def ping(self) -> None:
        """Raise StoreUnavailableError unless the store answers."""


def get_store() -> VectorStore | None:
    """Return the configured store; None if no address is set. Creating it does not connect."""
    url = _url()
    return _store(settings.VECTOR_STORE, url, settings.WEAVIATE_API_KEY, settings.WEAVIATE_GRPC_PORT) if url else None


def _url() -> str:
    """Return the store's address; if none is set, that of the Chroma that `manage.py run` started, while it runs."""
    if settings.VECTOR_STORE == "weaviate":
        return settings.WEAVIATE_URL
    if not settings.CHROMA_URL and settings.RUNNING_CHROMA.is_file():
        return settings.RUNNING_CHROMA.read_text()
    return settings.CHROMA_URL


def store_ceiling() -> Sensitivity:
    """Return the highest label of a text whose vector the store may hold: never confidential outside the building.

    A vector gives away much of its text.
    """
    url = _url()
    return Sensitivity.CONFIDENTIAL if not url or is_local(url) else HIGHEST_FOR_HOSTED


@lru_cache
def _store(kind: str, url: str, key: str, grpc_port: int) -> VectorStore:
    if kind == "weaviate":
        from search.vectors.weaviate import WeaviateStore

        return WeaviateStore(url, key, grpc_port)
    from search.vectors.chroma import ChromaStore

    return ChromaStore(url)


@lru_cache(maxsize=8)
def deployment_prefix(secret_key: str) -> str:
    """Return the prefix of this deployment's collections, so that several deployments can share a server."""
    digest = salted_hmac("search.vectors", "deployment", secret=secret_key, algorithm="sha256").hexdigest()
    return f"langai-{digest[:12]}-"


def collection_name(secret_key: str, collection_id: int, fingerprint: str) -> str:
    """Return the name of the store collection for a knowledge collection and an embedder.

    One for each pair: a query then needs no slow filter.
    """
    return f"{deployment_prefix(secret_key)}{collection_id}-{fingerprint}"


def packed(vector: "np.ndarray") -> bytes:
    """Return a vector as the database keeps it; half precision changes a cosine by less than 0.001."""
    return vector.astype("<f2").tobytes()


def unpacked(vectors: Iterable[bytes]) -> "np.ndarray":
    import numpy as np

    return np.stack([np.frombuffer(vector, "<f2") for vector in vectors]).astype(np.float32)
