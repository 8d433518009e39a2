"""Limits how many bytes of a server's answer are read, including everything besides its text.

A server can send a line that never ends, or endless comments, empty events and thoughts. All of that takes memory or
holds the event loop, and none of it is text, which is limited elsewhere. So our clients count the raw bytes as they
arrive, and close the connection once there are more than any honest answer needs.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any, cast

import httpx

# Generous for everything around the text: OpenAI's format takes about 300 bytes per token, and a server that keeps the
# connection open sends a few bytes per second.
LEAST_BYTES = 2**20
BYTES_A_TOKEN = 2**10
# What comes along with a piece of text or thought: names, numbers, safety ratings, and JSON's six bytes per character.
BYTES_A_DELTA = 2**12
BYTES_A_CHARACTER = 8
# Reading a line costs time, however short it is. The longest line holds a whole answer of a server that does not
# stream.
BYTES_A_LINE = 128
LONGEST_LINE = 2**20
# Values in one line or event, which usually has about twenty. Clients make an object of each, which takes up to 60 µs.
MOST_VALUES = 1_000
# The longest thinking that providers document is 64,000 tokens, which some do not count as part of `max_tokens`.
THOUGHT_TOKENS = 2**17
CHARACTERS_A_THOUGHT = 8
# The status and the first sentence are enough, and LiteLLM takes 0.3 s to search 64 kB of it.
ERROR_BYTES = 2**13
# A vector of 8,192 numbers of 32 characters each; the largest models have 4,096.
BYTES_A_VECTOR = 2**18
# Lists of models: the largest hub's has about 1 MB.
LISTING_BYTES = 4 * 2**20
# The event loop gets its turn after this many bytes.
PIECE = 2**11

Hooks = dict[str, list[Callable[..., Any]]]

EVENT_END = re.compile(rb"\n\r?\n")
# OpenAI's SDK splits bytes into lines. The other clients split text, in which more characters end a line.
LINE_ENDS = bytes.maketrans(b"\r", b"\n")
TEXT_LINE_ENDS = bytes.maketrans(b"\r\v\f\x1c\x1d\x1e", b"\n\n\n\n\n\n")
LONG_LINE_ENDS = ("\x85".encode(), "\u2028".encode(), "\u2029".encode())
BEGINNINGS_OF_LINE_ENDS = (b"\xe2\x80", b"\xe2", b"\xc2")


class TooMuchError(httpx.ReadError):
    """A server sent more than any honest answer needs."""


class Bound:
    """Counts the bytes of one answer.

    `exceeded` tells that there were too many, because clients wrap the error.
    """

    def __init__(self, room: int, *, seconds: float = 0) -> None:
        """`seconds` is how long the whole answer may take from now on; 0: the caller has a timeout."""
        self._room = room
        self._until = time.monotonic() + seconds if seconds else 0.0
        self.exceeded = False
        self.stream: httpx.AsyncByteStream | None = None

    def take(self, piece: bytes) -> None:
        """Count `piece`. Raises TooMuchError, and httpx.ReadTimeout."""
        self._spend(len(piece))
        if self._until and time.monotonic() > self._until:
            raise httpx.ReadTimeout("the answer takes too long")

    def _spend(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            self.exceed()

    def exceed(self) -> None:
        """Raise TooMuchError, and remember it."""
        self.exceeded = True
        raise TooMuchError("the server sends too much")

    async def close(self) -> None:
        """Close the connection of an answer that was not read to its end: LiteLLM leaves some to garbage collection."""
        if self.stream is not None:
            await self.stream.aclose()


class AnswerBound(Bound):
    """The bound of a streamed answer, which grows with its text and its thoughts.

    It also limits the thoughts. The caller limits the text.
    """

    def __init__(self, max_tokens: int) -> None:
        super().__init__(LEAST_BYTES + max_tokens * BYTES_A_TOKEN)
        self._thoughts = (THOUGHT_TOKENS + max_tokens) * CHARACTERS_A_THOUGHT

    def take(self, piece: bytes) -> None:
        """Count `piece`. Raises TooMuchError."""
        self._spend(len(piece) + BYTES_A_LINE * (piece.count(b"\n") + piece.count(b"\r")))

    def heard(self, text: int, thought: int, pieces: int = 1) -> None:
        """Allow for the bytes that come along with so many characters, which came in that many pieces.

        Raises TooMuchError after too many thoughts.
        """
        self._room += pieces * BYTES_A_DELTA + BYTES_A_CHARACTER * (text + thought)
        if thought:
            # Each thought has a cost, however short it is.
            self._thoughts -= max(thought, CHARACTERS_A_THOUGHT)
            if self._thoughts < 0:
                self.exceed()


class ClientBound(AnswerBound):
    """The bound of an answer that LiteLLM's clients read. It also limits lines and their values, which are slow."""

    def __init__(self, max_tokens: int, *, by_event: bool = False) -> None:
        """`by_event`: the client joins all lines of an event before it reads them."""
        super().__init__(max_tokens)
        self._by_event = by_event
        self._unended, self._last = 0, b""
        self._values = Values(by_event=by_event)

    def take(self, piece: bytes) -> None:
        """Count `piece`, which is short. Raises TooMuchError."""
        size = len(piece) + BYTES_A_LINE * piece.count(b"\n")
        self._spend(size)
        ends = self._ends(piece)
        self._unended = 0 if ends else self._unended + size
        if self._unended > LONGEST_LINE or self._values.seen_in(piece, ends=ends) > MOST_VALUES:
            self.exceed()

    def _ends(self, piece: bytes) -> bool:
        """Return whether a line, or an event, ends in `piece`."""
        if not self._by_event:
            return b"\n" in piece
        seen = self._last + piece
        self._last = seen[-2:]
        return EVENT_END.search(seen) is not None


class Values:
    """Counts the values of JSON that arrives in pieces, by the separators outside of strings."""

    def __init__(self, *, by_event: bool) -> None:
        self._line_ends = LINE_ENDS if by_event else TEXT_LINE_ENDS
        self._long_line_ends = () if by_event else LONG_LINE_ENDS
        self._count, self._is_in_string = 0, False
        # The end of a piece that cannot be interpreted until more arrives.
        self._rest = b""

    def seen_in(self, piece: bytes, *, ends: bool) -> int:
        """Return the number of values up to `piece`; the count restarts if a line, or an event, ends there."""
        text = self._rest + piece
        self._rest = _undecided_end(text)
        *before, line = self._lines(text.removesuffix(self._rest))
        for ended in before:
            self._read(ended)
            # No string continues on another line.
            self._is_in_string = False
        seen = self._count
        if ends:
            self._count = 0
        self._read(line)
        return max(seen, self._count)

    def _lines(self, text: bytes) -> list[bytes]:
        """Split lines as the client does. Otherwise this would see other strings than the client."""
        for line_end in self._long_line_ends:
            text = text.replace(line_end, b"\n")
        return text.translate(self._line_ends).split(b"\n")

    def _read(self, text: bytes) -> None:
        parts = text.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        outside = b"".join(parts[self._is_in_string :: 2])
        self._is_in_string ^= len(parts) % 2 == 0
        self._count += outside.count(b",") + outside.count(b"[") + outside.count(b"{")


def _undecided_end(text: bytes) -> bytes:
    """Return a backslash at the end of `text`, or what may be the beginning of a line end."""
    if backslashes := len(text) - len(text.rstrip(b"\\")):
        return b"\\" * (backslashes % 2)
    return next((end for end in BEGINNINGS_OF_LINE_ENDS if text.endswith(end)), b"")


def of_vectors(texts: int, seconds: float) -> Bound:
    return Bound(LEAST_BYTES + texts * BYTES_A_VECTOR, seconds=seconds)


def of_listing(seconds: float = 0) -> Bound:
    return Bound(LISTING_BYTES, seconds=seconds)


def plainly(request: httpx.Request) -> None:
    """Ask for an answer without compression: a few compressed bytes can expand to any number."""
    request.headers["accept-encoding"] = "identity"


def bind(response: httpx.Response, bound: Bound) -> None:
    """Limit what is read of `response` to what `bound` allows, and an error's body to its beginning.

    Nothing is decompressed, so an answer that is compressed against our request cannot be read.
    """
    response.headers.pop("content-encoding", None)
    most = 0 if response.is_success else ERROR_BYTES
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = bound.stream = _AsyncBounded(response.stream, bound, most)
    else:
        response.stream = _Bounded(response.stream, bound, most)


def hooks(bound: Callable[[], Bound]) -> Hooks:
    """Return the hooks with which an httpx.Client bounds its answers, each by a new `bound()`."""
    return {"request": [plainly], "response": [lambda response: bind(response, bound())]}


def async_hooks(bound: Bound) -> Hooks:
    """Return the hooks with which an httpx.AsyncClient bounds its answer."""

    async def on_request(request: httpx.Request) -> None:
        plainly(request)

    async def on_response(response: httpx.Response) -> None:
        bind(response, bound)

    return {"request": [on_request], "response": [on_response]}


class _AsyncBounded(httpx.AsyncByteStream):
    """`stream` within `bound`; or, if `most` is not 0, its first `most` bytes."""

    def __init__(self, stream: httpx.AsyncByteStream, bound: Bound, most: int) -> None:
        self._stream, self._bound, self._most = stream, bound, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        taken = 0
        async with aclosing(cast("AsyncGenerator[bytes]", aiter(self._stream))) as chunks:
            async for chunk in chunks:
                for at in range(0, len(chunk), PIECE):
                    piece = chunk[at : at + PIECE]
                    if not self._most:
                        self._bound.take(piece)
                    elif (taken := taken + len(piece)) > self._most:
                        return
                    yield piece
                    # More has arrived already; without this, no other task would run until all of it is read.
                    if len(piece) == PIECE:
                        await asyncio.sleep(0)

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Bounded(httpx.SyncByteStream):
    """`_AsyncBounded` for threads without an event loop."""

    def __init__(self, stream: httpx.SyncByteStream, bound: Bound, most: int) -> None:
        self._stream, self._bound, self._most = stream, bound, most

    def __iter__(self) -> Iterator[bytes]:
        taken = 0
        for chunk in self._stream:
            taken += len(chunk)
            if self._most and taken > self._most:
                return
            self._bound.take(chunk)
            yield chunk

    def close(self) -> None:
        self._stream.close()
