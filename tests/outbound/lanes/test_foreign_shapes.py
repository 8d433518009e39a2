"""Shapes that servers send beside the documented ones: each format's decoder finds the answer, or what went wrong."""

import json

import pytest

from langai_site.outbound.lanes import anthropic_messages, gemini_generate, ollama_chat, openai_chat
from langai_site.outbound.lanes.events import (
    Event,
    Finished,
    FinishReason,
    ServerFailure,
    TextDelta,
    ThinkingDelta,
    UsageDelta,
)
from langai_site.outbound.lanes.failures import classify
from tests.outbound.lanes.openai_shapes import END, chunk, text
from tests.outbound.lanes.reading import joined, ndjson, of, read, sse, text_of

ANSWER, STOP = text("The answer"), Finished(FinishReason.STOP)


def read_in_pieces(decoder, data: bytes) -> list[Event]:
    """Read the bytes at once and one by one. Both find the same."""
    found = joined(read(decoder.Decoder(), data))
    assert joined(read(decoder.Decoder(), data, range(len(data)))) == found
    return found


def candidate(content, **more):
    return {"candidates": [{"content": content, "finishReason": "STOP"} | more]}


def message(kind, **fields):
    return f"event: {kind}\ndata: {json.dumps(fields)}\n\n"


ANSWERS = {
    "a delta that is a text": (openai_chat, sse({"choices": [{"delta": "The answer"}]}, END)),
    "a delta that is a list": (openai_chat, sse(chunk([{"content": "The answer"}]), END)),
    "a delta with text": (openai_chat, sse(chunk({"text": "The answer"}), END)),
    "parts in an object": (openai_chat, sse(text({"parts": [{"text": "The answer"}]}), END)),
    "a reason in the delta": (openai_chat, sse(chunk({"content": "The answer", "finish_reason": "stop"}))),
    "a reason of another name": (
        openai_chat,
        sse({"choices": [{"delta": {"content": "The answer"}, "stop_reason": "end_turn"}]}),
    ),
    "a reason in an object": (openai_chat, sse(ANSWER, chunk({}, {"type": "stop"}))),
    "done in lower case": (openai_chat, sse(ANSWER, "[done]")),
    "done in quotes": (openai_chat, sse(ANSWER, '"[DONE]"')),
    "an event called done": (openai_chat, sse(ANSWER) + b"event: done\ndata: {}\n\n"),
    "an empty event called end": (openai_chat, sse(ANSWER) + b"event: end\ndata:\n\n"),
    "counts of the prompt only": (openai_chat, sse(ANSWER, {"choices": [], "usage": {"prompt_tokens": 9}})),
    "a result that is no failure": (openai_chat, sse({**ANSWER, "base_resp": {"status_code": 0}}, END)),
    "done without brackets": (openai_chat, sse(ANSWER, "DONE")),
    "an event inside an event": (openai_chat, sse("data: " + json.dumps(ANSWER), "data: " + json.dumps(END))),
    "a field in capitals": (openai_chat, sse(ANSWER, END).replace(b"data", b"Data")),
    "data that is null": (openai_chat, sse("null", ANSWER, "null", END)),
    "data that is a ping": (openai_chat, sse("ping", ANSWER, '"heartbeat"', END)),
    "a list with null": (openai_chat, sse("[null, " + json.dumps(ANSWER) + "]", END)),
    "a line that is null": (ollama_chat, ndjson(None, {"message": {"content": "The answer"}}, None, {"done": True})),
    "an error that is none": (openai_chat, sse({**ANSWER, "error": {"code": 0, "message": ""}}, END)),
    "a reason in a list": (openai_chat, sse(ANSWER, chunk({}, ["stop"]))),
    "a reason beside the choices": (openai_chat, sse(ANSWER, {"choices": [{"delta": {}}], "finish_reason": "stop"})),
    **{
        f"a reason called {name}": (openai_chat, sse(ANSWER, {"choices": [{"delta": {}, name: "stop"}]}))
        for name in ("finishReason", "done_reason")
    },
    "done in words": (ollama_chat, ndjson({"message": {"content": "The answer"}}, {"done": "true"})),
    "done as a number": (ollama_chat, ndjson({"message": {"content": "The answer"}}, {"done": 1})),
    "a message that is a text": (ollama_chat, ndjson({"message": "The answer", "done": False}, {"done": True})),
    "deltas without types": (
        anthropic_messages,
        sse({"type": "content_block_delta", "delta": {"text": "The answer"}}, {"type": "message_stop"}),
    ),
    "types only in names": (
        anthropic_messages,
        (message("content_block_delta", delta={"text": "The answer"}) + message("message_stop")).encode(),
    ),
    "a whole message without its type": (
        anthropic_messages,
        json.dumps({"content": [{"type": "text", "text": "The answer"}], "stop_reason": "end_turn"}).encode(),
    ),
    "one part": (gemini_generate, sse(candidate({"parts": {"text": "The answer"}}))),
    "contents in a list": (gemini_generate, sse(candidate([{"parts": [{"text": "The answer"}]}]))),
    "a content that is a text": (gemini_generate, sse(candidate("The answer"))),
    "one candidate": (
        gemini_generate,
        sse({"candidates": {"content": {"parts": [{"text": "The answer"}]}, "finishReason": "STOP"}}),
    ),
    "inside a response": (gemini_generate, sse({"response": candidate({"parts": [{"text": "The answer"}]})})),
    "the number of a reason": (gemini_generate, sse(candidate({"parts": [{"text": "The answer"}]}, finishReason=1))),
}


@pytest.mark.parametrize(("decoder", "data"), ANSWERS.values(), ids=ANSWERS)
def test_the_answer_is_complete(decoder, data):
    found = read_in_pieces(decoder, data)
    assert text_of(found) == "The answer"
    assert of(Finished, found) == [STOP]
    assert not of(ServerFailure, found)


THOUGHTS = {
    **{
        name: (openai_chat, sse(chunk({name: value}), ANSWER, END))
        for name, value in {
            "thinking_content": "hm",
            "reasoning_summary": [{"type": "summary_text", "text": "hm"}],
            "thinking_blocks": [{"type": "thinking", "thinking": "hm"}],
            "reasoningContent": {"reasoningText": {"text": "hm"}},
        }.items()
    },
    "beside the delta": (openai_chat, sse({"choices": [{"delta": {}, "reasoning": "hm"}]}, ANSWER, END)),
    "gpt-oss with its start": (
        openai_chat,
        sse(
            text("<|start|>assistant<|channel|>analysis<|message|>hm<|end|>"),
            text("<|start|>assistant<|channel|>final<|message|>The answer"),
            END,
        ),
    ),
    "a delta without its type": (
        anthropic_messages,
        sse(
            {"type": "content_block_delta", "delta": {"thinking": "hm"}},
            {"type": "content_block_delta", "delta": {"text": "The answer"}},
            {"type": "message_stop"},
        ),
    ),
    "a mark that is a word": (
        gemini_generate,
        sse(candidate({"parts": [{"text": "hm", "thought": "true"}, {"text": "The answer"}]})),
    ),
    "a mark that is the thought": (
        gemini_generate,
        sse(candidate({"parts": [{"thought": "hm"}, {"text": "The answer", "thought": False}]})),
    ),
}


@pytest.mark.parametrize(("decoder", "data"), THOUGHTS.values(), ids=THOUGHTS)
def test_a_thought_is_never_text(decoder, data):
    found = read_in_pieces(decoder, data)
    assert found == [ThinkingDelta("hm"), TextDelta("The answer"), STOP]


FAILURES = {
    "words instead of JSON": (openai_chat, sse(ANSWER, "Error: rate limit reached"), "rate_limited"),
    "a line instead of an event": (openai_chat, sse(ANSWER) + b"Error: prompt is too long\n", "too_long"),
    "MiniMax's result": (
        openai_chat,
        sse({"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}),
        "quota",
    ),
    "Baidu's error": (
        openai_chat,
        sse({"error_code": 1, "error_msg": "the max input tokens exceeded"}),
        "too_long",
    ),
    "the status under another name": (
        openai_chat,
        b'event:error\ndata:{"error":{"message":"Model too busy","http_status_code":429}}\n\n',
        "rate_limited",
    ),
    "an error in the delta": (
        openai_chat,
        sse(ANSWER, chunk({"error": {"code": 429, "message": "Too many requests"}})),
        "rate_limited",
    ),
    "LiteLLM's class of error": (
        openai_chat,
        sse({"error": {"message": "litellm.ContextWindowExceededError: x", "type": None, "code": "400"}}),
        "too_long",
    ),
    "another name of the message": (openai_chat, sse({"errorMessage": "Too many requests"}), "rate_limited"),
}


@pytest.mark.parametrize(("decoder", "data", "kind"), FAILURES.values(), ids=FAILURES)
def test_an_error_inside_an_answer_keeps_its_kind(decoder, data, kind):
    assert classify(of(ServerFailure, read_in_pieces(decoder, data))[0]) == kind


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        *[(word, FinishReason.ERROR) for word in ("internal_error", "engine_overloaded", "Request cancelled")],
        *[(word, FinishReason.FILTERED) for word in ("safety_block", "content_policy", "output-moderation")],
        *[(word, FinishReason.LENGTH) for word in ("max_new_tokens", "context_length")],
        ("load", FinishReason.LOADING),
    ],
)
def test_words_for_the_end_that_nobody_documents(word, reason):
    assert read_in_pieces(openai_chat, sse(ANSWER, chunk({}, word)))[-1] == Finished(reason)


PLACES = {
    "in the delta": {"choices": [{"delta": {"usage": {"prompt_tokens": 7, "completion_tokens": 2}}}]},
    "in the choice": {"choices": [{"delta": {}, "usage": {"prompt_tokens": 7, "completion_tokens": 2}}]},
    "at Groq": {"choices": [{"delta": {}}], "x_groq": {"usage": {"prompt_tokens": 7, "completion_tokens": 2}}},
    "of another name": {"choices": [{"delta": {}}], "usage_metadata": {"input_tokens": 7, "output_tokens": 2}},
    "of llama.cpp": {"choices": [{"delta": {}}], "timings": {"prompt_n": 7, "predicted_n": 2, "predicted_ms": 1.5}},
}


@pytest.mark.parametrize("counted", PLACES.values(), ids=PLACES)
def test_counts_are_found_wherever_they_stand(counted):
    found = read_in_pieces(openai_chat, sse(ANSWER, counted, END))
    assert of(UsageDelta, found) == [UsageDelta(7, 2)]
    assert text_of(found) == "The answer"


def test_names_with_underscores_from_gemini():
    usage = {"prompt_token_count": 100, "candidates_token_count": 20, "thoughts_token_count": 500}
    part = {"text": "The answer", "thought_signature": "Eq=="}
    data = {"candidates": [{"content": {"parts": [part]}, "finish_reason": "MAX_TOKENS"}], "usage_metadata": usage}
    found = read_in_pieces(gemini_generate, sse(data))
    assert of(ThinkingDelta, found) == [ThinkingDelta("", "gemini:Eq==")]
    assert of(UsageDelta, found) == [UsageDelta(100, 520, 500)]
    assert found[-1] == Finished(FinishReason.LENGTH)


def test_the_whole_objects_of_a_list_that_breaks_off_are_kept():
    """Gemini sends a list if a proxy drops the parameter that asks for events."""
    data = json.dumps([candidate({"parts": [{"text": "Half "}]}), candidate({"parts": [{"text": "a"}]})]).encode()
    found = read_in_pieces(gemini_generate, data[:-40])
    assert found == [TextDelta("Half ")]
