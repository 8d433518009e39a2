"""Pure: turns the bytes of an answer into its JSON objects, however the server frames them.

Servers send events, lines of JSON, or one JSON text although a stream was requested. The first bytes decide.
"""

import json
import re
from collections.abc import Iterator
from json.scanner import make_scanner
from typing import Any, NamedTuple, cast

from langai_site.outbound.lanes.errors import TooLongError, UnreadableError
from langai_site.outbound.lanes.events import ALIVE, Alive
from langai_site.outbound.lanes.lines import BOM, LONGEST_EVENT, JsonLines, SseEvent, SseLines

DONE = "[DONE]"
PINGS = ("ping", "heartbeat", "keepalive", "keep-alive")
# Texts that servers send as data instead of an object, without a meaning.
NOTHING = ("null", *PINGS)
ENDINGS = ("done", "end", "complete", "completed", "finish", "finished")
# Names of events that change the meaning of the data.
SPECIAL = ("error", *PINGS, *ENDINGS)
# The beginning of a text with which some servers report an error instead of JSON.
FAILURE = re.compile(
    r"\W{0,3}(?:\w{1,20} ){0,3}(?:error|exception|failed|failure|traceback|rate limit)\b", re.IGNORECASE
)
# A word or an escape that breaks off is shorter than this.
LONGEST_WORD = 8
BLANKS = " \t\r\n"
NOT_JSON = "the server sent something that is not JSON"

Json = dict[str, Any]
# Control characters in a string are against the rules, but some servers send them.
_decoder = json.JSONDecoder(strict=False)
_scan = make_scanner(cast(Any, json.JSONDecoder()))


class CutError(UnreadableError):
    """A JSON text breaks off."""


class Done(NamedTuple):
    """The server's mark for the end of the stream."""


Frame = Json | Alive | Done


class Frames:
    """Reads the objects of one answer.

    At the end, `is_whole` says that the answer was a single JSON text and not a stream. `longest` is the most bytes of
    one event, line or whole text. Both methods raise TooLongError, and UnreadableError for anything that is not a JSON
    object.
    """

    def __init__(self, longest: int = LONGEST_EVENT) -> None:
        self.is_whole = self.is_cut = False
        self._longest = longest
        self._head = b""
        self._lines: SseLines | _Texts | None = None

    def read(self, data: bytes, found: list[Frame]) -> None:
        """Add the objects that are complete with `data` to `found`, up to an error, which is raised.

        Alive stands for comments, pings, and parts of a whole text.
        """
        lines = self._lines
        if lines is None:
            data = (self._head + data).removeprefix(BOM).lstrip()
            if not data or BOM.startswith(data):
                self._head = data
                found.append(ALIVE)
                return
            lines = self._begin(data[:1])
        if isinstance(lines, _Texts):
            lines.read(data, found)
            return
        events: list[SseEvent | Alive] = []
        try:
            lines.read(data, events)
        finally:
            _read(events, found)

    def close(self) -> list[Frame]:
        """Return what remains at the end of the stream. If it breaks off inside a JSON text, `is_cut` is set."""
        found: list[Frame] = []
        try:
            if isinstance(self._lines, SseLines):
                _read(self._lines.close(), found)
            elif self._lines is not None:
                self._lines.close(found)
                self.is_whole = self._lines.count == 1
        except CutError:
            self.is_cut = True
        return found

    def _begin(self, first: bytes) -> "SseLines | _Texts":
        if first == b"<":
            raise UnreadableError("the server sent a page")
        self._lines = _Texts(self._longest) if first in b"{[" else SseLines(self._longest)
        return self._lines


class _Texts:
    """JSON without events: one text per line if the first line is a text, otherwise one text over all lines."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._lines = JsonLines(longest)
        self._whole: list[str] = []
        self._size = 0
        self._is_by_line = False
        self.count = 0

    def read(self, data: bytes, found: list[Frame]) -> None:
        texts: list[str] = []
        before = len(found)
        try:
            self._lines.read(data, texts)
        finally:
            for text in texts:
                self._read(text, found)
        self.count += len(found) - before
        if len(found) == before:
            found.append(ALIVE)

    def close(self, found: list[Frame]) -> None:
        for text in self._lines.close():
            self._read(text, found)
        if self._whole:
            found.extend(objects("\n".join(self._whole)))
            self._whole = []
        self.count += len(found)

    def _read(self, text: str, found: list[Frame]) -> None:
        if not self._is_by_line and not self._whole:
            value = _parsed(text)
            self._is_by_line = isinstance(value, dict)
        if self._is_by_line:
            found.extend(_of_event(SseEvent("", text)))
            return
        self._size += len(text)
        if self._size > self._longest:
            raise TooLongError(f"the answer has more than {self._longest} bytes")
        self._whole.append(text)


def _parsed(text: str) -> Any:  # noqa: ANN401 - any JSON; None where it is not JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read(events: list[SseEvent | Alive], found: list[Frame]) -> None:
    for event in events:
        if isinstance(event, Alive):
            found.append(event)
            continue
        # Like `json.loads` without its checks, which cost a third more. Anything unusual takes the slow way.
        try:
            value, end = _scan(event.data, 0)
        except (StopIteration, ValueError, RecursionError):
            value, end = None, 0
        if type(value) is dict and end == len(event.data) and event.name not in SPECIAL:
            if "_" in event.name and "type" not in value:
                # Some proxies of Anthropic's format name an event only beside its data.
                value["type"] = event.name
            found.append(value)
        else:
            found.extend(_of_event(event))


def _of_event(event: SseEvent) -> Iterator[Frame]:
    """Read an event that is not one plain object. The object of an event called `error` is put under that key."""
    # Some proxies put an event into the data of another.
    data = event.data.strip().removeprefix("data:").strip()
    word = data.strip("\"'<>").upper()
    if word in (DONE, "DONE"):
        yield Done()
    elif event.name in ENDINGS:
        yield from objects(data)
        yield Done()
    elif not data or event.name in PINGS or (word.lower() in NOTHING and event.name != "error"):
        yield ALIVE
    elif event.name == "error":
        value = _parsed(data)
        if isinstance(value, list) and value:
            value = value[0]
        yield value if isinstance(value, dict) and value.get("error") else {"error": value or data}
    elif data[0] not in '{["' and FAILURE.match(data):
        yield {"error": data}
    else:
        yield from objects(data)


def objects(text: str) -> Iterator[Frame]:
    """Yield the objects in a text that contains one or several; lists are unpacked and `[DONE]` is understood.

    Raises UnreadableError for anything else.
    """
    at = 0
    while (at := _skipped(text, at)) < len(text):
        if text.startswith(DONE, at):
            at += len(DONE)
            yield Done()
            continue
        try:
            value, at = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            if not _breaks_off(text, error):
                raise UnreadableError(NOT_JSON) from None
            if text.startswith("[", at):
                yield from _before_the_cut(text, at + 1)
            raise CutError(NOT_JSON) from None
        values = value if isinstance(value, list) and value else [value]
        for inner in values:
            if inner is None and len(values) > 1:
                continue
            if not isinstance(inner, dict):
                raise UnreadableError("the server sent JSON that is not an object")
            yield inner


def _before_the_cut(text: str, at: int) -> Iterator[Json]:
    """Yield the whole objects of a list that breaks off."""
    while (at := _skipped(text, at)) < len(text):
        if text[at] == ",":
            at += 1
            continue
        try:
            value, at = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        if isinstance(value, dict):
            yield value


def _breaks_off(text: str, error: Exception) -> bool:
    """Return whether a JSON text is well formed as far as it goes."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated") or error.pos >= len(text) - LONGEST_WORD


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] in BLANKS:
        at += 1
    return at
