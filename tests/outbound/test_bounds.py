"""What a server sends besides text is limited: a clear message, and hardly any bytes are read."""

import asyncio
import gzip
import json
from types import SimpleNamespace

import httpx
import pytest

from langai_site.outbound import bounds, diagnosis, door, listings, litellm_adapter, patience
from langai_site.outbound.bounds import AnswerBound, Bound, ClientBound, TooMuchError
from langai_site.outbound.types import EmbedCall, ModelInfo, ProviderError, unchanging
from langai_site.outbound.wire import LINES_AT_ONCE, Wire
from langai_site.sensitivity import Sensitivity
from tests.outbound.conftest import PROVIDERS, ask, call_of
from tests.upstream.process import eventually

# Everything in memory on the way, in the sockets of both sides, counts as read.
FEW_BYTES = 32 * 2**20
OPENAI_CHUNK = 300

every_provider = pytest.mark.parametrize("provider", PROVIDERS)


async def assert_let_go(upstream):
    """Check that the server noticed the end of reading before it had sent much."""
    # On a thread: this loop has yet to close the connection.
    assert await asyncio.to_thread(eventually, lambda: upstream.stats()["active"] == 0)
    assert upstream.stats()["flooded"] < FEW_BYTES


@every_provider
@pytest.mark.parametrize("kind", ["line", "giant", "values", "comments", "empty", "tools", "thoughts"])
async def test_an_answer_without_end_is_stopped(upstream, monkeypatch, provider, kind):
    if kind not in ("line", "giant", "values"):
        monkeypatch.setattr(bounds, "LEAST_BYTES", 2**17)
        monkeypatch.setattr(bounds, "THOUGHT_TOKENS", 2**12)
    answer = await ask(call_of(f"{provider}/fail-flood{kind}-t10", max_tokens=50))
    assert isinstance(answer.error, ProviderError), answer.error
    assert answer.error.code == answer.entry.status == "oversized"
    assert "sent far more data than an answer needs" in answer.error.message
    assert answer.text.startswith("word1 word2 word3")
    assert answer.entry.usage.output_tokens > 0
    await assert_let_go(upstream)


@every_provider
async def test_what_follows_an_answer_without_end_does_no_harm(upstream, provider):
    answer = await ask(call_of(f"{provider}/fail-floodrest-t10", max_tokens=50))
    assert answer.error is None
    assert answer.entry.status == "complete"
    await assert_let_go(upstream)


@every_provider
async def test_of_an_error_only_the_beginning_is_read(upstream, caplog, provider):
    answer = await ask(call_of(f"{provider}/fail-flooderror"))
    assert answer.error.code == answer.entry.status == "upstream_error"
    assert "sk-" not in answer.error.message + caplog.text
    await assert_let_go(upstream)


@every_provider
async def test_whatever_comes_a_model_that_does_not_begin_is_given_up(upstream, settings, monkeypatch, provider):
    monkeypatch.setattr(bounds, "LEAST_BYTES", 2**40)
    # Its events without text are signs of life, which count for this long.
    monkeypatch.setattr(patience, "MOST_SECONDS_WITHOUT_A_TOKEN", 0.5)
    settings.ANSWER_START_TIMEOUT = settings.ANSWER_IDLE_TIMEOUT = 0.3
    answer = await ask(call_of(f"{provider}/fail-floodempty-t1"))
    assert answer.error.code in ("start_timeout", "idle_timeout")


@every_provider
async def test_answers_are_asked_for_unpacked(upstream, provider):
    await ask(call_of(f"{provider}/t3"))
    asked = [request["raw"].lower() for request in upstream.requests()]
    assert asked
    assert all("accept-encoding: identity" in raw for raw in asked)


async def test_counts_at_the_beginning_of_a_long_answer_are_kept(upstream):
    short, long = await ask(call_of("anthropic/t3")), await ask(call_of("anthropic/t600", max_tokens=4000))
    assert long.entry.usage.input_tokens == short.entry.usage.input_tokens > 0
    assert (long.entry.usage.output_tokens, long.entry.usage.estimated) == (600, False)


def test_chunks_are_dropped_but_not_their_counts():
    chunks = [SimpleNamespace(usage=7), *(SimpleNamespace() for _ in range(9))]
    last = chunks[-2:]
    assert (litellm_adapter._taken(chunks), chunks) == ([7], last)


@pytest.mark.parametrize(("kind", "code"), [("flood", "oversized"), ("drip", "start_timeout")])
def test_vectors_without_end_are_given_up(upstream_process, settings, kind, code):
    upstream_process.reset()
    settings.OPENAI_BASE_URL, settings.EMBEDDER_BASE_URL = upstream_process.openai_url, ""
    model = ModelInfo(f"hosted_vllm/fail-{kind}", "e", "hosted_vllm", False, Sensitivity.CONFIDENTIAL)
    label, entries = Sensitivity.PUBLIC, []
    call = EmbedCall(model, ("a", "b"), label, 0.4 if kind == "drip" else 5, read_present=unchanging(label))
    with pytest.raises(ProviderError) as caught:
        door.embed(call, entries.append)
    assert [caught.value.code, entries[0].status] == [code, code]
    assert upstream_process.stats()["flooded"] < FEW_BYTES


async def test_a_list_of_models_without_end_is_given_up(upstream):
    upstream.list_models("flood")
    with pytest.raises(listings.UnlistedError, match="TooMuchError"):
        await listings.offers("hosted_vllm")
    with pytest.raises(TooMuchError):
        await asyncio.to_thread(diagnosis.listed, "hosted_vllm")
    assert upstream.stats()["flooded"] < 2 * FEW_BYTES


async def test_of_a_list_only_so_many_models_are_taken(upstream, monkeypatch):
    monkeypatch.setattr(listings, "MOST_MODELS", 3)
    upstream.list_models("a" * 1000, *(f"t{number}" for number in range(9)))
    for provider in ("hosted_vllm", "ollama_chat"):
        assert [offer.display_name for offer in await listings.offers(provider)] == ["t0", "t1"]
    assert len(upstream.requests("/api/show")) == 2


def test_a_model_that_thinks_for_long_may():
    bound = AnswerBound(16)
    for _ in range(64_000):
        bound.take(b"a" * OPENAI_CHUNK + b"\n\n")
        bound.heard(0, 5)


def test_a_server_that_tells_much_with_every_character_may():
    bound = AnswerBound(100)
    for _ in range(400):
        bound.take(b"a" * 1200 + b"\n\n")
        bound.heard(1, 0)


TEXT = r', [ { \\ " ,' * 5 + "\\"


@pytest.mark.parametrize("by_event", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 2_048])
def test_only_values_are_counted_as_such_however_they_arrive(by_event, size):
    event = b"data: " + json.dumps({"text": [TEXT] * 100, "more": {"a": [1, 2]}}).encode() + b"\n\n"
    values = bounds.Values(by_event=by_event)
    seen = [values.seen_in(event[at : at + size], ends=False) for at in range(0, len(event), size)]
    assert max(seen) == event.replace(json.dumps(TEXT).encode(), b"").count(b",") + 4
    bound = ClientBound(1_000, by_event=by_event)
    for at in range(0, len(event * 3), size):
        bound.take((event * 3)[at : at + size])


@pytest.mark.parametrize(("by_event", "line"), [(False, b'{"a":[%s]}\n\n'), (True, b'data: {"a":\ndata: [%s]}\n\n')])
def test_an_event_of_very_many_values_is_too_much(by_event, line):
    bound = ClientBound(1_000, by_event=by_event)
    for _ in range(50):
        bound.take(line % b"".join([b"1,"] * (bounds.MOST_VALUES // 2)))
    with pytest.raises(TooMuchError):
        bound.take(line % b"".join([b"1,"] * bounds.MOST_VALUES))


@pytest.mark.parametrize("size", [1, 2, 3, 2_048])
@pytest.mark.parametrize(
    ("by_event", "line_end"), [(True, "\r"), *((False, end) for end in "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")]
)
def test_values_are_seen_after_whatever_ends_a_line_for_the_client(by_event, line_end, size):
    values = '"a",' * 2 * bounds.MOST_VALUES
    event = f': "{line_end}data: [{values}]\n\n'.encode()
    bound = ClientBound(1_000, by_event=by_event)

    def take():
        for at in range(0, len(event), size):
            bound.take(event[at : at + size])

    with pytest.raises(TooMuchError):
        take()


def test_what_ends_a_line_in_text_alone_may_stand_in_a_string_of_an_event():
    bound = ClientBound(10**5, by_event=True)
    bound.take(f'data: {{"text": "\u2028{"a, " * 2 * bounds.MOST_VALUES}"}}\n\n'.encode())


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
def test_an_event_may_end_between_two_pieces(end):
    bound = ClientBound(10**6, by_event=True)
    for _ in range(2 * bounds.LONGEST_LINE // 512):
        bound.take(b"a" * 511 + end[:1])
        bound.take(end[1:])


def test_an_event_of_very_many_lines_is_too_long():
    bound = ClientBound(10**6, by_event=True)
    for _ in range(bounds.LONGEST_LINE // (bounds.BYTES_A_LINE + 2)):
        bound.take(b"a\n")
    with pytest.raises(TooMuchError):
        bound.take(b"a\n")


def streamed(*chunks):
    class Stream(httpx.AsyncByteStream):
        async def __aiter__(self):
            for chunk in chunks:
                yield chunk

    return Stream()


async def test_nothing_is_unpacked():
    packed = gzip.compress(b"a" * 2**20)
    response = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=streamed(packed))
    bounds.bind(response, Bound(2**16))
    assert await response.aread() == packed


async def turns_while(work):
    """Count how often another task could run."""
    turns, task = 0, asyncio.ensure_future(work)
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    return turns


async def read(lines):
    async for _line in lines:
        pass


async def test_what_comes_at_once_does_not_keep_the_loop():
    response = httpx.Response(200, stream=streamed(b"a" * 64 * bounds.PIECE))
    bounds.bind(response, Bound(2**20))
    assert await turns_while(response.aread()) >= 64


async def test_very_many_lines_do_not_keep_the_loop():
    async def comments():
        for _ in range(64 * LINES_AT_ONCE):
            yield ": keep"

    assert await turns_while(read(Wire(comments()))) >= 64
