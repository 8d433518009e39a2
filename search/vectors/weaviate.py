"""Weaviate, with its official client.

Its collections have names of letters, digits and underscores that begin with a capital, and objects with a UUID whose
number is the passage's id. A collection holds only vectors, no properties.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from search.vectors import StoreUnavailableError

if TYPE_CHECKING:
    import numpy as np

Answer = TypeVar("Answer")

BATCH = 500
# A person waits for a query; a worker can wait longer for vectors to be written.
SECONDS, BULK_SECONDS = 3, 30
# After a failure, no call waits for a server that may hang until this time has passed.
PAUSE = 5.0
# As wide a search as in Chroma, so that similar passages are told apart.
WIDTH = 500


class WeaviateStore:
    """The store at `url`; `grpc_port` is the port where it answers gRPC, which queries and batches use."""

    def __init__(self, url: str, key: str, grpc_port: int) -> None:
        self._address, self._key, self._grpc_port = urlsplit(url), key, grpc_port
        self._client: Any = None
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._paused_until = 0.0

    def upsert(self, name: str, ids: Sequence[int], vectors: "np.ndarray") -> None:
        from weaviate.classes.data import DataObject

        with self._using_client() as client:
            self._make(client, name)
            data = client.collections.get(class_of(name)).data
            for first in range(0, len(ids), BATCH):
                batch = slice(first, first + BATCH)
                objects: list[DataObject[dict[str, Any], None]] = [
                    DataObject(properties={}, uuid=_uuid_of(pk), vector=vector.tolist())
                    for pk, vector in zip(ids[batch], vectors[batch], strict=True)
                ]
                if data.insert_many(objects).has_errors:
                    # Another process may have dropped the collection.
                    self._known.discard(name)
                    raise StoreUnavailableError("Weaviate did not take all vectors")

    def query(self, name: str, vector: "np.ndarray", limit: int) -> list[tuple[int, float]]:
        found: list[Any] = self._ask(name, partial(_nearest, vector=vector.tolist(), limit=limit), [])
        return [(each.uuid.int, 1.0 - each.metadata.distance) for each in found]

    def count(self, name: str) -> int:
        return self._ask(name, lambda collection: int(collection.aggregate.over_all(total_count=True).total_count), 0)

    def ids(self, name: str) -> set[int]:
        return self._ask(name, _all_ids, set())

    def vectors(self, name: str, ids: Sequence[int]) -> "dict[int, np.ndarray]":
        import numpy as np

        found: dict[int, np.ndarray] = {}
        for first in range(0, len(ids), BATCH):
            there: list[Any] = self._ask(name, partial(_with_vectors, ids=ids[first : first + BATCH]), [])
            for each in there:
                found[each.uuid.int] = np.array(each.vector["default"], dtype=np.float32)
        return found

    def delete(self, name: str, ids: Sequence[int]) -> None:
        for first in range(0, len(ids), BATCH):
            self._ask(name, partial(_deleted, ids=ids[first : first + BATCH]), None)

    def drop(self, name: str) -> None:
        with self._using_client() as client:
            self._known.discard(name)
            if client.collections.exists(class_of(name)):
                client.collections.delete(class_of(name))

    def names(self, prefix: str) -> list[str]:
        with self._using_client() as client:
            found = map(name_of, client.collections.list_all())
            return [name for name in found if name.startswith(prefix)]

    def ping(self) -> None:
        with self._using_client() as client:
            if not client.is_ready():
                raise StoreUnavailableError("Weaviate is not ready")

    def _ask(self, name: str, ask: Callable[[Any], Answer], nothing: Answer) -> Answer:
        """Return what `ask` gets from a collection; `nothing` if there is none of that name."""
        from weaviate.exceptions import WeaviateBaseError

        with self._using_client() as client:
            try:
                return ask(client.collections.get(class_of(name)))
            except WeaviateBaseError:
                if client.collections.exists(class_of(name)):
                    raise
                self._known.discard(name)
                return nothing

    def _make(self, client: Any, name: str) -> None:  # noqa: ANN401
        """Create the collection before its first object: otherwise Weaviate would create it with other settings."""
        from weaviate.classes.config import Configure, VectorDistances
        from weaviate.exceptions import UnexpectedStatusCodeError

        if name in self._known:
            return
        if not client.collections.exists(class_of(name)):
            graph = Configure.VectorIndex.hnsw(distance_metric=VectorDistances.COSINE, ef=WIDTH)
            try:
                client.collections.create(
                    class_of(name), vector_config=Configure.Vectors.self_provided(vector_index_config=graph)
                )
            except UnexpectedStatusCodeError:
                # Another worker was quicker.
                if not client.collections.exists(class_of(name)):
                    raise
        self._known.add(name)

    @contextmanager
    def _using_client(self) -> Iterator[Any]:
        """Yield the client; whatever it raises becomes StoreUnavailableError."""
        import grpc
        import httpx
        from weaviate.exceptions import WeaviateBaseError

        if time.monotonic() < self._paused_until:
            raise StoreUnavailableError("Weaviate did not answer a moment ago")
        try:
            yield self._connection()
        except (WeaviateBaseError, httpx.HTTPError, grpc.RpcError) as error:
            self._paused_until = time.monotonic() + PAUSE
            raise StoreUnavailableError(f"Weaviate does not answer ({type(error).__name__})") from error

    def _connection(self) -> Any:  # noqa: ANN401
        with self._lock:
            if self._client is None:
                client = self._new_client()
                client.connect()
                self._client = client
            return self._client

    def _new_client(self) -> Any:  # noqa: ANN401
        """Create a client that contacts only its server: without the checks at start it calls no package index."""
        from weaviate import WeaviateClient
        from weaviate.classes.init import AdditionalConfig, Auth, Timeout
        from weaviate.connect import ConnectionParams

        host, secure = self._address.hostname or "", self._address.scheme == "https"
        _past_proxies(host)
        return WeaviateClient(
            connection_params=ConnectionParams.from_params(
                http_host=host,
                http_port=self._address.port or (443 if secure else 80),
                http_secure=secure,
                grpc_host=host,
                grpc_port=self._grpc_port,
                grpc_secure=secure,
            ),
            auth_client_secret=Auth.api_key(self._key) if self._key else None,
            additional_config=AdditionalConfig(timeout=Timeout(init=SECONDS, query=SECONDS, insert=BULK_SECONDS)),
            skip_init_checks=True,
        )


def _nearest(collection: Any, vector: list[float], limit: int) -> list[Any]:  # noqa: ANN401
    from weaviate.classes.query import MetadataQuery

    distance = MetadataQuery(distance=True)
    found = collection.query.near_vector(vector, limit=limit, return_metadata=distance, return_properties=[])
    return list(found.objects)


def _all_ids(collection: Any) -> set[int]:  # noqa: ANN401
    return {each.uuid.int for each in collection.iterator(return_properties=[])}


def _with_vectors(collection: Any, ids: Sequence[int]) -> list[Any]:  # noqa: ANN401
    found = collection.query.fetch_objects_by_ids(
        map(_uuid_of, ids), limit=len(ids), include_vector=True, return_properties=[]
    )
    return list(found.objects)


def _deleted(collection: Any, ids: Sequence[int]) -> None:  # noqa: ANN401
    from weaviate.classes.query import Filter

    collection.data.delete_many(where=Filter.by_id().contains_any([str(_uuid_of(pk)) for pk in ids]))


def class_of(name: str) -> str:
    """Return the class of a collection: langai-1f2e-7-minilm -> Langai_1f2e_7_minilm"""
    return name[0].upper() + name[1:].replace("-", "_")


def name_of(class_name: str) -> str:
    """Return the collection of a class. That is unambiguous: no name of ours has an underscore or a capital."""
    return class_name[0].lower() + class_name[1:].replace("_", "-")


def _uuid_of(pk: int) -> UUID:
    return UUID(int=pk)


def _past_proxies(host: str) -> None:
    """Exempt the host from proxies: gRPC reads them from the environment, whatever its client is configured to do."""
    excepted = os.environ.get("no_grpc_proxy") or os.environ.get("no_proxy") or ""  # noqa: SIM112
    if host not in excepted.split(","):
        os.environ["no_grpc_proxy"] = ",".join(filter(None, (excepted, host)))  # noqa: SIM112
