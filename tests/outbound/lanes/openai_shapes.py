"""Chunks of OpenAI's stream for tests."""

from langai_site.outbound.lanes.events import Finished, FinishReason, TextDelta, ThinkingDelta
from langai_site.outbound.lanes.openai_chat import Decoder
from tests.outbound.lanes.reading import joined, read, sse

ANSWER, STOP = TextDelta("The answer"), Finished(FinishReason.STOP)
HM = ThinkingDelta("hm")


def chunk(delta=None, reason=None, **more):
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]} | more


def text(content, **more):
    return chunk({"content": content}, **more)


def counted(usage):
    return {"id": "c1", "choices": [], "usage": usage}


def answer(*values, done=True, at=()):
    return joined(read(Decoder(), sse(*values, done=done), at))


USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
END = chunk({}, "stop")
PLAIN = [chunk({"role": "assistant", "content": ""}), text("The "), text("answer"), END, counted(USAGE)]
WHOLE = {
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "The answer"}, "finish_reason": "stop"}],
}
CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "search", "arguments": ""}}
