"""Pure: decompresses an answer piece by piece.

httpx decompresses each read as a whole, and a few compressed bytes can expand to any number.
"""

import zlib
from collections.abc import Iterator

# The event loop gets its turn after this many bytes.
PIECE = 2**14
# zlib detects which of the two formats, gzip or zlib, it reads.
EITHER_FORMAT = zlib.MAX_WBITS + 32
PACKED = ("gzip", "x-gzip", "deflate")


class PackedError(Exception):
    """The answer is compressed in an unknown way, or broken."""


class Plain:
    """Cuts uncompressed bytes into pieces."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield `data` in pieces of at most PIECE bytes."""
        for at in range(0, len(data), PIECE):
            yield data[at : at + PIECE]


class Unpacker:
    """Decompresses gzip and zlib."""

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
                # What follows is another compressed part.
                data, self._unpacking = self._unpacking.unused_data, zlib.decompressobj(EITHER_FORMAT)


def of_encoding(name: str) -> Plain | Unpacker:
    """Return the reader for a body with this `Content-Encoding`. Raises PackedError for an unknown one."""
    encoding = name.strip().casefold()
    if encoding in ("", "identity"):
        return Plain()
    if encoding in PACKED:
        return Unpacker()
    raise PackedError(f"an answer in {encoding[:20]} cannot be unpacked")
