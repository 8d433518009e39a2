"""A model's thoughts come out of the door beside its answer, and are never part of it."""

import pytest

from langai_site.outbound import lane_requests, outcome
from langai_site.outbound.lanes import gemini_generate
from langai_site.outbound.types import Delta, StillWorking, Thought
from tests.outbound.conftest import PROVIDERS, ask, call_of
from tests.outbound.test_lane import COMPLETE, MODEL, SAYS, USAGE, chunk, sse

THOUGHT = "**Hm1** hm2 hm3 hm4 hm5 "
ANSWER = "word1 word2 end."


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_thoughts_come_beside_the_answer(upstream, provider):
    answer = await ask(call_of(f"{provider}/t3-h5"))
    assert (answer.thought, answer.text, answer.error) == (THOUGHT, ANSWER, None)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.usefixtures("through_litellm")
async def test_through_litellm_they_come_as_well(upstream, provider, settings):
    # It may have to be loaded first.
    settings.ANSWER_START_TIMEOUT = 60
    answer = await ask(call_of(f"{provider}/t3-h5"))
    assert (answer.thought, answer.text, answer.error) == (THOUGHT, ANSWER, None)


async def test_geminis_thoughts_come_beside_the_answer(upstream, monkeypatch):
    monkeypatch.setitem(lane_requests.FORMATS, "anthropic", gemini_generate)
    answer = await ask(call_of("anthropic/t3-h5"))
    assert (answer.thought, answer.text, answer.error) == (THOUGHT, ANSWER, None)
    assert answer.entry.usage.reasoning_tokens == 5


async def test_a_signature_comes_with_the_thought_that_it_ends(upstream):
    answer = await ask(call_of("anthropic/t3-h5"))
    signed = [output for output in answer.outputs if isinstance(output, Thought) and output.signature]
    assert len(signed) == 1
    assert answer.outputs.index(signed[0]) < next(
        at for at, output in enumerate(answer.outputs) if isinstance(output, Delta)
    )


async def test_a_thought_is_no_first_word_and_is_charged(upstream):
    answer = await ask(call_of("hosted_vllm/t3-h10-r20-nousage"))
    assert answer.entry.first_token_ms >= 400
    spoken = await ask(call_of("hosted_vllm/t3-nousage"))
    assert answer.entry.usage.estimated
    assert answer.entry.usage.output_tokens > spoken.entry.usage.output_tokens


async def test_who_stops_a_thought_is_charged_for_it(upstream):
    upstream.script_raw(sse(chunk({"reasoning_content": "Hm, hm. " * 40}), end=b""))
    answer = await ask(call_of(MODEL))
    assert (answer.text, answer.error.code) == ("", "cut")
    assert answer.entry.usage.output_tokens >= 80


@pytest.mark.parametrize(("reasoning", "counted"), [(3, 3), (None, 0)])
async def test_the_tokens_of_thoughts_are_counted_as_the_provider_counts_them(upstream, reasoning, counted):
    usage = USAGE | ({"completion_tokens_details": {"reasoning_tokens": reasoning}} if reasoning else {})
    upstream.script_raw(sse(*SAYS, chunk({}, "stop"), {"choices": [], "usage": usage}))
    told = (await ask(call_of(MODEL))).entry.usage
    assert (told.output_tokens, told.reasoning_tokens) == (5, counted)


async def test_text_that_was_a_thought_is_taken_back(upstream):
    upstream.script_raw(sse(chunk({"content": "Hm."}), chunk({"content": " So.</think>\n"}), *SAYS))
    answer = await ask(call_of(MODEL))
    at = next(at for at, delta in enumerate(answer.deltas) if delta.restart)
    assert "".join(delta.text for delta in answer.deltas[:at]).strip() == "Hm. So."
    assert "".join(delta.text for delta in answer.deltas[at:]) == "Four of them."


async def test_that_the_server_still_works_is_told_once_and_only_before_the_first_token(upstream, monkeypatch):
    monkeypatch.setattr(outcome, "WORKING_AFTER", 0.15)
    upstream.script_raw(*[b": in the queue\n\n"] * 6, COMPLETE["as usual"], b": done\n\n", pause=0.1)
    answer = await ask(call_of(MODEL))
    assert [type(output) for output in answer.outputs].count(StillWorking) == 1
    assert isinstance(answer.outputs[0], StillWorking)
    assert answer.text == "Four of them."


async def test_many_small_thoughts_of_one_read_are_one(upstream):
    upstream.script_raw(b"".join(sse(chunk({"reasoning_content": "Hm. "}), end=b"") for _ in range(50)) + sse(*SAYS))
    answer = await ask(call_of(MODEL))
    assert answer.thought == "Hm. " * 50
    assert sum(isinstance(output, Thought) for output in answer.outputs) <= 3


async def test_a_long_thought_of_small_pieces_is_not_too_much(upstream):
    tokens = [chunk({"reasoning_content": f"hm{number} "}) for number in range(30_000)]
    pieces = [sse(*tokens[at : at + 500], end=b"") for at in range(0, len(tokens), 500)]
    upstream.script_raw(*pieces, sse(*SAYS, chunk({}, "stop")))
    answer = await ask(call_of(MODEL, max_tokens=50))
    assert (answer.text, answer.error) == ("Four of them.", None)
    assert answer.thought.endswith("hm29999 ")


async def test_what_was_thought_before_a_failure_in_the_same_read_is_told(upstream):
    failure = {"error": {"message": "The engine failed", "code": 500}}
    upstream.script_raw(sse(chunk({"reasoning_content": "Hm, "}), chunk({"reasoning_content": "hm."}), failure))
    answer = await ask(call_of(MODEL))
    assert (answer.thought, answer.error.code) == ("Hm, hm.", "upstream_error")
