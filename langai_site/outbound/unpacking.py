"""Pure: a packed answer, unpacked piece by piece.

httpx unpacks each read as a whole, and a few packed bytes can become any number.
"""

import zlib
from collections.abc import Iterator

# The event loop gets its turn after so many bytes.
PIECE = 2**14
# zlib finds out by itself which of the two formats, gzip or zlib, it reads.
EITHER_FORMAT = zlib.MAX_WBITS + 32
PACKED = ("gzip", "x-gzip", "deflate")


class PackedError(Exception):
    """The answer is packed in a way that was not asked for, or broken."""


class Plain:
    """Cuts bytes that are not packed into pieces."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield `data` in pieces of at most PIECE bytes."""
        for at in range(0, len(data), PIECE):
            yield data[at : at + PIECE]


class Unpacker:
    """Unpacks gzip and zlib."""

    def __init__(self) -> None:
        self._unpacking = zlib.decompressobj(EITHER_FORMAT)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what is in `data` in pieces of at most PIECE bytes. Raises PackedError."""
        while data:
            try:
                piece = self._unpacking.decompress(data, PIECE)
            except zlib.error as error:
                raise PackedError("the answer is not what its header says") from error
            if piece:
                yield piece
            data = self._unpacking.unconsumed_tail
            if self._unpacking.eof:
                # What follows is another packed part.
                data, self._unpacking = self._unpacking.unused_data, zlib.decompressobj(EITHER_FORMAT)


def of_encoding(name: str) -> Plain | Unpacker:
    """Return what reads a body with this `Content-Encoding`. Raises PackedError for one that is not known."""
    encoding = name.strip().casefold()
    if encoding in ("", "identity"):
        return Plain()
    if encoding in PACKED:
        return Unpacker()
    raise PackedError(f"an answer in {encoding[:20]} cannot be unpacked")
