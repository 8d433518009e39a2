"""Chroma over its HTTP API.

chromadb's own client is not used: it waits without a timeout, sends loopback calls through a proxy named in the
environment, and costs each process half a second of import and 55 MB. Nor is httpx: a call of it takes a millisecond
of processor time, and a question makes one for each collection.
"""

import json
import threading
import time
from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

from search.vectors import BrokenCollectionError, StoreUnavailableError

if TYPE_CHECKING:
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


class _MissingError(Exception):
    """There is no collection of that name or id."""


class _Response(NamedTuple):
    status: int
    body: bytes

    @property
    def beginning(self) -> str:
        return self.body[:300].decode(errors="replace")


class _Connection(threading.local):
    """The connection of each thread, which stays open between calls."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.path = parts.path.rstrip("/")
        # Without a port, http.client would take the end of an IPv6 address for one.
        self._connection = kind(parts.hostname or "", parts.port or kind.default_port)
        self._headers = {"Content-Type": "application/json"} | _authorization(parts)

    @property
    def is_open(self) -> bool:
        """Return whether the connection of an earlier call is kept."""
        return self._connection.sock is not None

    def send(self, method: str, path: str, body: bytes | None, seconds: float) -> _Response:
        """Send a request. Raises OSError or HTTPException; the next request then opens a new connection."""
        self._connection.timeout = seconds
        if self._connection.sock:
            self._connection.sock.settimeout(seconds)
        try:
            self._connection.request(method, self.path + path, body, self._headers)
            response = self._connection.getresponse()
            return _Response(response.status, response.read())
        except BaseException:
            self._connection.close()
            raise


def _authorization(parts: SplitResult) -> dict[str, str]:
    """Return the header for a name and password in the address, which a server in front of Chroma may ask for."""
    if not parts.username:
        return {}
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}


class ChromaStore:
    def __init__(self, url: str) -> None:
        self._connection = _Connection(url)
        self._ids: dict[str, str] = {}
        self._paused_until = 0.0

    def upsert(self, name: str, ids: Sequence[int], vectors: "np.ndarray") -> None:
        for first in range(0, len(ids), BATCH):
            batch = slice(first, first + BATCH)
            body = {"ids": [str(i) for i in ids[batch]], "embeddings": vectors[batch].tolist()}
            self._of_collection("POST", name, "upsert", body, seconds=BULK_SECONDS, create=True)

    def query(self, name: str, vector: "np.ndarray", limit: int) -> list[tuple[int, float]]:
        found = self._of_collection("POST", name, "query", _question(vector.astype("<f4").tobytes(), limit))
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
        except _MissingError:
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
        body: dict[str, Any] | bytes | None = None,
        *,
        seconds: float = SECONDS,
        create: bool = False,
    ) -> Any:  # noqa: ANN401
        """Call one action of a collection. None if there is none; an id from before a rebuild is looked up again."""
        for _attempt in range(2):
            try:
                path = f"{API}/{self._id(name, create=create)}/{action}"
                return self._request(method, path, body, seconds=seconds)
            except _MissingError:
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

    def _request(
        self, method: str, path: str, body: dict[str, Any] | bytes | None = None, *, seconds: float = SECONDS
    ) -> Any:  # noqa: ANN401
        if time.monotonic() < self._paused_until:
            raise StoreUnavailableError("Chroma does not answer")
        try:
            response = self._send(method, path, _encoded(body), seconds)
        except TimeoutError as error:
            self._paused_until = time.monotonic() + PAUSE
            raise StoreUnavailableError(f"Chroma does not answer within {seconds:.0f} s") from error
        except (OSError, HTTPException) as error:
            raise StoreUnavailableError(f"Chroma is not reachable ({type(error).__name__})") from error
        return _answer(response)

    def _send(self, method: str, path: str, body: bytes | None, seconds: float) -> _Response:
        """Send a request; retry if a restarted Chroma has closed the kept connection. Every call here is repeatable."""
        was_open = self._connection.is_open
        try:
            return self._connection.send(method, path, body, seconds)
        except (OSError, HTTPException) as error:
            # TLS has errors of its own for a connection that was closed.
            if isinstance(error, TimeoutError) or not was_open:
                raise
            return self._connection.send(method, path, body, seconds)


def _encoded(body: dict[str, Any] | bytes | None) -> bytes | None:
    return json.dumps(body).encode() if isinstance(body, dict) else body


@lru_cache(maxsize=16)
def _question(vector: bytes, limit: int) -> bytes:
    """Return the body of a query, made once for all collections."""
    import numpy as np

    embedding = np.frombuffer(vector, "<f4").tolist()
    return json.dumps({"query_embeddings": [embedding], "n_results": limit, "include": ["distances"]}).encode()


def _answer(response: _Response) -> Any:  # noqa: ANN401
    if response.status == 404:
        raise _MissingError
    if response.status == 500:
        raise BrokenCollectionError(response.beginning)
    if not 200 <= response.status < 300:
        raise StoreUnavailableError(f"Chroma refused with status {response.status}: {response.beginning}")
    try:
        return json.loads(response.body)
    except ValueError as error:
        raise StoreUnavailableError("what answers is not Chroma") from error
