"""Reads server-sent events as a program does."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Frame:
    event: str
    id: str
    data: Any


def parsed(block: str) -> Frame | None:
    """Return one event; None for a comment. `[DONE]` stays as it is."""
    fields: dict[str, str] = {}
    for line in block.split("\n"):
        name, _, value = line.partition(": ")
        assert name in ("event", "id", "data", ""), line
        assert name not in fields, block
        fields[name] = value
    if "data" not in fields:
        return None
    data = fields["data"] if fields["data"] == "[DONE]" else json.loads(fields["data"])
    return Frame(fields.get("event", ""), fields.get("id", ""), data)


def frames_of(text: str) -> list[Frame]:
    assert text.endswith("\n\n")
    found = (parsed(block) for block in text.removesuffix("\n\n").split("\n\n"))
    return [frame for frame in found if frame]


async def read(answer) -> list[Frame]:
    """Return all events of a streamed answer, once it has ended."""
    assert answer["Content-Type"].startswith("text/event-stream"), answer.content
    return frames_of(b"".join([part async for part in answer]).decode())


def told(frames: list[Frame], kind: str) -> list[Any]:
    return [frame.data for frame in frames if frame.event == kind]


def text_of(frames: list[Frame]) -> str:
    return "".join(data["content"] for data in told(frames, "content"))
