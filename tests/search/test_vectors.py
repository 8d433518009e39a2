"""What every vector store does. Each runs on a real server of it; Weaviate's only where WEAVIATE_URL names one."""

import os
import re
import signal
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from search.vectors import (
    BrokenCollectionError,
    StoreUnavailableError,
    _store,
    collection_name,
    deployment_prefix,
    get_store,
)
from search.vectors.chroma import ChromaStore
from search.vectors.weaviate import WeaviateStore, class_of, name_of
from tests.servers import Chroma, free_port

NAME = "langai-test-1-minilm"
VECTORS = np.eye(4, 384, dtype=np.float32)


@pytest.fixture(params=["chroma", "weaviate"])
def fresh(request, settings):
    """Makes a client of a store that knows nothing yet, as a new process would."""
    settings.VECTOR_STORE = request.param
    if request.param == "chroma":
        settings.CHROMA_URL = request.getfixturevalue("chroma_server").url
    elif not os.environ.get("WEAVIATE_URL"):
        pytest.skip("WEAVIATE_URL names no Weaviate server")

    def fresh():
        _store.cache_clear()
        return get_store()

    return fresh


@pytest.fixture
def any_store(fresh):
    store = fresh()
    store.drop(NAME)
    yield store
    store.drop(NAME)


def test_the_nearest_come_first_with_their_cosine(any_store):
    any_store.upsert(NAME, [10, 11, 12, 13], VECTORS)
    query = (VECTORS[1] * 0.8 + VECTORS[2] * 0.6).astype(np.float32)
    found = any_store.query(NAME, query, 2)
    assert [pk for pk, _ in found] == [11, 12]
    assert [score for _, score in found] == pytest.approx([0.8, 0.6], abs=1e-5)


def test_storing_an_id_again_replaces_its_vector(any_store):
    any_store.upsert(NAME, [10], VECTORS[:1])
    any_store.upsert(NAME, [10], VECTORS[1:2])
    assert any_store.count(NAME) == 1
    assert any_store.query(NAME, VECTORS[1], 5) == [(10, pytest.approx(1.0))]


def test_more_vectors_than_a_batch_are_all_stored(any_store):
    any_store.upsert(NAME, list(range(2100)), np.random.default_rng(1).normal(size=(2100, 384)).astype(np.float32))
    assert any_store.count(NAME) == 2100
    assert any_store.ids(NAME) == set(range(2100))


def test_vectors_come_back_as_they_were_stored(any_store):
    any_store.upsert(NAME, [1, 2], VECTORS[:2])
    found = any_store.vectors(NAME, [1, 2, 99])
    assert set(found) == {1, 2}
    np.testing.assert_allclose(found[2], VECTORS[1], atol=1e-6)


def test_collections_are_listed_by_what_their_names_begin_with(any_store):
    any_store.upsert(NAME, [1], VECTORS[:1])
    assert any_store.names("langai-test-1-") == [NAME]
    assert any_store.names("langai-test-2-") == []


def test_deleted_ids_are_gone_and_unknown_ones_do_no_harm(any_store):
    any_store.upsert(NAME, [1, 2], VECTORS[:2])
    any_store.delete(NAME, [1, 99])
    any_store.delete(NAME, [])
    assert any_store.ids(NAME) == {2}


def test_a_collection_that_is_not_there_is_empty(any_store):
    assert any_store.count("langai-absent") == 0
    assert any_store.query("langai-absent", VECTORS[0], 3) == []
    assert any_store.ids("langai-absent") == set()
    assert any_store.vectors("langai-absent", [1]) == {}
    any_store.delete("langai-absent", [1])
    any_store.drop("langai-absent")


def test_a_collection_that_somebody_else_dropped_is_made_again(any_store, fresh):
    any_store.upsert(NAME, [1], VECTORS[:1])
    fresh().drop(NAME)
    assert any_store.query(NAME, VECTORS[0], 3) == []
    any_store.upsert(NAME, [2], VECTORS[:1])
    assert any_store.ids(NAME) == {2}


def test_a_store_that_was_restarted_is_used_again(tmp_path):
    server = Chroma(tmp_path).start()
    store = ChromaStore(server.url)
    store.upsert(NAME, [1], VECTORS[:1])
    server.stop(signal.SIGTERM)
    with pytest.raises(StoreUnavailableError):
        store.query(NAME, VECTORS[0], 1)
    server.start()
    assert store.query(NAME, VECTORS[0], 1) == [(1, pytest.approx(1.0))]
    server.stop()


def test_an_unreachable_store_is_told_at_once():
    store = ChromaStore(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreUnavailableError):
        store.ping()


def test_an_unreachable_weaviate_is_told_at_once():
    pytest.importorskip("weaviate")
    store = WeaviateStore(f"http://127.0.0.1:{free_port()}", "", free_port())
    with pytest.raises(StoreUnavailableError):
        store.ping()


def test_names_are_the_same_again_after_weaviate_had_them_its_own_way():
    for fingerprint in ("minilm-l6-v2-53aa5117", "openai-text-embedding-3-small-1536-1f2e3d4c"):
        name = collection_name("a key", 17, fingerprint)
        assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,255}", class_of(name))
        assert name_of(class_of(name)) == name


def waited(store) -> float:
    """The seconds until a query of a store that does not answer is given up."""
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        store.query(NAME, VECTORS[0], 1)
    return time.monotonic() - started


def test_a_hung_store_is_waited_for_once():
    with socket.create_server(("127.0.0.1", 0)) as hung:
        store = ChromaStore(f"http://127.0.0.1:{hung.getsockname()[1]}")
        first, *others = [waited(store) for _ in range(3)]
        assert sum(others) < first


@contextmanager
def answering(status, body):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield ChromaStore(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (500, b'{"error":"InternalError","message":"Error executing plan"}', BrokenCollectionError),
        (503, b"", StoreUnavailableError),
        (401, b"{}", StoreUnavailableError),
        (200, b"<html>another server</html>", StoreUnavailableError),
    ],
)
def test_damage_and_trouble_are_told_apart(status, body, failure):
    with answering(status, body) as store, pytest.raises(failure):
        store.count(NAME)


def test_names_keep_deployments_collections_and_embedders_apart():
    names = {collection_name(key, pk, fp) for key in ("k1", "k2") for pk in (1, 11) for fp in ("a", "b")}
    assert len(names) == 8
    assert collection_name("k1", 7, "minilm-l6-v2-53aa5117").startswith(deployment_prefix("k1"))


def test_no_address_means_no_store(settings):
    settings.CHROMA_URL = ""
    assert get_store() is None
