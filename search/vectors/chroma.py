"""Chroma over its HTTP API.

chromadb's own client is not used: it waits without a timeout, sends loopback calls through a proxy named in the
environment, and costs each process half a second of import and 55 MB.
"""

import json
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from search.vectors import BrokenCollectionError, StoreUnavailableError

if TYPE_CHECKING:
    import httpx
    import numpy as np

API = "/api/v2/tenants/default_tenant/databases/default_database/collections"
BATCH = 1000
# A person waits for these; a worker can wait longer for the others.
SECONDS, BULK_SECONDS = 3.0, 30.0
# After a timeout, no call waits for a hung server until this time has passed.
PAUSE = 5.0
# Chroma's default search width (100) misses passages among many similar ones, as in forms and logs: the second nearest
# of 400, two times in five. This width costs a few milliseconds and missed none.
COSINE = {"hnsw": {"space": "cosine", "ef_search": 500}}


class _Missing(Exception):
    """There is no collection of that name or id."""


class ChromaStore:
    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()
        self._ids: dict[str, str] = {}
        self._paused_until = 0.0

    def upsert(self, name: str, ids: Sequence[int], vectors: "np.ndarray") -> None:
        for first in range(0, len(ids), BATCH):
            batch = slice(first, first + BATCH)
            body = {"ids": [str(i) for i in ids[batch]], "embeddings": vectors[batch].tolist()}
            self._of_collection("POST", name, "upsert", body, seconds=BULK_SECONDS, create=True)

    def query(self, name: str, vector: "np.ndarray", limit: int) -> list[tuple[int, float]]:
        body = {"query_embeddings": [vector.tolist()], "n_results": limit, "include": ["distances"]}
        found = self._of_collection("POST", name, "query", body)
        if not found:
            return []
        return [(int(i), 1.0 - distance) for i, distance in zip(found["ids"][0], found["distances"][0], strict=True)]

    def count(self, name: str) -> int:
        return int(self._of_collection("GET", name, "count") or 0)

    def ids(self, name: str) -> set[int]:
        found = self._of_collection("POST", name, "get", {"include": []}, seconds=BULK_SECONDS)
        return {int(i) for i in found["ids"]} if found else set()

    def vectors(self, name: str, ids: Sequence[int]) -> "dict[int, np.ndarray]":
        import numpy as np

        found: dict[int, np.ndarray] = {}
        for first in range(0, len(ids), BATCH):
            body = {"ids": [str(i) for i in ids[first : first + BATCH]], "include": ["embeddings"]}
            answer = self._of_collection("POST", name, "get", body, seconds=BULK_SECONDS) or {"ids": []}
            for pk, vector in zip(answer["ids"], answer.get("embeddings") or [], strict=True):
                found[int(pk)] = np.array(vector, dtype=np.float32)
        return found

    def delete(self, name: str, ids: Sequence[int]) -> None:
        for first in range(0, len(ids), BATCH):
            body = {"ids": [str(i) for i in ids[first : first + BATCH]]}
            self._of_collection("POST", name, "delete", body, seconds=BULK_SECONDS)

    def drop(self, name: str) -> None:
        self._ids.pop(name, None)
        try:
            self._request("DELETE", f"{API}/{quote(name)}", seconds=BULK_SECONDS)
        except _Missing:
            return

    def names(self, prefix: str) -> list[str]:
        return [row["name"] for row in self._request("GET", API) if row["name"].startswith(prefix)]

    def ping(self) -> None:
        self._request("GET", "/api/v2/heartbeat")

    def _of_collection(
        self,
        method: str,
        name: str,
        action: str,
        body: dict[str, Any] | None = None,
        *,
        seconds: float = SECONDS,
        create: bool = False,
    ) -> Any:  # noqa: ANN401
        """Call one action of a collection. None if there is none; an id from before a rebuild is looked up again."""
        for _attempt in range(2):
            try:
                path = f"{API}/{self._id(name, create=create)}/{action}"
                return self._request(method, path, body, seconds=seconds)
            except _Missing:
                if self._ids.pop(name, None) is None:
                    return None
        return None

    def _id(self, name: str, *, create: bool) -> str:
        if name not in self._ids:
            if create:
                body = {"name": name, "get_or_create": True, "configuration": COSINE}
                row = self._request("POST", API, body, seconds=BULK_SECONDS)
            else:
                row = self._request("GET", f"{API}/{quote(name)}")
            self._ids[name] = row["id"]
        return self._ids[name]

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None, *, seconds: float = SECONDS) -> Any:  # noqa: ANN401
        import httpx

        if time.monotonic() < self._paused_until:
            raise StoreUnavailableError("Chroma does not answer")
        try:
            response = self._send(method, self._url + path, body, seconds)
        except httpx.TimeoutException as error:
            self._paused_until = time.monotonic() + PAUSE
            raise StoreUnavailableError(f"Chroma does not answer within {seconds:.0f} s") from error
        except httpx.HTTPError as error:
            raise StoreUnavailableError(f"Chroma is not reachable ({type(error).__name__})") from error
        return _answer(response)

    def _send(self, method: str, url: str, body: dict[str, Any] | None, seconds: float) -> "httpx.Response":
        """Send a request; retry if a restarted Chroma has closed the kept connection. Every call here is repeatable."""
        import httpx

        client = self._pool()
        try:
            return client.request(method, url, json=body, timeout=seconds)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            return client.request(method, url, json=body, timeout=seconds)

    def _pool(self) -> "httpx.Client":
        import httpx

        with self._lock:
            if self._client is None:
                self._client = httpx.Client(trust_env=False)
            return self._client


def _answer(response: "httpx.Response") -> Any:  # noqa: ANN401
    if response.status_code == 404:
        raise _Missing
    if response.status_code == 500:
        raise BrokenCollectionError(response.text[:300])
    if not response.is_success:
        raise StoreUnavailableError(f"Chroma refused with status {response.status_code}: {response.text[:300]}")
    try:
        return json.loads(response.content)
    except ValueError as error:
        raise StoreUnavailableError("what answers is not Chroma") from error
