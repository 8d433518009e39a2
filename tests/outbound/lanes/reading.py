"""How tests read an answer: in pieces of any size, with what the pieces split joined again."""

import json
import sys
from collections.abc import Callable, Iterable
from itertools import pairwise

from hypothesis import strategies as st

from langai_site.outbound.lanes.events import Alive, Event, TextDelta, ThinkingDelta, ThoughtSoFar, ToolCallDelta


def pieces(data, cuts: Iterable[int]) -> list:
    """Cut `data` at each of these positions."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


cuts = st.lists(st.integers(0, 10_000), max_size=40)


def read(decoder, data: bytes, at: Iterable[int] = ()) -> list[Event]:
    events = [event for piece in pieces(data, at) for event in decoder.feed(piece)]
    return events + decoder.close()


def joined(events: Iterable[Event]) -> list[Event]:
    """Join neighbouring text, thinking and arguments into one event each, without signs of life."""
    kept: list[Event] = []
    for event in events:
        last = kept[-1] if kept else None
        if isinstance(event, Alive):
            continue
        if isinstance(event, TextDelta) and isinstance(last, TextDelta):
            kept[-1] = TextDelta(last.text + event.text)
        elif isinstance(event, ThinkingDelta) and isinstance(last, ThinkingDelta) and not last.signature:
            kept[-1] = ThinkingDelta(last.text + event.text, event.signature)
        elif isinstance(event, ToolCallDelta) and isinstance(last, ToolCallDelta) and event.index == last.index:
            kept[-1] = ToolCallDelta(
                last.index, last.id or event.id, last.name or event.name, last.arguments + event.arguments
            )
        else:
            kept.append(event)
    return kept


def text_of(events: Iterable[Event]) -> str:
    """Return the answer as a person sees it."""
    text = ""
    for event in events:
        if isinstance(event, TextDelta):
            text += event.text
        elif isinstance(event, ThoughtSoFar):
            text = ""
    return text


def of(kind, events: Iterable[Event]) -> list:
    return [event for event in events if isinstance(event, kind)]


def sse(*values, end: str = "\n", done: bool = False) -> bytes:
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return "".join(f"data: {text}{end}{end}" for text in [*texts, *["[DONE]"] * done]).encode()


def ndjson(*values) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


def work(call: Callable[[], object]) -> int:
    """Count the calls, and the bytes and characters on which methods were called: a bad loop makes them grow."""
    total = 0

    def count(frame, event, function):
        nonlocal total
        if event == "call":
            total += 1
        elif event == "c_call":
            owner = getattr(function, "__self__", None)
            total += 1 + (len(owner) if isinstance(owner, bytes | str) else 0)

    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(None)
    return total


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["", "0", "<"])


def json_with(keys: list[str], words: list[str]):
    """Generate JSON with the keys and words of a format in any place."""
    names = st.sampled_from(keys)
    return st.recursive(
        leaves | st.sampled_from(words),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
        max_leaves=25,
    )
