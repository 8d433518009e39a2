"""How Chroma is reached: by which address, and over a connection that stays open."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from search.vectors import StoreUnavailableError
from search.vectors.chroma import ChromaStore, _Connection


@pytest.fixture
def server():
    """A server that answers every request, and keeps their headers in `asked`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.server.asked.append(self.headers)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_name_and_password_in_the_address_are_sent(server):
    ChromaStore(f"http://langai:a%40b@127.0.0.1:{server.server_port}").ping()
    assert server.asked[0]["Authorization"] == "Basic bGFuZ2FpOmFAYg=="
    ChromaStore(f"http://127.0.0.1:{server.server_port}").ping()
    assert server.asked[1]["Authorization"] is None


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [("http://[::1]", "::1", 80), ("https://[::1]/", "::1", 443), ("http://[::1]:8000", "::1", 8000)],
)
def test_an_address_of_six_parts_needs_no_port(url, host, port):
    connection = _Connection(url)._connection
    assert (connection.host, connection.port) == (host, port)


def test_a_kept_connection_that_was_closed_under_tls_is_opened_again(server, monkeypatch):
    store = ChromaStore(f"http://127.0.0.1:{server.server_port}")
    store.ping()
    kept = store._connection._connection
    ask, closed = kept.getresponse, iter([ssl.SSLEOFError])

    def once():
        for error in closed:
            raise error
        return ask()

    monkeypatch.setattr(kept, "getresponse", once)
    store.ping()
    assert len(server.asked) >= 2


def test_a_new_connection_that_fails_is_not_tried_twice(monkeypatch):
    store = ChromaStore("http://127.0.0.1:1")
    tried = []
    monkeypatch.setattr(store._connection._connection, "connect", lambda: tried.append(1) or _refused())
    with pytest.raises(StoreUnavailableError):
        store.ping()
    assert tried == [1]


def _refused():
    raise ConnectionRefusedError
