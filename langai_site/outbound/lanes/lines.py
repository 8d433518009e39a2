r"""Pure: splits the bytes of a stream into events or lines, however the bytes are split over reads.

Both readers take time linear in the bytes: the beginning of a line is kept in pieces and joined once. Invalid UTF-8
becomes U+FFFD. A line ends with LF, CR or CRLF.
"""

from typing import NamedTuple

from langai_site.outbound.lanes.errors import TooLongError, UnreadableError
from langai_site.outbound.lanes.events import ALIVE, Alive

# The whole answer of a server that does not stream fits into this, and nothing honest is longer.
LONGEST_EVENT = 2**22
BOM = b"\xef\xbb\xbf"
LINE_ENDS = b"\r\n"


class SseEvent(NamedTuple):
    """One event of a stream: its name, empty if it has none, and its data lines joined by LF."""

    name: str
    data: str


class _Lines:
    """Splits bytes into lines, up to one of more than `longest` bytes: then `error` is set, and must be raised."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._pieces: list[bytes] = []
        self._size = 0
        # The last read ended with CR, so an LF at the start of the next one belongs to it.
        self._after_cr = False
        self._is_start = True
        self.error: TooLongError | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that end in `data`, without their line ends."""
        if not data:
            return []
        if self._after_cr and data[0] == 10:
            data = data[1:]
        if not data:
            self._after_cr = False
            return []
        is_ended = data[-1] in LINE_ENDS
        self._after_cr = data[-1] == 13
        lines = data.splitlines()
        if len(data) + self._size > self._longest and (count := self._honest(lines)) < len(lines):
            self.error = TooLongError(f"one line has more than {self._longest} bytes")
            lines, is_ended = lines[:count], True
        if self._pieces and lines and (len(lines) > 1 or is_ended):
            lines[0] = b"".join([*self._pieces, lines[0]])
            self._pieces, self._size = [], 0
        if not is_ended:
            piece = lines.pop()
            self._pieces.append(piece)
            self._size += len(piece)
        return self._without_bom(lines) if self._is_start and lines else lines

    def close(self) -> list[bytes]:
        """Return the last line, if it does not end with a line end."""
        rest = b"".join(self._pieces)
        self._pieces, self._size = [], 0
        lines = [rest] if rest else []
        return self._without_bom(lines) if self._is_start and lines else lines

    def _honest(self, lines: list[bytes]) -> int:
        """Return how many lines come before the first that is too long."""
        sizes = (len(line) + (0 if at else self._size) for at, line in enumerate(lines))
        return next((at for at, size in enumerate(sizes) if size > self._longest), len(lines))

    def _without_bom(self, lines: list[bytes]) -> list[bytes]:
        self._is_start = False
        lines[0] = lines[0].removeprefix(BOM)
        return lines


class SseLines:
    """Reads server-sent events.

    `id` and `retry` are ignored. A bare JSON object and the field `error`, which some servers write in the middle of a
    stream, are separate events.
    """

    def __init__(self, longest: int = LONGEST_EVENT) -> None:
        """`longest` is the most bytes of one event."""
        self._lines = _Lines(longest)
        self._longest = longest
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[SseEvent | Alive]:
        """Return the events that end in `data`, and Alive for each comment and each blank line without an event.

        Raises TooLongError, and UnreadableError for a line that is not a field.
        """
        found: list[SseEvent | Alive] = []
        self.read(data, found)
        return found

    def read(self, data: bytes, found: list[SseEvent | Alive]) -> None:
        """Add what `feed` returns to `found`, up to the line at which it raises."""
        for line in self._lines.feed(data):
            self._read(line, found)
        if self._lines.error is not None:
            raise self._lines.error

    def close(self) -> list[SseEvent | Alive]:
        """Return what remains at the end of the stream: a last event needs no blank line. Raises as `feed` does."""
        found: list[SseEvent | Alive] = []
        for line in self._lines.close():
            self._read(line, found)
        self._end_event(found)
        return found

    def _read(self, line: bytes, found: list[SseEvent | Alive]) -> None:
        if line.startswith(b"data:"):
            # One blank after the colon belongs to the field. It does not matter for JSON.
            self._add(line, line[6:] if line[5:6] == b" " else line[5:])
        elif not line:
            if not self._data and not self._name:
                found.append(ALIVE)
            self._end_event(found)
        elif line[0] == 58:
            found.append(ALIVE)
        else:
            self._read_field(line, found)

    def _read_field(self, line: bytes, found: list[SseEvent | Alive]) -> None:
        name, _, value = line.partition(b":")
        if name == b"event":
            self._name = value.strip().decode("utf-8", "replace")
        elif name.lower() == b"data":
            self._add(line, value.removeprefix(b" "))
        elif name.lower() == b"error" or line.startswith(b"{"):
            self._end_event(found)
            body, event = (line, "") if line.startswith(b"{") else (value.strip(), "error")
            found.append(SseEvent(event, body.decode("utf-8", "replace")))
        elif not name.replace(b"-", b"").replace(b"_", b"").isalnum():
            raise UnreadableError("a line is not a field of an event stream")

    def _add(self, line: bytes, data: bytes) -> None:
        self._size += len(line)
        if self._size > self._longest:
            raise TooLongError(f"one event has more than {self._longest} bytes")
        self._data.append(data)

    def _end_event(self, found: list[SseEvent | Alive]) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            found.append(SseEvent(self._name, data.decode("utf-8", "replace")))
            self._data, self._size = [], 0
        self._name = ""


class JsonLines:
    """Reads one JSON text per line; blank lines are skipped, and so is `data:` before a text."""

    def __init__(self, longest: int = LONGEST_EVENT) -> None:
        """`longest` is the most bytes of one line."""
        self._lines = _Lines(longest)

    def feed(self, data: bytes) -> list[str]:
        """Return the texts of the lines that end in `data`. Raises TooLongError."""
        found: list[str] = []
        self.read(data, found)
        return found

    def read(self, data: bytes, found: list[str]) -> None:
        """Add what `feed` returns to `found`, up to the line at which it raises."""
        found += _texts(self._lines.feed(data))
        if self._lines.error is not None:
            raise self._lines.error

    def close(self) -> list[str]:
        """Return the text of the last line, if it has no line end."""
        return _texts(self._lines.close())


def _texts(lines: list[bytes]) -> list[str]:
    stripped = (line.removeprefix(b"data:").strip() for line in lines)
    return [line.decode("utf-8", "replace") for line in stripped if line]
