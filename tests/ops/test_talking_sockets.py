"""Pages only listen on their sockets: a program that talks on one fills nothing and keeps nobody waiting."""

import json
import time
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from tests.ops.intake import API_UPLOAD, IN_THE_PIPE, MEGABYTE, Intake, chunks
from tests.ops.test_connections import HANDSHAKE

# As in the server, which is not imported here: it brings an event loop of its own.
FRAME_MAX, FRAMES_MAX = 1024, 30


@pytest.fixture(scope="module")
def server(folder_with_tables):
    server = Intake(folder_with_tables("talking"))
    yield server
    server.stop()


def closed_with(socket) -> int:
    """The code that the server closes with."""
    with suppress(ConnectionClosed):
        for _ in socket:
            pass
    return socket.close_code or 0


def test_a_handful_of_short_messages_is_taken(server):
    with server.socket("olga") as socket:
        for _ in range(5):
            socket.send("a" * FRAME_MAX)
        assert socket.ping().wait(20)


@pytest.mark.parametrize("size", [FRAME_MAX + 1, MEGABYTE])
def test_a_long_message_closes_the_socket(server, size):
    socket = server.socket("olga")
    with suppress(ConnectionClosed):
        socket.send(b"a" * size)
    assert closed_with(socket) == 1009


def many(opcode: Opcode, final: bool = True) -> bytes:
    """More frames than are taken in a minute, in one piece."""
    first = Frame(opcode, b"a", final).serialize(mask=True)
    rest = first if final else Frame(Opcode.CONT, b"", fin=False).serialize(mask=True)
    return first + rest * FRAMES_MAX


@pytest.mark.parametrize(
    "frames", [many(Opcode.TEXT), many(Opcode.PING), many(Opcode.TEXT, final=False)], ids=["messages", "pings", "parts"]
)
def test_too_many_frames_close_the_socket_so_that_the_page_does_not_come_again(server, frames):
    socket = server.socket("olga")
    socket.socket.sendall(frames)
    assert closed_with(socket) == 4429


def test_a_message_that_unpacks_to_much_closes_the_socket(server):
    where = f"ws://localhost:{server.port}/ws/conversations/{server.people['conversation']}/"
    headers = {"Cookie": server.cookie("olga").removeprefix("Cookie: ")}
    memory = server.memory()
    socket = connect(
        where, proxy=None, origin=f"http://localhost:{server.port}", additional_headers=headers, compression="deflate"
    )
    # A kilobyte on the network.
    socket.send("a" * 900_000)
    assert closed_with(socket) == 1009
    assert server.peak() - memory < 5 * MEGABYTE


def test_what_is_poured_into_a_socket_is_not_kept(server):
    memory = server.memory()
    socket = server.socket("olga")
    with suppress(OSError):
        socket.socket.sendall(Frame(Opcode.TEXT, b"a" * MEGABYTE, fin=False).serialize(mask=True) * 60)
    assert server.peak() - memory < 20 * MEGABYTE


def test_what_comes_before_a_socket_is_accepted_is_not_kept(server):
    memory = server.memory()
    with server.connection() as raw:
        raw.send("GET /ws/conversations/nowhere/ HTTP/1.1\n" + "\n".join(HANDSHAKE), bytes(60 * MEGABYTE))
    assert server.peak() - memory < 20 * MEGABYTE


@pytest.mark.parametrize("length", [f"Content-Length: {50 * MEGABYTE}", "Transfer-Encoding: chunked"])
def test_a_request_that_opens_a_socket_brings_no_upload(server, length):
    memory, disk = server.memory(), server.on_disk()
    body = bytes(50 * MEGABYTE) if "Length" in length else chunks(bytes(50 * MEGABYTE))
    with server.connection() as raw:
        raw.send("\n".join([f"POST {API_UPLOAD} HTTP/1.1", server.bearer("olga"), length, *HANDSHAKE]))
        assert raw.push(body) < IN_THE_PIPE
        assert raw.answer().startswith("HTTP/1.1 422")
    assert server.peak() - memory < 20 * MEGABYTE
    assert server.on_disk() <= disk


def test_what_is_said_while_a_socket_closes_is_no_error(server):
    """A page that goes away in the midst of an answer: until its connection has ended, the rest is sent to it."""
    conversation = server.people["conversation"]
    question = json.dumps({"message": "Hello?", "conversation_id": conversation}).encode()
    with server.connection() as raw:
        raw.send("\n".join([f"GET /ws/conversations/{conversation}/ HTTP/1.1", server.cookie("olga"), *HANDSHAKE]))
        assert raw.plain.recv(65536).startswith(b"HTTP/1.1 101")
        raw.push(many(Opcode.PING))
        got = b""
        while (4429).to_bytes(2) not in got:
            piece = raw.plain.recv(65536)
            assert piece, got
            got += piece
        # The server has closed it, and waits for this end to close it too.
        server.asked(
            f"POST /chat HTTP/1.1\n{server.bearer('olga')}\n"
            f"Content-Type: application/json\nContent-Length: {len(question)}",
            question,
        )
        assert raw.ended()
    # Daphne looks for what went wrong once a second.
    time.sleep(1.5)
    assert "Exception inside application" not in server.program.log
