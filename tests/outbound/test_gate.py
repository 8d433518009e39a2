"""Labels are read once a connection is held, right before the first byte, and a call is one request."""

import asyncio
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import httpx
import pytest

from langai_site.database.writer import in_database_thread
from langai_site.errors import AboveCeilingError, NotAdmittedError
from langai_site.outbound import catalogue, clients, door, listings
from langai_site.outbound.types import EmbedCall, Present, ProviderError
from langai_site.sensitivity import Sensitivity
from tests.outbound.conftest import KEY, PROVIDERS, ask, call_of, prompts, through_either_lane

EVERY = pytest.mark.parametrize("provider", PROVIDERS)
HOSTS = pytest.mark.parametrize("hosts", [["127.0.0.0/8"], []], ids=["local", "hosted"])
ANSWER = b'data: {"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'


@pytest.fixture
async def _loaded(settings):
    settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = KEY
    await door.warm()
    yield
    await door.close()


def serve_from(settings, port):
    settings.ANTHROPIC_BASE_URL = settings.OLLAMA_BASE_URL = f"http://127.0.0.1:{port}"
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{port}/v1"
    # As after a refresh: this Ollama is not asked about public text.
    catalogue._ollama_answers[settings.OLLAMA_BASE_URL, "t3"] = False, time.monotonic()


class Listener:
    """A server that accepts connections and sends nothing: what had been written to one when labels were read."""

    def __init__(self, settings):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.connection = None
        serve_from(settings, self.socket.getsockname()[1])

    def rise(self):
        """Return a `read_present` whose label rises while the connection is opened."""
        self.connection, _ = self.socket.accept()
        self.connection.setblocking(False)
        assert self.received() == b""
        return Present(Sensitivity.CONFIDENTIAL)

    def received(self):
        with suppress(BlockingIOError):
            return self.connection.recv(1000)
        return b""


@pytest.fixture
def listener(settings):
    listener = Listener(settings)
    yield listener
    listener.socket.close()
    if listener.connection:
        listener.connection.close()


@EVERY
@HOSTS
@through_either_lane
@pytest.mark.usefixtures("_loaded", "lane")
async def test_a_label_that_rises_while_a_connection_is_opened_counts(listener, settings, provider, hosts):
    settings.LOCAL_HOSTS = hosts
    answer = await ask(replace(call_of(f"{provider}/t3", hosted=not hosts), read_present=listener.rise))
    assert isinstance(answer.error, NotAdmittedError)
    assert (listener.received(), answer.entries) == (b"", [])


@pytest.mark.parametrize("provider", ["hosted_vllm", "openai"])
@HOSTS
def test_a_label_that_rises_while_a_connection_to_an_embedder_is_opened_counts(listener, settings, provider, hosts):
    settings.LOCAL_HOSTS = hosts
    settings.OPENAI_API_KEY, settings.EMBEDDER_API_KEY, settings.EMBEDDER_BASE_URL = KEY, "", ""
    model, entries = call_of(f"{provider}/e32", hosted=not hosts).model, []
    with pytest.raises(NotAdmittedError):
        door.embed(EmbedCall(model, ("text",), Sensitivity.PUBLIC, 5, read_present=listener.rise), entries.append)
    assert (listener.received(), entries) == (b"", [])


@pytest.mark.usefixtures("_loaded", "through_litellm")
async def test_a_label_that_rises_while_a_call_waits_for_a_thread_counts(listener):
    """LiteLLM takes a thread of the event loop's own pool, which may be busy with other work."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    busy, released, label = threading.Event(), threading.Event(), [Sensitivity.PUBLIC]

    def work():
        busy.set()
        assert released.wait(10)

    working = asyncio.create_task(asyncio.to_thread(work))
    await in_database_thread(busy.wait)
    asking = asyncio.create_task(ask(replace(call_of("hosted_vllm/t3"), read_present=lambda: Present(label[0]))))
    for _ in range(5):
        await in_database_thread(lambda: None)
    label[0] = Sensitivity.CONFIDENTIAL
    released.set()
    assert isinstance((await asking).error, NotAdmittedError)
    await working


@asynccontextmanager
async def server(settings, answer):
    """Serve each request with `answer(writer)`; yield the connections that came and the bodies of all requests."""
    connections, bodies = [], []

    async def serve(reader, writer):
        connections.append(writer)
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length:")[2].split(b"\r\n")[0]
                bodies.append(await reader.readexactly(int(length or 0)))
                answer(writer)

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    serve_from(settings, running.sockets[0].getsockname()[1])
    try:
        yield connections, bodies
    finally:
        for writer in connections:
            writer.close()
        running.close()


def reset(writer):
    """Reset the connection, so that the client notices at once."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@EVERY
@HOSTS
@through_either_lane
@pytest.mark.usefixtures("_loaded", "lane")
async def test_a_request_whose_connection_breaks_is_not_sent_again(settings, provider, hosts):
    settings.LOCAL_HOSTS = hosts
    async with server(settings, reset) as (_connections, bodies):
        answer = await ask(call_of(f"{provider}/t3", text="the very question", hosted=not hosts))
        assert isinstance(answer.error, ProviderError)
        assert (len(bodies), b"the very question" in bodies[0]) == (1, True)
        assert answer.entry.bytes_sent > 0


@HOSTS
@pytest.mark.usefixtures("_loaded")
async def test_a_connection_serves_one_call_after_another_also_after_a_refusal(settings, hosts):
    settings.LOCAL_HOSTS = hosts
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
    call = call_of("hosted_vllm/t3", hosted=not hosts)
    refused = replace(call, read_present=lambda: Present(Sensitivity.CONFIDENTIAL))
    async with server(settings, lambda writer: writer.write(head.encode() + ANSWER)) as (
        connections,
        bodies,
    ):
        answers = [await ask(each) for each in (refused, call, call, refused, call)]
        assert [answer.text for answer in answers] == ["", "x", "x", "", "x"]
        # The connection of the refused call is closed.
        assert (len(connections), len(bodies)) == (3, 3)


@HOSTS
@pytest.mark.usefixtures("through_litellm")
async def test_a_model_that_litellm_would_ask_through_another_api_is_asked_at_the_gate_too(upstream, settings, hosts):
    settings.LOCAL_HOSTS = hosts
    call = call_of("openai/o1-pro", hosted=not hosts)
    refused = await ask(replace(call, read_present=lambda: Present(Sensitivity.CONFIDENTIAL)))
    assert isinstance(refused.error, NotAdmittedError)
    assert upstream.requests() == []
    answer = await ask(call)
    assert [request["path"] for request in upstream.requests()] == ["/v1/chat/completions"]
    assert answer.entry.bytes_sent > 0


async def test_of_a_call_that_found_no_connection_nothing_is_entered_as_sent(upstream, settings):
    serve_from(settings, 1)
    entry = (await ask(call_of("hosted_vllm/t3"))).entry
    assert (entry.status, entry.bytes_sent, entry.content_hash, entry.sent_at) == ("unreachable", 0, "", None)
    assert entry.usage.input_tokens == 0


@EVERY
async def test_hosted_models_are_asked_through_the_proxy(upstream, settings, monkeypatch, provider):
    monkeypatch.setenv("HTTP_PROXY", upstream.url)
    monkeypatch.setenv("http_proxy", upstream.url)
    settings.LOCAL_HOSTS = []
    settings.ANTHROPIC_BASE_URL = settings.OLLAMA_BASE_URL = "http://models.invalid"
    settings.OPENAI_BASE_URL = "http://models.invalid/v1"
    answer = await ask(call_of(f"{provider}/t3", hosted=True))
    assert answer.error is None
    assert "models.invalid" in upstream.requests()[0]["raw"]


@pytest.mark.usefixtures("_loaded")
async def test_without_a_call_nothing_leaves(listener, settings):
    with pytest.raises(RuntimeError, match="without a gate"):
        await clients.client(direct=True).post(f"{settings.OPENAI_BASE_URL}/chat/completions", json={})
    listener.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.socket.accept()


@pytest.mark.usefixtures("through_litellm")
@pytest.mark.parametrize("name", ["anthropic/claude-2", "anthropic/claude-instant-1"])
async def test_a_model_that_litellm_asks_by_a_client_of_its_own_is_sent_nothing(upstream, name):
    def rise():
        return Present(Sensitivity.CONFIDENTIAL)

    answer = await ask(replace(call_of(name), read_present=rise))
    assert isinstance(answer.error, ProviderError)
    assert prompts(upstream) == []
    assert [entry.bytes_sent for entry in answer.entries] == [0]


@pytest.mark.usefixtures("_loaded")
async def test_no_client_that_litellm_makes_reaches_anybody(upstream):
    import litellm
    from litellm.llms.custom_httpx import http_handler
    from litellm.llms.openai.common_utils import BaseOpenAILLM

    awaited = [
        litellm.module_level_aclient,
        http_handler.AsyncHTTPHandler(),
        http_handler.get_async_httpx_client("anthropic"),
        BaseOpenAILLM._get_async_http_client(),
    ]
    others = [litellm.module_level_client, http_handler.HTTPHandler(), BaseOpenAILLM._get_sync_http_client()]
    for client in awaited:
        # A loop that ended before has closed what all of them share.
        with pytest.raises((httpx.NetworkError, RuntimeError)):
            await client.post(upstream.url, data={"text": "x"})
    for client in others:
        with pytest.raises(httpx.NetworkError):
            client.post(upstream.url, data={"text": "x"})
    assert upstream.requests() == []


# What must not leave: a text by its label, or a call that only a local model may have.
STAYING = pytest.mark.parametrize(
    ("label", "local_only"),
    [(Sensitivity.INTERNAL, False), (Sensitivity.CONFIDENTIAL, False), (Sensitivity.PUBLIC, True)],
)


@STAYING
@through_either_lane
async def test_a_name_that_its_ollama_points_elsewhere_while_the_connection_is_opened_is_asked_nothing(
    upstream, lane, label, local_only
):
    call = replace(call_of("ollama_chat/t3", label=label, ceiling=Sensitivity.CONFIDENTIAL), local_only=local_only)

    def read_present():
        assert len(upstream.requests("/api/show")) == 1
        upstream.pass_on("t3")
        return Present(label, call.model)

    answer = await ask(replace(call, read_present=read_present))
    assert isinstance(answer.error, AboveCeilingError)
    assert (prompts(upstream), answer.entries) == ([], [])
    assert len(upstream.requests("/api/show")) == 2


async def test_an_embedder_that_its_ollama_points_elsewhere_meanwhile_is_asked_nothing(upstream):
    entries, label = [], Sensitivity.INTERNAL

    def read_present():
        upstream.pass_on("e32")
        return Present(label)

    model = call_of("ollama/e32", label=label).model
    call = EmbedCall(model, ("a",), label, 5, read_present=read_present)
    with pytest.raises(AboveCeilingError):
        await asyncio.to_thread(door.embed, call, entries.append)
    assert (prompts(upstream), entries) == ([], [])


@through_either_lane
async def test_an_ollama_that_does_not_say_once_more_is_asked_nothing(upstream, lane, monkeypatch):
    call = call_of("ollama_chat/t3", label=Sensitivity.INTERNAL)

    async def say_nothing(*_args, **_values):
        raise listings.UnlistedError

    def read_present():
        monkeypatch.setattr(listings, "ask", say_nothing)
        return Present(call.label, call.model)

    answer = await ask(replace(call, read_present=read_present))
    assert isinstance(answer.error, ProviderError)
    assert (answer.error.code, prompts(upstream), answer.entries) == ("unreachable", [], [])


async def test_a_public_text_waits_for_no_second_question(upstream):
    assert (await ask(call_of("ollama_chat/t3"))).entry.hosted is False
    assert len(upstream.requests("/api/show")) == 1
