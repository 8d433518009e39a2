"""OpenAI's stream with errors, gaps and anything else in it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langai_site.outbound.lanes.errors import TooLongError, UnreadableError
from langai_site.outbound.lanes.events import (
    ALIVE,
    ServerFailure,
    TextDelta,
)
from langai_site.outbound.lanes.openai_chat import Decoder
from tests.outbound.lanes.openai_shapes import (
    ANSWER,
    END,
    STOP,
    WHOLE,
    answer,
    chunk,
    text,
)
from tests.outbound.lanes.reading import cuts, joined, json_with, pieces, read, sse, text_of, work

FAILURES = [
    {"error": {"message": "too much", "type": "t", "code": "c", "param": "p"}},
    {"id": "x", "choices": [], "error": {"message": "too much", "type": "t", "code": "c", "param": "p"}},
    {"id": "x", "choices": [{"delta": {"content": ""}, "finish_reason": "error", "error": {"message": "too much"}}]},
    {"error": "too much"},
    {"object": "error", "message": "too much", "type": "t", "code": 400},
    {"detail": [{"loc": ["body", "n"], "msg": "too much", "type": "t"}]},
    {"x_groq": {"error": "too much"}, "choices": []},
    [{"error": {"code": 503, "message": "too much", "status": "UNAVAILABLE"}}],
]


@pytest.mark.parametrize("error", FAILURES)
def test_an_error_in_mid_stream_keeps_its_kind(error):
    events = answer(text("The answer"), error, END)
    assert [type(event) for event in events] == [TextDelta, ServerFailure]
    assert "too much" in events[1].message


@pytest.mark.parametrize("data", ['{"error":{"message":"too much"}}', '{"message":"too much"}', "too much"])
@pytest.mark.parametrize("form", ["event: error\ndata: {}\n\n", "data: x\nevent: error\n", "error: {}\n\n"])
def test_an_event_called_error_is_one(data, form):
    if form.startswith("data"):
        return
    events = joined(read(Decoder(), sse(text("The answer")) + form.format(data).encode()))
    assert events == [ANSWER, ServerFailure(0, message="too much")]


def test_an_error_that_is_the_whole_body():
    body = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
    failure = ServerFailure(503, "unavailable_error", "503", message="Loading model")
    assert joined(read(Decoder(), json.dumps(body, indent=4).encode())) == [failure]


@pytest.mark.parametrize("data", ["{broken", "5", '"text"', "[5]", "true", "[[1]]", "{} x", '{"a":', "[" * 100_000])
def test_a_hole_in_the_answer_is_an_error(data):
    with pytest.raises(UnreadableError):
        read(Decoder(), sse(text("The answer"), data, END))


@pytest.mark.parametrize(
    "data", [b"<!doctype html><p>Sign in</p>", b'{"choices": broken} {}', b'{"a":1} x yz abcdef', b"Bad Gateway"]
)
def test_what_is_not_an_answer_at_all_is_an_error(data):
    with pytest.raises(UnreadableError):
        read(Decoder(), data)


@pytest.mark.parametrize("bad", [sse("{broken"), b"some words\n", b": " + b"x" * 999 + b"\n"])
@pytest.mark.parametrize("step", [1, 50, 5000])
def test_the_text_before_a_hole_is_kept_however_the_bytes_come(bad, step):
    decoder, data, found = Decoder(longest=500), sse(text("The "), text("answer")) + bad + sse(END), []

    def read_all():
        for piece in pieces(data, range(0, len(data), step)):
            found.extend(decoder.feed(piece))
        decoder.close()

    with pytest.raises((UnreadableError, TooLongError)):
        read_all()
    assert joined(found) == [ANSWER]


def test_a_whole_message_after_its_deltas_does_not_repeat_them():
    both = {"choices": [{"index": 0, "delta": {"content": "The "}, "message": {"content": "The "}}]}
    last = {"choices": [{"index": 0, "delta": {}, "message": {"content": "The answer"}, "finish_reason": "stop"}]}
    assert answer(both, text("answer"), last) == [ANSWER, STOP]
    parts = [{"choices": [{"message": {"content": part}}]} for part in ("The ", "answer")]
    assert answer(chunk({"role": "assistant"}), *parts, END) == [ANSWER, STOP]


def test_control_characters_in_a_string_are_understood():
    data = sse(text("The answer"), END).replace(b"The answer", b"The\tanswer")
    assert text_of(joined(read(Decoder(), data))) == "The\tanswer"


def test_too_long_an_event_is_an_error():
    for data in (sse(text("x" * 100)), json.dumps(WHOLE, indent=1).encode()):
        with pytest.raises(TooLongError):
            read(Decoder(longest=90), data, range(len(data)))


def test_signs_of_life():
    decoder = Decoder()
    for data in (
        b": ping\n",
        b"\n",
        sse(chunk({})),
        sse({"choices": []}),
        b"event: ping\ndata: x\n\n",
        sse(chunk(None)),
    ):
        assert decoder.feed(data) == [ALIVE]
    assert Decoder().feed(b"\n") == [ALIVE]
    assert Decoder().feed(b'{"choices"') == [ALIVE]


KEYS = [
    "choices",
    "index",
    "delta",
    "message",
    "content",
    "text",
    "finish_reason",
    "usage",
    "error",
    "tool_calls",
    "id",
]
KEYS += [
    "function",
    "name",
    "arguments",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "type",
    "refusal",
    "detail",
]
KEYS += [
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "completion_tokens_details",
    "code",
    "x_groq",
    "signature",
]
CHUNKS = st.fixed_dictionaries(
    {},
    optional={
        "choices": st.lists(
            st.fixed_dictionaries({}, optional={key: json_with(KEYS, ["text", "stop"]) for key in KEYS[1:8]}),
            max_size=2,
        )
        | json_with(KEYS, ["text"]),
        **{key: json_with(KEYS, ["text", "thinking"]) for key in ("usage", "error", "detail", "message", "x_groq")},
    },
)


@given(st.lists(CHUNKS | json_with(KEYS, ["thinking", "<think>"]), max_size=4), cuts)
@settings(deadline=None, max_examples=150)
def test_no_shape_raises_anything_else(values, at):
    outcomes = []
    for places in ((), at):
        try:
            outcomes.append(answer(*values, at=places))
        except UnreadableError:
            outcomes.append("unreadable")
    assert outcomes[0] == outcomes[1]


@given(st.binary(max_size=200), cuts)
@settings(deadline=None)
def test_no_bytes_raise_anything_else(data, at):
    for whole in (data, b"data: " + data, b"{" + data):
        try:
            read(Decoder(), whole, at)
        except UnreadableError:
            continue


def test_the_work_grows_with_the_bytes():
    def reads(times, step):
        data = sse(*[text("word ")] * times)
        return work(lambda: read(Decoder(), data, range(0, len(data), step)))

    for step in (1, 1000):
        assert reads(400, step) < 10 * reads(50, step) + 10_000


@pytest.mark.parametrize("depth", [10, 300, *range(900, 1000, 3), 5000])
@pytest.mark.parametrize("key", ["", "error", "content"])
def test_deep_values_raise_nothing_else(depth, key):
    opening, closing = (f'{{"{key}":', "}") if key else ("[", "]")
    deep = opening * depth + "1" + closing * depth
    delta = '{"content": DEEP, "tool_calls": [{"function": {"name": "f", "arguments": DEEP}}]}'
    chunk_text = ('{"choices": [{"delta": ' + delta + '}], "error": DEEP}').replace("DEEP", deep)
    try:
        read(Decoder(), sse(chunk_text))
    except UnreadableError:
        assert depth > 300
