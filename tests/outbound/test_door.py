"""What people rely on when a model answers: the text, its counts, and that Stop stops it."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal

import pytest

from langai_site import request_id
from langai_site.outbound import door, litellm_adapter
from langai_site.usage.ledger import content
from langai_site.usage.types import ModelPrice, Usage
from tests.outbound.conftest import KEY, PROVIDERS, ask, call_of, prompts
from tests.upstream.process import eventually

every_provider = pytest.mark.parametrize("provider", PROVIDERS)


def most_of(call):
    return door.max_cost(call.model, call.messages, call.max_tokens)


# What the server counts of that answer.
TOKENS = 11


@every_provider
async def test_an_answer_streams_whole_and_is_metered(upstream, provider):
    upstream.script("# Title\n\nSome *text*, and a list:\n\n- one\n- two\n")
    answer = await ask(call_of(f"{provider}/echo-r200"))
    assert answer.error is None
    assert answer.text == "# Title\n\nSome *text*, and a list:\n\n- one\n- two\n"
    # Those that arrive together are joined.
    assert 1 < len(answer.deltas) <= TOKENS
    assert answer.entry.status == "complete"
    assert answer.entry.usage.input_tokens > 0
    assert answer.entry.usage.output_tokens == TOKENS
    assert not answer.entry.usage.estimated
    assert answer.entry.first_token_ms <= answer.entry.duration_ms
    assert answer.entry.provider == provider


@every_provider
async def test_the_server_gets_the_messages_once_and_nothing_else_is_asked(upstream, provider):
    await ask(call_of(f"{provider}/t3", text="the very question"))
    (request,) = prompts(upstream)
    assert request["body"].count("the very question") == 1
    assert '"t3"' in request["body"]


@pytest.mark.parametrize("provider", ["hosted_vllm", "openai", "ollama_chat"])
async def test_counts_that_are_not_sent_are_estimated_and_marked(upstream, provider):
    answer = await ask(call_of(f"{provider}/nousage-t10", text="x" * 400))
    assert answer.error is None
    assert answer.entry.usage == Usage(input_tokens=100, output_tokens=-(-len(answer.text) // 4), estimated=True)


@every_provider
@pytest.mark.parametrize("digits", [9, 30])
async def test_counts_that_the_call_cannot_have_come_to_are_not_believed(upstream, provider, digits):
    """They would use up a budget, or fit into no column, so that the answer could not be stored."""
    answer = await ask(call_of(f"{provider}/t10-u{digits}", text="x" * 400))
    assert answer.error is None
    assert answer.entry.usage == Usage(input_tokens=100, output_tokens=-(-len(answer.text) // 4), estimated=True)


@pytest.mark.parametrize("count", ["prompt_tokens", "completion_tokens"])
@pytest.mark.parametrize("sent", [-1, 1e30, 5.5, "5", True, [5]])
def test_what_is_not_a_whole_number_from_zero_up_is_no_count(count, sent):
    counts = {"prompt_tokens": 5, "completion_tokens": 5} | {count: sent}
    assert litellm_adapter._usage(call_of("ollama_chat/t1"), [counts]) is None


@pytest.mark.parametrize(("told", "kept"), [(3, 3), (10**30, 5), (-1, 0)])
def test_no_more_is_cached_than_was_asked(told, kept):
    counts = {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": told}}
    assert litellm_adapter._usage(call_of("hosted_vllm/t1"), [counts]) == Usage(5, 1, kept)


async def test_text_of_many_tokens_a_character_is_neither_reserved_nor_estimated_too_low(upstream):
    text = "这份合同什么时候到期" * 40
    price = ModelPrice("7", input=Decimal(1_000_000), output=Decimal(0), cached=Decimal(0))
    call = call_of("hosted_vllm/nousage-t10", text=text, hosted=True, price=price)
    assert most_of(call) >= len(text)
    answer = await ask(call)
    assert len(text) / 2 < answer.entry.usage.input_tokens <= len(text)


@every_provider
async def test_an_answer_at_its_most_tokens_says_so(upstream, provider):
    answer = await ask(call_of(f"{provider}/length-t3"))
    assert answer.deltas[-1].truncated
    assert answer.entry.status == "complete"


@every_provider
@pytest.mark.parametrize("hosts", [["127.0.0.0/8"], []], ids=["local", "hosted"])
async def test_stop_closes_the_upstream_connection_at_once(upstream, settings, provider, hosts):
    settings.LOCAL_HOSTS = hosts
    entries = []
    async with aclosing(door.stream_chat(call_of(f"{provider}/t500-r50", hosted=not hosts), entries.append)) as deltas:
        async for _ in deltas:
            break
    assert await asyncio.to_thread(eventually, lambda: upstream.stats()["disconnects"] == 1, seconds=1)
    assert upstream.stats()["active"] == 0
    assert [entry.status for entry in entries] == ["stopped"]
    assert entries[0].usage.estimated


@every_provider
async def test_cancelling_a_call_that_hangs_closes_it(upstream, provider):
    entries = []

    async def collect():
        async for _ in door.stream_chat(call_of(f"{provider}/fail-hang"), entries.append):
            pass

    task = asyncio.create_task(collect())
    assert await asyncio.to_thread(eventually, lambda: upstream.stats()["active"] == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(eventually, lambda: upstream.stats()["active"] == 0, seconds=1)
    assert [entry.status for entry in entries] == ["stopped"]


async def test_many_answers_stream_side_by_side(upstream):
    answers = await asyncio.gather(*(ask(call_of("hosted_vllm/t30-r100")) for _ in range(30)))
    assert all(answer.error is None and answer.text.endswith("end.") for answer in answers)
    assert upstream.stats()["active_peak"] == 30


async def test_a_connection_is_used_again(upstream):
    for _ in range(3):
        await ask(call_of("ollama_chat/t3"))
        await ask(call_of("anthropic/t3"))
    assert upstream.stats()["disconnects"] == 0


async def test_local_answers_cost_nothing_and_an_unknown_price_is_unpriced(upstream, settings):
    assert (await ask(call_of("hosted_vllm/t3"))).entry.cost == 0
    settings.LOCAL_HOSTS = []
    assert (await ask(call_of("hosted_vllm/t3", hosted=True))).entry.cost is None


async def test_a_priced_model_costs_what_its_price_says_and_the_entry_names_the_price(upstream, settings):
    settings.LOCAL_HOSTS = []
    price = ModelPrice("7", input=Decimal(1), output=Decimal(5), cached=Decimal("0.1"))
    answer = await ask(call_of("anthropic/claude-haiku-4-5", hosted=True, price=price))
    used = answer.entry.usage
    expected = Decimal("0.000001") * used.input_tokens + Decimal("0.000005") * used.output_tokens
    assert answer.entry.cost == expected
    assert answer.entry.price_version == "7"
    call = call_of("anthropic/claude-haiku-4-5", hosted=True, max_tokens=1000, price=price)
    assert most_of(call) >= Decimal("0.005")


async def test_a_local_model_costs_nothing_whatever_its_price(upstream):
    price = ModelPrice("7", input=Decimal(1), output=Decimal(5), cached=Decimal(1))
    call = call_of("hosted_vllm/t3", price=price)
    answer = await ask(call)
    assert (
        answer.entry.cost,
        answer.entry.price_version,
        most_of(call),
    ) == (0, "", 0)


@every_provider
async def test_what_an_admin_set_is_sent_with_every_call_and_never_instead_of_what_langai_sets(upstream, provider):
    given = {"temperature": 0.25, "top_p": 0.5}
    await ask(call_of(f"{provider}/t3", parameters=given, max_tokens=77))
    body = json.loads(prompts(upstream)[0]["body"])
    sent = body.get("options", body)
    assert (sent["temperature"], sent["top_p"]) == (0.25, 0.5)
    assert 77 in (sent.get("max_tokens"), sent.get("num_predict"))


@pytest.mark.parametrize(
    ("max_tokens", "window", "room"), [(1000, 0, None), (4000, 0, 8192), (9000, 0, 16384), (9000, 12000, 12000)]
)
async def test_ollama_is_told_to_make_room_for_what_its_own_default_would_cut(upstream, max_tokens, window, room):
    text = "word " * 400
    await ask(call_of("ollama_chat/t3", text=text, max_tokens=max_tokens, context_window=window))
    assert json.loads(prompts(upstream)[0]["body"])["options"].get("num_ctx") == room


async def test_ollama_makes_room_for_dense_text_as_well(upstream):
    await ask(call_of("ollama_chat/t3", text="合" * 3500, max_tokens=1000))
    assert json.loads(prompts(upstream)[0]["body"])["options"]["num_ctx"] >= 3500 + 1000


async def test_proxies_are_not_used_in_the_building(upstream, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for provider in PROVIDERS:
        answer = await ask(call_of(f"{provider}/t3"))
        assert answer.error is None, provider


@every_provider
async def test_the_key_goes_to_its_server_only(upstream, provider):
    await ask(call_of(f"{provider}/t3"))
    (request,) = prompts(upstream)
    assert (KEY in request["raw"]) is (provider != "ollama_chat")


@every_provider
async def test_an_entry_says_how_much_was_sent_and_proves_what(upstream, provider):
    call = replace(call_of(f"{provider}/t3", text="the very question"), route="chosen by you")
    entry = (await ask(call)).entry
    sent = content.as_sent([{"role": "user", "content": "the very question"}])
    assert (entry.bytes_sent, entry.content_hash) == (len(sent), content.keyed_hash(sent))
    assert entry.route == "chosen by you"


async def test_a_call_that_failed_tells_what_it_sent_as_well(upstream):
    entry = (await ask(call_of("hosted_vllm/fail-cut"))).entry
    assert entry.status != "complete"
    assert entry.bytes_sent
    assert entry.content_hash


@every_provider
async def test_a_server_in_the_building_is_told_the_request_and_no_other(upstream, settings, provider):
    with request_id.following(request_id.Trail("asked-4711")):
        await ask(call_of(f"{provider}/t3"))
        settings.LOCAL_HOSTS = []
        await ask(call_of(f"{provider}/t3", hosted=True))
    local, hosted = (request["raw"].lower() for request in prompts(upstream))
    assert "x-request-id: asked-4711" in local
    assert "asked-4711" not in hosted
