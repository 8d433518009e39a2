import signal
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from search.vectors import BrokenCollection, StoreUnavailable, collection_name, deployment_prefix, get_store
from search.vectors.chroma import ChromaStore
from tests.servers import Chroma, free_port

NAME = "langai-test-1-minilm"
VECTORS = np.eye(4, 384, dtype=np.float32)


def test_the_nearest_come_first_with_their_cosine(store):
    store.upsert(NAME, [10, 11, 12, 13], VECTORS)
    query = (VECTORS[1] * 0.8 + VECTORS[2] * 0.6).astype(np.float32)
    found = store.query(NAME, query, 2)
    assert [pk for pk, _ in found] == [11, 12]
    assert [score for _, score in found] == pytest.approx([0.8, 0.6], abs=1e-5)


def test_storing_an_id_again_replaces_its_vector(store):
    store.upsert(NAME, [10], VECTORS[:1])
    store.upsert(NAME, [10], VECTORS[1:2])
    assert store.count(NAME) == 1
    assert store.query(NAME, VECTORS[1], 5) == [(10, pytest.approx(1.0))]


def test_more_vectors_than_a_batch_are_all_stored(store):
    store.upsert(NAME, list(range(2100)), np.random.default_rng(1).normal(size=(2100, 384)).astype(np.float32))
    assert store.count(NAME) == 2100
    assert store.ids(NAME) == set(range(2100))


def test_deleted_ids_are_gone_and_unknown_ones_do_no_harm(store):
    store.upsert(NAME, [1, 2], VECTORS[:2])
    store.delete(NAME, [1, 99])
    store.delete(NAME, [])
    assert store.ids(NAME) == {2}


def test_a_collection_that_is_not_there_is_empty(store):
    assert store.count("langai-absent") == 0
    assert store.query("langai-absent", VECTORS[0], 3) == []
    assert store.ids("langai-absent") == set()
    store.delete("langai-absent", [1])
    store.drop("langai-absent")


def test_a_collection_that_somebody_else_dropped_is_made_again(store, chroma_server):
    store.upsert(NAME, [1], VECTORS[:1])
    ChromaStore(chroma_server.url).drop(NAME)
    assert store.query(NAME, VECTORS[0], 3) == []
    store.upsert(NAME, [2], VECTORS[:1])
    assert store.ids(NAME) == {2}


def test_a_store_that_was_restarted_is_used_again(tmp_path):
    server = Chroma(tmp_path).start()
    store = ChromaStore(server.url)
    store.upsert(NAME, [1], VECTORS[:1])
    server.stop(signal.SIGTERM)
    with pytest.raises(StoreUnavailable):
        store.query(NAME, VECTORS[0], 1)
    server.start()
    assert store.query(NAME, VECTORS[0], 1) == [(1, pytest.approx(1.0))]
    server.stop()


def test_an_unreachable_store_is_told_at_once():
    store = ChromaStore(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreUnavailable):
        store.ping()


def test_a_hung_store_is_waited_for_once():
    with socket.create_server(("127.0.0.1", 0)) as hung:
        store = ChromaStore(f"http://127.0.0.1:{hung.getsockname()[1]}")
        started = time.monotonic()
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                store.query(NAME, VECTORS[0], 1)
        assert time.monotonic() - started < 4


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
        (500, b'{"error":"InternalError","message":"Error executing plan"}', BrokenCollection),
        (503, b"", StoreUnavailable),
        (401, b"{}", StoreUnavailable),
        (200, b"<html>another server</html>", StoreUnavailable),
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
