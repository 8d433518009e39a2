"""Reads the 4-bit weights of multilingual-e5-small from the one file that holds them. It runs none of its code.

The file is little-endian, in this order:

- "E5S1", u32 version 1, i32 x 7: width, layers, heads, inner width, rows of the word table, positions, segments; f32
  epsilon; i32 values in a block (32).
- Vocabulary: i32 number of pieces; i32 x 4: the ids of start, end, padding and unknown; u64 bytes of text; u32 offsets
  into the text, one more than pieces; f32 scores; the text in UTF-8.
- Normalisation of single characters: i32 count, u32 bytes, entries. Not read: `e5_tokens.normalised` does the same.
- Directory: i32 count, then for each tensor u16 length, name, u8 type (0: f32, 1: 4 bits), u32 values, u64 offset in
  the file, u64 bytes.

A tensor of 4 bits is blocks of 32 neighbours in a row: a f16 scale, then 16 bytes. The low half of byte j is value j,
the high half value j + 16, and each means (half - 8) * scale.
"""

import itertools
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

LAYERS, HEADS, DIMENSION, INNER, EPSILON = 12, 12, 384, 1536, 1e-12
POSITIONS, BLOCK = 512, 32
START, PADDING, END, UNKNOWN = 0, 1, 2, 3
MAGIC, VERSION = b"E5S1", 1
WORDS = "emb.word"
# Bytes of a block: its scale, and two values in each byte.
_SCALE, _BLOCK_BYTES = 2, 2 + BLOCK // 2


class WordPiece(NamedTuple):
    """A piece of a word, with the score by which the best way of cutting a text is chosen."""

    text: str
    score: float


@dataclass(frozen=True)
class _Tensor:
    quantized: bool
    data: np.ndarray


class Weights:
    """The file's vocabulary and tensors, as views of one memory map. Raises ValueError for any other file."""

    def __init__(self, path: Path) -> None:
        # A memory map: pages that nothing reads take no memory, and processes share those that are read.
        self._data = np.memmap(path, dtype=np.uint8, mode="r")
        self._at = 0
        try:
            self._read_header()
            self._vocabulary_at = self._at
            self._skip_vocabulary()
            self._tensors = self._directory()
        except struct.error as error:
            raise ValueError("the weights end too early") from error

    def _read_header(self) -> None:
        magic, version, width, layers, heads, inner, rows, positions, _, _, block = self._take("<4sI7ifi")
        shape = (width, layers, heads, inner, positions, block)
        if (magic, version, shape) != (MAGIC, VERSION, (DIMENSION, LAYERS, HEADS, INNER, POSITIONS, BLOCK)):
            raise ValueError("these are not the 4-bit weights of multilingual-e5-small")
        self._rows: int = rows

    def _skip_vocabulary(self) -> None:
        count, start, end, padding, unknown, size = self._take("<5iQ")
        if (start, end, padding, unknown) != (START, END, PADDING, UNKNOWN) or count > self._rows:
            raise ValueError("the vocabulary is not that of multilingual-e5-small")
        self._at += 4 * (count + 1) + 4 * count + size
        _, size = self._take("<iI")
        self._at += size

    def _directory(self) -> dict[str, _Tensor]:
        tensors: dict[str, _Tensor] = {}
        for _ in range(self._take("<i")[0]):
            name = self._bytes(self._take("<H")[0]).decode()
            kind, _values, offset, size = self._take("<BIQQ")
            tensors[name] = _Tensor(kind == 1, self._data[offset : offset + size])
        return tensors

    def _take(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at].tobytes()

    def vocabulary(self) -> list[WordPiece]:
        """Return the pieces in the order of their ids."""
        self._at = self._vocabulary_at
        count, *_, size = self._take("<5iQ")
        offsets = np.frombuffer(self._bytes(4 * (count + 1)), "<u4").tolist()
        scores = np.frombuffer(self._bytes(4 * count), "<f4").tolist()
        text = self._bytes(size)
        pieces = (text[first:last].decode() for first, last in itertools.pairwise(offsets))
        return [WordPiece(piece, score) for piece, score in zip(pieces, scores, strict=True)]

    def floats(self, name: str) -> np.ndarray:
        """Return a tensor of 32 bits, flat."""
        return self._tensors[name].data.view("<f4")

    def dense(self, name: str, rows: int) -> np.ndarray:
        """Return a 4-bit tensor as float32 [rows, columns]."""
        return _unpacked(self._tensors[name].data.reshape(rows, -1, _BLOCK_BYTES))

    def words(self, ids: np.ndarray) -> np.ndarray:
        """Return the rows of the word table for these ids as float32 [ids, 384]; only they are read from the file."""
        return _unpacked(self._tensors[WORDS].data.reshape(self._rows, -1, _BLOCK_BYTES)[ids])


def _unpacked(blocks: np.ndarray) -> np.ndarray:
    """Return blocks, uint8 [rows, blocks, 18], as float32 [rows, 32 * blocks]."""
    scales = np.ascontiguousarray(blocks[:, :, :_SCALE]).view("<f2").astype(np.float32)
    packed = blocks[:, :, _SCALE:]
    halves = np.concatenate([packed & 15, packed >> 4], axis=2).astype(np.float32)
    dense: np.ndarray = ((halves - 8) * scales).reshape(len(blocks), -1)
    return dense
