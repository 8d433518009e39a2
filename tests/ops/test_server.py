"""The web process ends only after what is live has had its time."""

import http.client
import time

import pytest
from websockets.sync.client import connect

from langai_site.processes import ports
from tests.ops.processes import Program

CODE = """
import asyncio, django
django.setup()
from langai_site import registry
from langai_site.processes import web_server as server
registry.web_services.clear()
registry.web_drains.clear()
{parts}
async def application(scope, receive, send):
    if scope["type"] == "http":
        await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}})
        return await send({{"type": "http.response.body", "body": b"ok"}})
    await receive()
    await send({{"type": "websocket.accept"}})
    while (event := await receive())["type"] == "websocket.receive":
        await send({{"type": "websocket.send", "text": event["text"] * 50}})
server._application = lambda: application
server.serve()
"""
SLOW_DRAIN = """
async def drain(grace):
    print("draining", grace > 1)
    await asyncio.sleep(1)
    print("drained")
async def failing(grace):
    raise ValueError("a drain that fails")
async def service():
    try:
        await asyncio.sleep(600)
    finally:
        print("service ended")
registry.web_drain("failing", failing)
registry.web_drain("replies", drain)
registry.web_service("service", service)
"""
FAILING_SERVICE = """
runs = []
server.SERVICE_PAUSE = 0.1
async def service():
    runs.append(1)
    print("run", len(runs))
    raise ValueError("a service that fails")
registry.web_service("catalogue", service)
"""

LATE_LOADER = """
import gc
server.SECOND_FREEZE = 0.3
async def service():
    before = gc.get_freeze_count()
    loaded = [[] for _ in range(20_000)]
    while gc.get_freeze_count() - before < len(loaded):
        await asyncio.sleep(0.05)
    print("what was loaded late is spared")
registry.web_service("loader", service)
"""


@pytest.fixture
def serve(tmp_path):
    started = []

    def start(parts: str = "", **settings: str) -> tuple[Program, int]:
        port = ports.free()
        program = Program(CODE.format(parts=parts), tmp_path, PORT=str(port), **settings)
        started.append(program)
        deadline = time.monotonic() + 30
        while not ports.trouble("127.0.0.1", port):
            assert program.process.poll() is None, program.log
            assert time.monotonic() < deadline, program.log
            time.sleep(0.05)
        return program, port

    yield start
    for program in started:
        program.process.kill()
        program.process.wait()


def test_live_work_finishes_and_visitors_are_served_meanwhile(serve):
    program, port = serve(SLOW_DRAIN)
    visitor = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    visitor.request("GET", "/")
    assert visitor.getresponse().read() == b"ok"
    program.process.terminate()
    program.until("draining True")
    visitor.request("GET", "/")
    assert visitor.getresponse().read() == b"ok"
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
    assert program.wait(20) == 0
    program.until("service ended")
    told = [line for line in program.lines if line in ("draining True", "drained", "service ended")]
    assert told == ["draining True", "drained", "service ended"]


def test_a_drain_that_fails_is_logged_and_the_others_still_run(serve):
    program, _ = serve(SLOW_DRAIN)
    assert program.stop() == 0
    assert "Draining failed: failing" in program.log
    assert "ValueError" in program.log
    assert "drained" in program.lines


def test_a_background_service_that_fails_is_logged_and_runs_again(serve):
    program, _ = serve(FAILING_SERVICE)
    program.until("run 2")
    assert "catalogue failed; it starts again" in program.log
    assert program.stop() == 0


def test_the_garbage_collector_is_spared_what_is_loaded_in_the_background_too(serve):
    program, _ = serve(LATE_LOADER)
    program.until("what was loaded late is spared")


def test_an_open_socket_does_not_hold_up_the_end(serve):
    program, port = serve()
    with connect(f"ws://127.0.0.1:{port}/", proxy=None) as socket:
        socket.send("hello")
        socket.recv(5)
        started = time.monotonic()
        assert program.stop() == 0
        assert time.monotonic() - started < 5


def test_sockets_are_compressed_where_the_browser_can(serve):
    _, port = serve()
    with connect(f"ws://127.0.0.1:{port}/", proxy=None) as socket:
        assert "permessage-deflate" in socket.response.headers["Sec-WebSocket-Extensions"]
        socket.send("hello")
        assert socket.recv(5) == "hello" * 50
    with connect(f"ws://127.0.0.1:{port}/", proxy=None, compression=None) as socket:
        socket.send("plain")
        assert socket.recv(5) == "plain" * 50
