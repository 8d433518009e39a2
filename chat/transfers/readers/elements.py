"""Pure: splits a long JSON text into the elements of its outermost array, without holding more than one in memory.

An element that is not valid JSON costs only itself, because only strings and brackets are followed.
"""

import re
from collections.abc import Callable, Iterator

# Bytes of one element. Parsed, it takes several times as much memory.
MOST = 32 * 1024 * 1024
READ = 1024 * 1024
# Whole strings and all else up to a bracket. Possessive, so that no text makes it try again and again.
_RUN = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
# The inside of a string.
_IN_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
OPENING, QUOTE = b"[{", ord('"')
_BOM = b"\xef\xbb\xbf"


class Element:
    """One element of the array: its bytes; None if it is longer than MOST. It is not whole if the file ends in it."""

    def __init__(self, data: bytes | None, *, is_whole: bool = True) -> None:
        self.data = data
        self.is_whole = is_whole


class _Splitter:
    """Follows brackets through pieces of a file. `start` is where the current element begins in `buffer`."""

    def __init__(self) -> None:
        self.buffer = b""
        self.place = 0
        self.start: int | None = None
        self.depth = 0
        # The depth at which elements begin: 1 in an array, 0 if the file is one object.
        self.base: int | None = None
        self.is_too_long = False
        self.is_in_string = False

    @property
    def pending(self) -> int:
        """Return how many bytes of a string are waiting for its end."""
        return len(self.buffer) - self.place

    def feed(self, data: bytes) -> Iterator[Element]:
        self.buffer += data
        if self.is_in_string:
            self._skip_string()
        while not self.is_in_string:
            self.place = _end(_RUN, self.buffer, self.place)
            # A quote here opens a string whose end has not been read yet.
            if self.place == len(self.buffer) or self.buffer[self.place] == QUOTE:
                break
            self.place += 1
            yield from self._follow(self.buffer[self.place - 1], self.place - 1)
        self._forget()

    def _follow(self, bracket: int, at: int) -> Iterator[Element]:
        if bracket in OPENING:
            if self.base is None:
                self.base = 1 if bracket == OPENING[0] else 0
            if self.depth == self.base and self.start is None:
                self.start = at
            self.depth += 1
        else:
            self.depth = max(0, self.depth - 1)
            if self.depth == self.base and self.start is not None:
                is_kept = not self.is_too_long and self.place - self.start <= MOST
                yield Element(self.buffer[self.start : self.place] if is_kept else None)
                self.start, self.is_too_long = None, False

    def _skip_string(self) -> None:
        """Skip the rest of a string that is too long to be kept."""
        end = _end(_IN_STRING, self.buffer, 0)
        self.is_in_string = self.buffer[end : end + 1] != b'"'
        self.buffer = self.buffer[end if self.is_in_string else end + 1 :]
        self.place = 0

    def _forget(self) -> None:
        """Drop what was dealt with, and what is too long to be kept."""
        if self.start is not None and len(self.buffer) - self.start > MOST:
            self.is_too_long = True
        if self.pending > MOST:
            self.is_in_string = True
            # A last backslash belongs to the character after it.
            self.place = len(self.buffer) - (1 if self.buffer.endswith(b"\\") else 0)
        keep = self.place if self.start is None or self.is_too_long else self.start
        self.buffer = self.buffer[keep:]
        self.place -= keep
        if self.start is not None:
            self.start = 0

    def end(self) -> Iterator[Element]:
        if self.start is not None:
            yield Element(None if self.is_too_long else self.buffer, is_whole=False)


def _end(pattern: "re.Pattern[bytes]", text: bytes, start: int) -> int:
    """Return where the match of a pattern that matches everywhere ends."""
    found = pattern.match(text, start)
    assert found
    return found.end()


def elements(read: Callable[[int], bytes]) -> Iterator[Element]:
    """Yield the objects and arrays in the outermost array; of a file that is one object, that object."""
    splitter, is_first = _Splitter(), True
    # Longer pieces for longer strings: otherwise their beginning would be read again and again.
    while data := read(max(READ, splitter.pending)):
        yield from splitter.feed(data.removeprefix(_BOM) if is_first else data)
        is_first = False
    yield from splitter.end()
