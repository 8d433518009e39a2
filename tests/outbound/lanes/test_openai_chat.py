"""OpenAI's stream, as OpenAI and the servers that imitate it send it."""

import json

import pytest
from hypothesis import given, settings

from langai_site.outbound.lanes.events import (
    Finished,
    FinishReason,
    Refusal,
    ThinkingDelta,
    ToolCallDelta,
    UsageDelta,
)
from langai_site.outbound.lanes.openai_chat import Decoder
from tests.outbound.lanes.openai_shapes import (
    ANSWER,
    CALL,
    END,
    HM,
    PLAIN,
    STOP,
    USAGE,
    WHOLE,
    answer,
    chunk,
    counted,
    text,
)
from tests.outbound.lanes.reading import cuts, joined, of, read, sse, text_of

STREAMS = {
    "plain": sse(*PLAIN, done=True),
    "crlf": sse(*PLAIN, end="\r\n", done=True),
    "cr": sse(*PLAIN, end="\r", done=True),
    "no blank lines": sse(*PLAIN, end="\n", done=True).replace(b"\n\n", b"\n"),
    "byte order mark and comments": "\ufeff: OPENROUTER PROCESSING\n\n".encode() + sse(*PLAIN),
    "whole": json.dumps(WHOLE | {"usage": USAGE}).encode(),
    "whole, pretty": json.dumps(WHOLE | {"usage": USAGE}, indent=2).encode(),
    "whole, as one event": sse(WHOLE, counted(USAGE), done=True),
    "lines of JSON": b"".join(json.dumps(value).encode() + b"\n" for value in PLAIN),
    "several data lines": sse(*PLAIN, done=True).replace(b', "choices"', b',\ndata: "choices"'),
    "azure": sse({"id": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}, *PLAIN, done=True),
    "named events": sse(*PLAIN, done=True).replace(b"data: {", b"event: message\ndata: {"),
    "null choices": sse({"id": "x", "choices": None}, *PLAIN, {"id": "x"}, done=True),
    "null delta": sse(*PLAIN[:3], chunk(None, "stop"), counted(USAGE), done=True),
    "lists": sse(text([{"type": "text", "text": "The "}]), text(["answer"]), END, counted(USAGE)),
    "completions": sse(
        {"choices": [{"text": "The "}]}, {"choices": [{"text": "answer", "finish_reason": "stop"}]}, counted(USAGE)
    ),
    "other choices": sse({"choices": [{"index": 1, "delta": {"content": "x"}}]}, *PLAIN),
    "half a character": sse(*PLAIN),
}


@pytest.mark.parametrize("data", STREAMS.values(), ids=STREAMS)
@given(at=cuts)
@settings(deadline=None, max_examples=15)
def test_every_framing_gives_the_same_answer_in_any_pieces(data, at):
    events = joined(read(Decoder(), data, at))
    assert text_of(events) == "The answer"
    assert of(Finished, events) == [STOP]
    assert of(UsageDelta, events) == [UsageDelta(100, 20)]


@pytest.mark.parametrize(
    "deltas",
    [
        [{"reasoning_content": "h"}, {"reasoning_content": "m", "content": None}, {"content": "The answer"}],
        [{"reasoning": "hm"}, {"content": "The answer", "reasoning": None}],
        [{"reasoning": "hm", "reasoning_content": "hm"}, {"content": "The answer"}],
        [
            {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
            {"content": "The answer"},
        ],
        [{"reasoning_details": [{"type": "reasoning.summary", "summary": "hm"}]}, {"content": "The answer"}],
        [{"thinking": "hm", "content": "The answer"}],
        [{"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}, {"content": "The answer"}],
        [{"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "The answer"}]}],
        [
            {"content": {"type": "reasoning", "text": "hm"}},
            {"content": {"type": "text", "text": {"value": "The answer"}}},
        ],
        [{"content": "<thi"}, {"content": "nk>hm</th"}, {"content": "ink>\n\nThe answer"}],
        [{"reasoning": {"content": "hm"}}, {"content": "The answer"}],
    ],
)
def test_thinking_under_any_name_is_never_text(deltas):
    assert answer(*[chunk(delta) for delta in deltas], END) == [HM, ANSWER, STOP]


def test_a_signed_thought_keeps_what_its_provider_needs():
    signed = {"type": "reasoning.text", "id": "r1", "format": "anthropic-claude-v1", "index": 0, "signature": "Eq"}
    events = answer(chunk({"reasoning": "hm"}), chunk({"reasoning_details": [signed]}), text("The answer"), END)
    assert events == [ThinkingDelta("hm", "openai:" + json.dumps(signed)), ANSWER, STOP]


def signed(number, **more):
    return {"type": "reasoning.text", "index": number, "signature": f"Eq{number}"} | more


def test_each_thought_of_a_chunk_keeps_its_signature():
    details = [signed(0, text="h"), {"type": "reasoning.text", "text": "x"}, signed(1, text="m")]
    events = answer(chunk({"reasoning": "hxm", "reasoning_details": details}), text("The answer"), END)
    first, second = (f"openai:{json.dumps(signed(number))}" for number in (0, 1))
    assert events == [ThinkingDelta("h", first), ThinkingDelta("xm", second), ANSWER, STOP]
    events = answer(chunk({"reasoning": "hm", "reasoning_details": [signed(0), signed(1)]}), text("The answer"), END)
    assert events == [ThinkingDelta("hm", first), ThinkingDelta("", second), ANSWER, STOP]


def test_blocks_of_litellm_keep_their_signatures():
    blocks = [{"type": "thinking", "thinking": "hm", "signature": None}], [{"type": "thinking", "signature": "Eq"}]
    events = answer(
        chunk({"content": "", "reasoning_content": "hm", "thinking_blocks": blocks[0]}),
        chunk({"content": "", "thinking_blocks": blocks[1]}),
        chunk({"thinking_blocks": [{"type": "redacted_thinking", "data": "Em"}]}),
        text("The answer"),
        END,
    )
    first, second = {"type": "thinking", "signature": "Eq"}, {"type": "redacted_thinking", "data": "Em"}
    assert events == [
        ThinkingDelta("hm", f"openai:{json.dumps(first)}"),
        ThinkingDelta("", f"openai:{json.dumps(second)}"),
        ANSWER,
        STOP,
    ]


def test_the_signature_of_a_call_comes_before_it():
    """From Google's servers behind OpenAI's format."""
    call = CALL | {"extra_content": {"google": {"thought_signature": "CiQ="}}}
    signed = {"type": "google.thought_signature", "signature": "CiQ="}
    assert answer(chunk({"tool_calls": [call]}), chunk({"content": ""}, "stop")) == [
        ThinkingDelta("", f"openai:{json.dumps(signed)}"),
        ToolCallDelta(0, "c1", "search", ""),
        Finished(FinishReason.TOOL_CALLS),
    ]
    for extra in (None, [], {"google": None}, {"google": {"thought_signature": 5}}):
        assert not of(ThinkingDelta, answer(chunk({"tool_calls": [CALL | {"extra_content": extra}]}), END))


@pytest.mark.parametrize(("content", "seen"), [(42, "42"), (4.5, "4.5"), (0, "0"), (None, ""), (True, ""), ([], "")])
def test_content_may_be_anything(content, seen):
    assert text_of(answer(text(content), END)) == seen


def test_an_opened_thought_is_not_taken_for_one_where_the_server_sorts():
    stream = sse(chunk({"reasoning_content": "hm"}), text("The answer"), END)
    assert joined(read(Decoder(opened=True), stream)) == [HM, ANSWER, STOP]
    assert joined(read(Decoder(opened=True), sse(text("hm</think>\nThe answer"), END))) == [HM, ANSWER, STOP]


def test_halves_of_a_character_are_joined():
    stream = [text("a\ud83d"), text("\ude00b"), text("\ud83d"), text("c\ude00"), END]
    assert text_of(answer(*stream)) == "a😀b\ufffdc\ufffd"


@pytest.mark.parametrize(
    ("values", "done", "reasons"),
    [
        ([text("The answer")], True, [STOP]),
        ([text("The answer"), counted(USAGE)], False, [STOP]),
        ([text("The answer"), chunk({}, usage=USAGE)], False, [STOP]),
        ([text("The answer"), {"id": "x", "x_groq": {"usage": USAGE}}], False, [STOP]),
        ([text("The answer")], False, []),
        ([text("The answer", usage=USAGE)], False, []),
        ([chunk({"role": "assistant", "content": ""}, usage={"prompt_tokens": 100, "total_tokens": 100})], False, []),
        ([counted(USAGE), text("The answer")], False, []),
        ([], False, []),
        ([], True, [STOP]),
        ([END, END, END], True, [STOP]),
    ],
)
def test_an_answer_is_complete_where_the_server_says_so(values, done, reasons):
    assert of(Finished, answer(*values, done=done)) == reasons


def test_a_whole_answer_needs_no_reason():
    whole = {"choices": [{"message": {"content": "The answer"}}]}
    assert joined(read(Decoder(), json.dumps(whole).encode())) == [ANSWER, STOP]


@pytest.mark.parametrize("data", [sse(text("The answer"), counted(USAGE))[:-3], sse(text("The answer"))])
def test_an_answer_that_breaks_off_is_not_complete(data):
    cut = data[: data.rindex(b"}")]
    assert of(Finished, joined(read(Decoder(), cut))) == []
    assert joined(read(Decoder(), json.dumps(WHOLE, indent=1).encode()[:-9])) == []


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        *[(word, FinishReason.STOP) for word in ("stop", "eos", "end_turn", "STOP", "stop_sequence", "brand_new")],
        *[(word, FinishReason.LENGTH) for word in ("length", "max_tokens", "MAX_TOKENS", "model_length")],
        *[(word, FinishReason.TOOL_CALLS) for word in ("tool_calls", "tool_use", "function_call")],
        *[(word, FinishReason.FILTERED) for word in ("content_filter", "SAFETY", "refusal", "sensitive")],
        *[(word, FinishReason.ERROR) for word in ("error", "insufficient_system_resource", "abort")],
    ],
)
def test_reasons(word, reason):
    assert answer(text("The answer"), chunk({}, word)) == [ANSWER, Finished(reason)]


@pytest.mark.parametrize("word", ["", None, "null", 5, [], {}, True])
def test_what_is_not_a_reason(word):
    assert answer(text("The answer"), chunk({}, word), done=False) == [ANSWER]


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 100.0, "completion_tokens": "20"}, UsageDelta(100, 20)),
        ({"input_tokens": 100, "output_tokens": 20}, UsageDelta(100, 20)),
        ({"prompt_tokens": 100, "total_tokens": 120}, UsageDelta(100, 20, 20)),
        (USAGE | {"completion_tokens_details": {"reasoning_tokens": 15}}, UsageDelta(100, 20, 15)),
        (USAGE | {"completion_tokens_details": {"reasoning_tokens": 500}}, UsageDelta(100, 520, 500)),
        (
            {**USAGE, "total_tokens": 130, "completion_tokens_details": {"reasoning_tokens": 10}},
            UsageDelta(100, 30, 10),
        ),
        (USAGE | {"total_tokens": 620}, UsageDelta(100, 520, 500)),
        (USAGE | {"prompt_tokens_details": {"cached_tokens": 64}}, UsageDelta(100, 20, 0, 64)),
        (USAGE | {"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36}, UsageDelta(100, 20, 0, 64)),
        (USAGE | {"cache_read_input_tokens": 900, "cache_creation_input_tokens": 50}, UsageDelta(1050, 20, 0, 900, 50)),
        (USAGE | {"prompt_tokens_details": None, "completion_tokens_details": []}, UsageDelta(100, 20)),
    ],
)
def test_counts_are_read(usage, counts):
    assert of(UsageDelta, answer(text("a"), END, counted(usage))) == [counts]


@pytest.mark.parametrize("usage", [None, [], "x", {}, {"prompt_tokens": None}, {"prompt_tokens": 0}])
@pytest.mark.parametrize("absurd", [-1, 10**30, "many", "1e999", "9" * 500, [], {}, 1e300])
def test_counts_that_cannot_be_are_left_out(usage, absurd):
    assert of(UsageDelta, answer(END, counted(usage), counted(USAGE | {"completion_tokens": absurd}))) == []


def test_counts_in_every_chunk_are_not_added_up():
    stream = [text("a", usage=USAGE | {"completion_tokens": n, "total_tokens": 100 + n}) for n in (1, 2, 3)]
    assert of(UsageDelta, answer(*stream, END))[-1] == UsageDelta(100, 3)


@pytest.mark.parametrize("usage_at", ["x_groq", "choice"])
def test_counts_in_other_places(usage_at):
    last = chunk({}, "stop", x_groq={"usage": USAGE})
    if usage_at == "choice":
        last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": USAGE}]}
    assert of(UsageDelta, answer(text("a"), last)) == [UsageDelta(100, 20)]


def test_a_refusal_is_told_apart():
    stream = [chunk({"content": None, "refusal": ""}), chunk({"refusal": "No."}), END]
    assert answer(*stream) == [Refusal("No."), STOP]
    assert answer(text([{"type": "refusal", "refusal": "No."}]), END) == [Refusal("No."), STOP]


def test_tool_calls_come_in_fragments():
    stream = [
        chunk({"tool_calls": [CALL]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"q":'}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}),
        chunk({"tool_calls": [CALL | {"index": 1, "id": "c2"}]}, "tool_calls"),
    ]
    assert answer(*stream) == [
        ToolCallDelta(0, "c1", "search", '{"q":1}'),
        ToolCallDelta(1, "c2", "search", ""),
        Finished(FinishReason.TOOL_CALLS),
    ]


@pytest.mark.parametrize(
    "calls",
    [
        [CALL, CALL | {"id": "c2"}],
        [{"id": "c1", "function": {"name": "search"}}, {"id": "c2", "function": {"name": "search", "arguments": None}}],
        [CALL | {"index": 5}, CALL | {"index": 7, "id": "c2"}],
    ],
)
def test_calls_are_told_apart_where_the_index_does_not(calls):
    expected = [ToolCallDelta(0, "c1", "search", ""), ToolCallDelta(1, "c2", "search", "")]
    assert of(ToolCallDelta, answer(chunk({"tool_calls": calls}), END)) == expected
    assert of(ToolCallDelta, answer(*[chunk({"tool_calls": [call]}) for call in calls], END)) == expected


def named(name, arguments, **more):
    return {"function": {"name": name, "arguments": arguments}} | more


@pytest.mark.parametrize(
    "calls",
    [
        # One index for all of them, and no ids.
        [named("search", '{"q":1}', index=0), named("search", '{"q":2}', index=0)],
        # The first fragment alone has an index, or none has.
        [
            named("search", '{"q"', index=0),
            {"function": {"arguments": ":1}"}},
            named("search", '{"q":2}', index=1),
        ],
        [named("search", '{"q"'), {"index": 0, "function": {"arguments": ":1}"}}, named("search", '{"q":2}', index=1)],
        # The name is repeated with each fragment, also with an empty one at the end.
        [*[named("search", part, index=0) for part in ('{"q"', ":1}", "")], named("search", '{"q":2}', index=1)],
    ],
)
def test_fragments_belong_to_the_call_that_they_continue(calls):
    expected = [ToolCallDelta(0, "", "search", '{"q":1}'), ToolCallDelta(1, "", "search", '{"q":2}')]
    assert of(ToolCallDelta, answer(chunk({"tool_calls": calls}), END)) == expected
    assert of(ToolCallDelta, answer(*[chunk({"tool_calls": [call]}) for call in calls], END)) == expected


def test_fragments_without_index_are_told_apart_by_their_ids():
    calls = [named("f", '{"q"', id="a"), named("f", '{"q"', id="b"), {"id": "a", "function": {"arguments": ":1}"}}]
    calls.append({"id": "b", "function": {"arguments": ":2}"}})
    events = of(ToolCallDelta, answer(*[chunk({"tool_calls": [call]}) for call in calls], END))
    texts = ["".join(event.arguments for event in events if event.index == number) for number in (0, 1)]
    assert texts == ['{"q":1}', '{"q":2}']


def test_an_old_function_call_and_arguments_as_an_object():
    stream = [chunk({"function_call": {"name": "search", "arguments": {"q": 1}}}, "function_call")]
    assert answer(*stream) == [ToolCallDelta(0, "", "search", '{"q": 1}'), Finished(FinishReason.TOOL_CALLS)]
