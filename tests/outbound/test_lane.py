"""What servers send on the wire, byte for byte, and the result: the whole text, or a clear failure."""

import gzip
import json
import zlib
from dataclasses import replace

import httpx
import pytest

from langai_site.database.writer import in_database_thread
from langai_site.outbound import catalogue, http_clients, lane_requests, patience, stored_quirks
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.gate import Gate
from langai_site.outbound.lanes.events import ServerFailure
from langai_site.outbound.lanes.quirks import Quirks
from langai_site.outbound.models import Model
from langai_site.outbound.types import ChatMessage
from langai_site.usage.types import Usage
from tests.outbound.conftest import KEY, ask, call_of, prompts


def chunk(delta=None, finish=None, **more):
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def sse(*chunks, end=b"data: [DONE]\n\n", line_end=b"\n"):
    events = b"".join(b"data: " + json.dumps(one).encode() + line_end * 2 for one in chunks)
    return events + end.replace(b"\n", line_end)


SAYS = [chunk({"role": "assistant", "content": ""}), chunk({"content": "Four"}), chunk({"content": " of them."})]
USAGE = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
WHOLE = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Four of them."}, "finish_reason": "stop"}]
}
COMPLETE = {
    "as usual": sse(*SAYS, chunk({}, "stop")),
    "no reason but the end mark": sse(*SAYS),
    "no end mark": sse(*SAYS, chunk({}, "stop"), end=b""),
    "counts instead of a reason": sse(*SAYS, {"choices": [], "usage": USAGE}, end=b""),
    "carriage returns": sse(*SAYS, chunk({}, "stop"), line_end=b"\r\n"),
    "bare carriage returns": sse(*SAYS, chunk({}, "stop"), line_end=b"\r"),
    "a byte order mark": b"\xef\xbb\xbf" + sse(*SAYS, chunk({}, "stop")),
    "comments": b": waiting\n\n" + sse(*SAYS, chunk({}, "stop")),
    "no delta": sse(*SAYS, chunk(None, "stop")),
    "no choices": sse({"choices": None}, *SAYS, chunk({}, "stop")),
    "content in parts": sse(chunk({"content": [{"type": "text", "text": "Four of them."}]}), chunk({}, "stop")),
    "a message in a stream": sse(WHOLE),
    "no stream at all": json.dumps(WHOLE, indent=1).encode(),
    "a thought in the text": sse(chunk({"content": "<think>\nHm."}), chunk({"content": "</think>\n"}), *SAYS),
    "a thought of its own": sse(chunk({"reasoning_content": "Hm."}), chunk({"reasoning": "Hm."}), *SAYS),
    "an odd end": sse(*SAYS, chunk({}, "eos")),
}
FAILED = {
    "a tool": (
        sse(chunk({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}), chunk({}, "tool_calls")),
        "tool_call",
    ),
    "nothing": (sse(chunk({"content": ""}), chunk({}, "stop")), "silent"),
    "blanks": (sse(chunk({"content": "\n \n"}), chunk({}, "stop")), "silent"),
    "only a thought": (sse(chunk({"reasoning": "Hm, hm."}), chunk({}, "length")), "thought_only"),
    "too long": (sse({"error": {"message": "maximum context length", "code": "context_length_exceeded"}}), "too_long"),
    "filtered": (sse(*SAYS, chunk({}, "content_filter")), "filtered"),
    "a failure in the midst": (sse(*SAYS, chunk({}, "error")), "upstream_error"),
    "half": (sse(*SAYS, end=b""), "cut"),
    "no JSON": (sse(*SAYS, end=b"data: {oh no\n\n"), "malformed"),
}
MODEL = "hosted_vllm/raw"


@pytest.mark.parametrize("case", COMPLETE)
async def test_an_answer_in_any_shape_is_read(upstream, case):
    upstream.script_raw(COMPLETE[case])
    answer = await ask(call_of(MODEL))
    assert (answer.text, answer.error, answer.entry.status) == ("Four of them.", None, "complete")


@pytest.mark.parametrize("case", FAILED)
async def test_an_answer_that_is_none_is_never_complete(upstream, case):
    said, code = FAILED[case]
    upstream.script_raw(said)
    answer = await ask(call_of(MODEL))
    assert answer.error.code == answer.entry.status == code
    assert len(prompts(upstream)) == 1


async def test_a_refusal_is_what_the_model_says(upstream):
    upstream.script_raw(sse(chunk({"content": None, "refusal": "I will not "}), chunk({"refusal": "say."}, "stop")))
    answer = await ask(call_of(MODEL))
    assert (answer.text, answer.error) == ("I will not say.", None)


@pytest.mark.parametrize("size", [1, 2, 7, 64])
async def test_reads_may_end_anywhere(upstream, size):
    said = sse(chunk({"content": "<think>né</think>"}), chunk({"content": "Zwölf 漢字 🎉"}), chunk({}, "stop"))
    upstream.script_raw(*(said[at : at + size] for at in range(0, len(said), size)))
    assert (await ask(call_of(MODEL))).text == "Zwölf 漢字 🎉"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
async def test_a_packed_answer_is_unpacked(upstream, pack):
    encoding = "gzip" if pack is gzip.compress else "deflate"
    upstream.script_raw(pack(COMPLETE["as usual"]), Content_Encoding=encoding)
    assert (await ask(call_of(MODEL))).text == "Four of them."


async def test_a_packed_answer_without_end_is_stopped(upstream):
    upstream.script_raw(gzip.compress(b": nothing\n\n" * 2**21), Content_Encoding="gzip")
    assert (await ask(call_of(MODEL, max_tokens=50))).error.code == "oversized"


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 30.0, "completion_tokens": 5.0}, Usage(30, 5)),
        ({**USAGE, "prompt_tokens_details": {"cached_tokens": 20}}, Usage(30, 5, 20)),
        (
            {**USAGE, "total_tokens": 535, "completion_tokens_details": {"reasoning_tokens": 500}},
            Usage(30, 505, reasoning_tokens=500),
        ),
        ({**USAGE, "completion_tokens_details": {"reasoning_tokens": 3}}, Usage(30, 5, reasoning_tokens=3)),
    ],
    ids=["floats", "cached", "thoughts apart", "thoughts within"],
)
async def test_counts_are_taken_however_they_are_written(upstream, usage, counted):
    upstream.script_raw(sse(*SAYS, chunk({}, "stop"), {"choices": [], "usage": usage}))
    assert (await ask(call_of(MODEL))).entry.usage == counted


async def test_signs_of_life_prolong_the_wait(upstream, settings):
    settings.ANSWER_START_TIMEOUT = 0.5
    upstream.script_raw(*[b": still loading\n\n"] * 6, COMPLETE["as usual"], pause=0.2)
    assert (await ask(call_of(MODEL))).text == "Four of them."


async def test_signs_of_life_prolong_it_only_so_far(upstream, settings, monkeypatch):
    settings.ANSWER_START_TIMEOUT = 0.5
    monkeypatch.setattr(patience, "MOST_SECONDS_WITHOUT_A_TOKEN", 0.8)
    upstream.script_raw(*[b": still loading\n\n"] * 20, COMPLETE["as usual"], pause=0.2)
    assert (await ask(call_of(MODEL))).error.code == "start_timeout"


@pytest.mark.parametrize(
    ("status", "body", "code", "wait"),
    [
        (400, {"error": {"message": "prompt is too long: 9000 tokens"}}, "too_long", 0),
        (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, "quota", 0),
        (503, {"error": {"message": "Loading model", "code": 503}}, "loading", 0),
        (429, {"error": {"message": "Slow down"}}, "rate_limited", 7),
    ],
)
async def test_errors_are_told_apart(upstream, status, body, code, wait):
    headers = {"Retry_After": "7"} if wait else {}
    upstream.script_raw(json.dumps(body).encode(), status=status, Content_Type="application/json", **headers)
    answer = await ask(call_of(MODEL))
    assert (answer.error.code, answer.error.retry_after) == (code, wait)
    assert answer.error.detail.startswith(f"status {status}")


async def test_what_people_wrote_is_in_no_detail(upstream, caplog):
    body = {"error": {"message": "Bad content: My salary is 5000 euros a month", "param": "messages"}}
    upstream.script_raw(json.dumps(body).encode(), status=400)
    answer = await ask(call_of(MODEL, text="My salary is 5000 euros a month"))
    assert "parameter messages" in answer.error.detail
    assert "salary" not in answer.error.detail + caplog.text


STRICT = {
    "nomaxtokens": Quirks(max_tokens_name="max_completion_tokens"),
    "nostreamoptions": Quirks(stream_options=False),
    "nosystem": Quirks(system_role="user"),
    "notemperature": Quirks(temperature=False),
    "fewtokens": Quirks(max_tokens_ceiling=2048),
    "nostream": Quirks(stream=False),
}


def strict_call(name, **facts):
    call = call_of(name, max_tokens=4000, **facts)
    messages = (ChatMessage.of("system", "Be brief."), *call.messages)
    return replace(call, messages=messages, temperature=0.2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("word", STRICT)
async def test_a_parameter_that_is_refused_is_left_out_from_then_on(upstream, word):
    name = f"hosted_vllm/strict-{word}-t3"
    await in_database_thread(lambda: Model.objects.create(name=name, display_name=name, provider="hosted_vllm"))
    answer = await ask(strict_call(name))
    assert (answer.text, answer.entry.status) == ("word1 word2 end.", "complete")
    assert len(prompts(upstream)) == 2
    learnt = await in_database_thread(lambda: catalogue.info(Model.objects.get()).quirks)
    assert learnt == STRICT[word]
    assert (await ask(strict_call(name, quirks=learnt))).text == "word1 word2 end."
    assert len(prompts(upstream)) == 3


@pytest.mark.django_db(transaction=True)
async def test_a_window_that_a_refusal_names_is_remembered(upstream):
    name = "hosted_vllm/strict-smallwindow-t3"
    await in_database_thread(
        lambda: Model.objects.create(name=name, display_name=name, provider="hosted_vllm", listed_window=131_072)
    )
    answer = await ask(call_of(name, max_tokens=4000))
    assert (answer.error.code, answer.error.window) == ("too_long", 2048)
    model = await in_database_thread(Model.objects.get)
    assert (catalogue.info(model).context_window, model.window) == (2048, 2048)
    assert "2,048 tokens together" in stored_quirks.words(catalogue.info(model).quirks)
    model.context_window = 8192
    assert (catalogue.info(model).context_window, model.window) == (8192, 8192)


@pytest.mark.django_db(transaction=True)
async def test_one_refusal_after_the_other_is_met(upstream):
    answer = await ask(strict_call("hosted_vllm/strict-nomaxtokens-nosystem-notemperature-t3"))
    assert answer.text == "word1 word2 end."
    assert (len(prompts(upstream)), len(answer.entries)) == (4, 1)


async def test_an_old_azure_deployment_learns_the_old_name(upstream):
    """It refuses its provider's usual name, and is then asked with the old one only."""
    call = call_of("azure/gpt")
    endpoint = Endpoint("azure", "gpt", upstream.openai_url, KEY, direct=True)
    message = "Unrecognized request argument supplied: max_completion_tokens"
    said = ServerFailure(400, message=message, param="max_completion_tokens")
    assert "max_completion_tokens" in json.loads(lane_requests.of_call(call, endpoint).content)
    learnt = lane_requests.learnt(said, call, endpoint)
    kept = stored_quirks.read(json.loads(json.dumps(stored_quirks.stored(learnt))))
    body = json.loads(lane_requests.of_call(replace(call, model=replace(call.model, quirks=kept)), endpoint).content)
    assert ("max_completion_tokens" in body, body["max_tokens"]) == (False, 1000)


async def test_a_request_that_a_library_writes_again_is_not_sent(upstream):
    call = call_of(MODEL)
    gate = Gate(call.read_present, lambda _present: None)
    gate.ask_now()
    request = httpx.Request("POST", upstream.openai_url + "/chat/completions", json={})
    with pytest.raises(httpx.NetworkError, match="one request"):
        await http_clients.send(request, gate, direct=True)
    assert upstream.requests() == []


@pytest.mark.parametrize(("key", "code"), [("sk-\u201cquoted\u201d", "unauthorized"), ("sk-\nline", "unreachable")])
async def test_a_key_that_was_copied_wrong_is_a_clear_failure(upstream, settings, key, code):
    settings.OPENAI_API_KEY = key
    answer = await ask(call_of(MODEL))
    assert (answer.error.code, upstream.requests()) == (code, [])


async def test_a_long_prompt_is_sent_whole(upstream):
    text = "Zwölf " * 40_000
    assert (await ask(call_of("hosted_vllm/t3", text=text))).error is None
    (request,) = prompts(upstream)
    assert json.loads(request["body"])["messages"][-1]["content"] == text
