"""Connections end that keep the server waiting, or that are too many from one address; all others stay."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.ops.intake import API_UPLOAD, FORM, MEGABYTE, Intake, Raw
from tests.ops.test_intake import status

HANDSHAKE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Origin: http://localhost",
)
LIVE = "GET /health/live HTTP/1.1"
# As in the server, which is not imported here: it brings an event loop of its own.
BODY_RATE, OPEN_FILES = 1000, 65_536
# More than a server with limits of one second takes to notice.
A_WHILE = 4.0


@pytest.fixture(scope="module")
def hasty(folder_with_tables):
    """It waits for a second."""
    server = Intake(folder_with_tables("hasty"), HEADER_TIMEOUT="1", BODY_TIMEOUT="1")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def small(folder_with_tables):
    """It lets three connections of an address in."""
    server = Intake(folder_with_tables("small"), CONNECTIONS_PER_ADDRESS="3")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def behind(folder_with_tables):
    """It is behind a proxy."""
    server = Intake(folder_with_tables("behind"), TRUSTED_PROXIES="1", CONNECTIONS_PER_ADDRESS="2")
    yield server
    server.stop()


def drip(raw: Raw, first: str, piece: bytes) -> str:
    """Send `piece` again and again, until the server answers or hangs up."""
    raw.plain.sendall(first.encode())
    raw.plain.settimeout(0.2)
    for _ in range(200):
        try:
            raw.plain.sendall(piece)
            got = raw.plain.recv(65536)
        except TimeoutError:
            continue
        except ConnectionError:
            return ""
        return got.decode()
    raise AssertionError("the server waited")


def test_dripping_headers_are_cut_off(hasty):
    for first in ("GET / HTTP/1.1\r\n", "\r\n".join(["GET /ws/ HTTP/1.1", *HANDSHAKE, ""])):
        with hasty.connection() as raw:
            assert status(drip(raw, first, b"X-Odd: 1\r\n")) == 408
    with hasty.connection() as raw:
        assert status(drip(raw, "GET /", b"a")) == 408


def test_dripping_headers_of_a_second_request_are_cut_off(hasty):
    with hasty.connection() as raw:
        raw.send(LIVE)
        assert status(raw.answer()) == 200
        assert status(drip(raw, "GET / HTTP/1.1\r\n", b"X-Odd: 1\r\n")) == 408


def test_a_connection_without_a_request_is_closed(hasty):
    with hasty.connection() as raw:
        assert raw.ended()


@pytest.mark.parametrize("length", [60_000, 5 * MEGABYTE])
def test_a_body_that_does_not_come_is_not_waited_for(hasty, length):
    with hasty.connection() as raw:
        raw.send(f"POST {API_UPLOAD} HTTP/1.1\n{FORM}\n{hasty.bearer('olga')}\nContent-Length: {length}", bytes(1000))
        answer = raw.answer()
    assert status(answer) == 408
    assert "too_slow" in answer
    hasty.until(lambda: hasty.on_disk() == 0)


def test_a_dripping_body_is_cut_off(hasty):
    """It never pauses, and is slower than anybody's line."""
    head = f"POST {API_UPLOAD} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n"
    with hasty.connection() as raw:
        assert status(drip(raw, head, b"x" * (BODY_RATE // 50))) == 408


def test_dripping_chunks_are_cut_off(hasty):
    head = "POST /auth/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with hasty.connection() as raw:
        assert status(drip(raw, head, b"1\r\nx\r\n")) == 408


def test_a_slow_body_at_a_fair_pace_is_waited_for(hasty):
    body = b"x" * 12_000
    with hasty.connection() as raw:
        raw.send(f"POST /auth/token HTTP/1.1\nContent-Length: {len(body)}")
        for at in range(0, len(body), 1000):
            raw.push(body[at : at + 1000])
            time.sleep(0.25)
        assert status(raw.answer()) == 415


def test_an_open_socket_and_a_connection_between_two_requests_stay(hasty):
    with hasty.connection() as raw, hasty.socket("olga") as opened:
        raw.send(LIVE)
        assert status(raw.answer()) == 200
        time.sleep(A_WHILE)
        raw.send(LIVE)
        assert status(raw.answer()) == 200
        opened.ping().wait(5)
        with pytest.raises(TimeoutError):
            opened.recv(0.1)


def test_connections_of_an_address_are_counted_and_those_that_end_make_room(small):
    with ExitStack() as stack:
        opened = [stack.enter_context(small.connection()) for _ in range(2)]
        sockets = stack.enter_context(small.socket("olga"))
        refused = small.asked(LIVE)
        assert status(refused) == 429
        assert "\r\nRetry-After: " in refused
        with pytest.raises(InvalidStatus):
            small.socket("olga")
        opened[0].send(LIVE)
        assert status(opened[0].answer()) == 200
        sockets.close()
        small.until(lambda: status(small.asked(LIVE)) == 200)
    small.until(lambda: status(small.asked(LIVE)) == 200)


def test_a_server_may_open_more_files_than_one_address_may_connections(hasty):
    (line,) = [line for line in Path(f"/proc/{hasty.pid}/limits").read_text().splitlines() if "open files" in line]
    soft, hard = line.split()[3:5]
    assert int(soft) == min(int(hard), OPEN_FILES)


def test_behind_a_proxy_requests_and_sockets_are_counted_by_who_the_proxy_saw(behind):
    slow = f"POST {API_UPLOAD} HTTP/1.1\nContent-Length: 100"
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(behind.connection()).send(f"{slow}\nX-Forwarded-For: 9.9.9.9, 192.0.2.1")
        behind.until(lambda: status(behind.asked(f"{LIVE}\nX-Forwarded-For: 192.0.2.1")) == 429)
        for spoofed in ("192.0.2.7, 192.0.2.1", '"; DROP", 192.0.2.1', "192.0.2.1:4711"):
            assert status(behind.asked(f"{LIVE}\nX-Forwarded-For: {spoofed}")) == 429
        assert status(behind.asked(f"{LIVE}\nX-Forwarded-For: 192.0.2.2")) == 200
        assert status(behind.asked(LIVE)) == 200
    behind.until(lambda: status(behind.asked(f"{LIVE}\nX-Forwarded-For: 192.0.2.1")) == 200)


NONSENSE = [
    '"; DROP TABLE',
    "",
    " , ,",
    "\xe9",
    "fe80::1%eth0",
    "192.0.2.1.5",
    "unknown",
    ",".join(["1.1.1.1"] * 1500) + ",x",
]


@pytest.mark.parametrize("said", NONSENSE, ids=range(len(NONSENSE)))
def test_nonsense_in_place_of_an_address_counts_as_the_proxy_itself(behind, said):
    """At a page, at the API, and for what is large."""
    header = f"X-Forwarded-For: {said}"
    assert status(behind.asked(f"GET /accounts/login/ HTTP/1.1\n{header}")) == 200
    assert status(behind.asked(f"POST /auth/token HTTP/1.1\n{header}\nContent-Length: 2", b"{}")) == 415
    assert status(behind.asked(f"GET /api/collections HTTP/1.1\n{header}\nAuthorization: Bearer x")) == 401
    assert status(behind.asked(f"POST {API_UPLOAD} HTTP/1.1\n{header}\nContent-Length: 100000")) == 401
    assert "Traceback" not in behind.program.log


@pytest.mark.parametrize("path", ["/ws/", "/", "/ws/conversations/abc/", "/ws/%C3%A9/?%ff"])
@pytest.mark.parametrize("line", ["", "Sec-WebSocket-Protocol: \xe9", "Daphne-Root-Path: \xe9"])
def test_a_socket_where_there_is_none_is_closed_quietly(behind, path, line):
    logged = len(behind.program.lines)
    assert status(behind.asked("\n".join([f"GET {path} HTTP/1.1", *HANDSHAKE, line]))) == 403
    # Daphne looks once a second for applications that failed.
    time.sleep(1.2)
    assert behind.program.lines[logged:] == []
