"""A long response goes out at its reader's pace."""

import http.client
import time

import pytest

from langai_site.processes import ports
from tests.ops.processes import Program

# Sends what the address asks for, in pieces, and says how many are out.
CODE = """
import django
django.setup()
from langai_site import registry
from langai_site.processes import web_server as server
registry.web_services.clear()
registry.web_drains.clear()
async def application(scope, receive, send):
    pieces = int(scope["path"].strip("/"))
    length = str(pieces * 65536).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    for number in range(pieces):
        await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": number < pieces - 1})
        print("sent", number + 1, flush=True)
server._application = lambda: application
server.serve()
"""
PIECE = 65536


@pytest.fixture
def server(tmp_path, request):
    port = ports.free()
    program = Program(CODE, tmp_path, PORT=str(port), **getattr(request, "param", {}))
    deadline = time.monotonic() + 30
    while not ports.trouble("127.0.0.1", port):
        assert time.monotonic() < deadline, program.log
        time.sleep(0.05)
    yield program, port
    program.process.kill()
    program.process.wait()


def asked(port: int, pieces: int) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    visitor = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    visitor.request("GET", f"/{pieces}/")
    return visitor, visitor.getresponse()


def until_quiet(program: Program) -> int:
    """Wait until nothing more is sent, and return how many pieces were."""
    before = -1
    while before != (sent := program.log.count("sent ")):
        before = sent
        time.sleep(0.7)
    return sent


def test_what_nobody_takes_is_not_sent(server):
    program, port = server
    visitor, response = asked(port, 1000)
    sent = until_quiet(program)
    # What the system keeps for a connection on loopback, and one buffer of our own.
    assert 0 < sent < 300
    assert len(response.read()) == 1000 * PIECE
    program.until("sent 1000")
    visitor.close()


def test_a_reader_who_leaves_ends_the_waiting(server):
    program, port = server
    visitor, response = asked(port, 1000)
    sent = until_quiet(program)
    response.close()
    visitor.close()
    program.until("sent 1000", seconds=20)
    assert sent < 1000
    assert program.stop() == 0


def test_one_connection_takes_many_responses(server):
    _, port = server
    visitor = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for pieces in (1, 3, 200, 1):
        visitor.request("GET", f"/{pieces}/")
        assert len(visitor.getresponse().read()) == pieces * PIECE


@pytest.mark.parametrize("server", [{"BODY_TIMEOUT": "1"}], indirect=True)
def test_a_reader_who_takes_nothing_is_given_up_and_a_slow_one_is_not(server):
    """After ten times as long as a body may pause: then what they have not taken is sent into nothing."""
    program, port = server
    slow, slow_response = asked(port, 1000)
    idle, _ = asked(port, 500)
    deadline = time.monotonic() + 60
    while "sent 500" not in program.log:
        assert slow_response.read(PIECE)
        assert time.monotonic() < deadline, program.log[-500:]
        time.sleep(0.2)
    assert "sent 1000" not in program.log
    assert slow_response.read(PIECE)
    for visitor in (slow, idle):
        visitor.close()
