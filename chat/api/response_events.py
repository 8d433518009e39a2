"""Pure: an answer in the shapes of OpenAI's Responses API: whole, and as the events of a stream.

Shapes: platform.openai.com/docs/api-reference/responses and /responses-streaming.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from langai_site.outbound.parts import Thinking, ToolCall

Json = dict[str, Any]
THINKS, SPEAKS, CALLS = "reasoning", "message", "function_call"


def new_id(prefix: str) -> str:
    return f"{prefix}_{uuid4().hex}"


@dataclass
class OutputItem:
    """One item of the output while it is written. `extra` are the fields that only its kind has.

    `cut`: the model stopped in it at the most tokens. `is_gone`: it was sent, but is not part of the answer.
    """

    kind: str
    index: int
    id: str
    extra: Json = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    cut: bool = False
    is_gone: bool = False

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def written(self, *, done: bool) -> Json:
        """Return the item as it is in the output; an item that is not done has no text yet."""
        text = self.text if done else ""
        if self.kind == THINKS:
            summary = [{"type": "summary_text", "text": text}] if text else []
            return {"type": THINKS, "id": self.id, "summary": summary, **self.extra}
        ended = "incomplete" if self.cut else "completed"
        status = ended if done else "in_progress"
        if self.kind == SPEAKS:
            content = [output_text(text)] if done else []
            return {"type": SPEAKS, "id": self.id, "status": status, "role": "assistant", "content": content}
        return {"type": self.kind, "id": self.id, "status": status, "arguments": text, **self.extra}


def output_text(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


class Output:
    """Collects the items of one answer and returns the events of a stream for each piece."""

    def __init__(self) -> None:
        self.items: list[OutputItem] = []
        self._calls: dict[int, OutputItem] = {}
        self._open: OutputItem | None = None

    def text(self, text: str) -> Iterator[Json]:
        item = yield from self._current(SPEAKS, "msg")
        item.texts.append(text)
        place = {**_place(item), "content_index": 0}
        yield {"type": "response.output_text.delta", **place, "delta": text, "logprobs": []}

    def thought(self, text: str) -> Iterator[Json]:
        item = yield from self._current(THINKS, "rs")
        item.texts.append(text)
        place = {**_place(item), "summary_index": 0}
        yield {"type": "response.reasoning_summary_text.delta", **place, "delta": text}

    def sign(self, signature: str) -> Iterator[Json]:
        """Add the signature that its provider needs to recognise the thought; it ends the thought."""
        item = yield from self._current(THINKS, "rs")
        item.extra["encrypted_content"] = signature
        yield from self._end()

    def call(self, number: int, call_id: str, name: str, arguments: str) -> Iterator[Json]:
        item = self._calls.get(number)
        if item is None:
            yield from self._end()
            item = OutputItem(CALLS, len(self.items), new_id("fc"), {"call_id": call_id, "name": name})
            self._calls[number] = item
            self.items.append(item)
            yield {"type": "response.output_item.added", "output_index": item.index, "item": item.written(done=False)}
        if arguments:
            item.texts.append(arguments)
            yield {"type": "response.function_call_arguments.delta", **_place(item), "delta": arguments}

    def restart(self) -> Iterator[Json]:
        """Make thoughts of all messages so far."""
        yield from self._end()
        for item in self._messages():
            item.kind, item.id = THINKS, new_id("rs")

    def forget(self) -> Iterator[Json]:
        """Drop all items so far: their model failed."""
        yield from self._end()
        for item in self.items:
            item.is_gone = True

    def end(self, text: str, *, cut: bool) -> Iterator[Json]:
        """Yield the events that close everything that is still open. `text` is the answer as it was verified."""
        self._settle(text)
        _cut([item for item in self.items if not item.is_gone], cut=cut)
        yield from self._end()
        for item in self._calls.values():
            whole = {"arguments": item.text, "name": item.extra["name"]}
            yield {"type": "response.function_call_arguments.done", **_place(item), **whole}
            yield _item_done(item)

    def written(self) -> list[Json]:
        return [item.written(done=True) for item in self.items if not item.is_gone]

    def _messages(self) -> list[OutputItem]:
        return [item for item in self.items if item.kind == SPEAKS and not item.is_gone]

    def _settle(self, text: str) -> None:
        """Let the messages have `text` together: the first gets all of it if it differs from what was sent."""
        messages = self._messages()
        if messages and "".join(item.text for item in messages) != text:
            messages[0].texts = [text]
            for item in messages[1:]:
                item.is_gone = True

    def _current(self, kind: str, prefix: str) -> Generator[Json, None, OutputItem]:
        """Yield the events that begin an item of the kind, unless one is open. Return the item."""
        if self._open is None or self._open.kind != kind:
            yield from self._end()
            self._open = OutputItem(kind, len(self.items), new_id(prefix))
            self.items.append(self._open)
            added = self._open.written(done=False)
            yield {"type": "response.output_item.added", "output_index": self._open.index, "item": added}
            yield _part("added", self._open)
        return self._open

    def _end(self) -> Iterator[Json]:
        item, self._open = self._open, None
        if item is None:
            return
        if item.kind == SPEAKS:
            place = {**_place(item), "content_index": 0}
            yield {"type": "response.output_text.done", **place, "text": item.text, "logprobs": []}
        else:
            place = {**_place(item), "summary_index": 0}
            yield {"type": "response.reasoning_summary_text.done", **place, "text": item.text}
        yield _part("done", item)
        yield _item_done(item)


def written(thoughts: Iterable[Thinking], text: str, calls: Sequence[ToolCall], *, cut: bool) -> list[Json]:
    """Return the output of an answer that is not streamed."""
    items = [OutputItem(THINKS, 0, new_id("rs"), _signed(thought), [thought.text]) for thought in thoughts]
    if text or not calls:
        items.append(OutputItem(SPEAKS, 0, new_id("msg"), texts=[text]))
    given = [({"call_id": call.id, "name": call.name}, [call.arguments]) for call in calls]
    items += [OutputItem(CALLS, 0, new_id("fc"), named, arguments) for named, arguments in given]
    _cut(items, cut=cut)
    return [item.written(done=True) for item in items]


def _signed(thought: Thinking) -> Json:
    return {"encrypted_content": thought.signature} if thought.signature else {}


def _cut(items: Sequence[OutputItem], *, cut: bool) -> None:
    if cut and items:
        items[-1].cut = True


def _place(item: OutputItem) -> Json:
    return {"item_id": item.id, "output_index": item.index}


def _part(what: str, item: OutputItem) -> Json:
    text = item.text if what == "done" else ""
    if item.kind == SPEAKS:
        return {"type": f"response.content_part.{what}", **_place(item), "content_index": 0, "part": output_text(text)}
    part = {"type": "summary_text", "text": text}
    return {"type": f"response.reasoning_summary_part.{what}", **_place(item), "summary_index": 0, "part": part}


def _item_done(item: OutputItem) -> Json:
    return {"type": "response.output_item.done", "output_index": item.index, "item": item.written(done=True)}


def usage(counts: Mapping[str, int]) -> Json:
    """Return counts in the API's shape: `input`, `cached`, `written` to the cache, `output` and `reasoning` tokens."""
    return {
        "input_tokens": counts["input"],
        "input_tokens_details": {"cached_tokens": counts["cached"], "cache_write_tokens": counts["written"]},
        "output_tokens": counts["output"],
        "output_tokens_details": {"reasoning_tokens": counts["reasoning"]},
        "total_tokens": counts["input"] + counts["output"],
    }
