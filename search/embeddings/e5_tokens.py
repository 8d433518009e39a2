"""Cuts texts into the tokens of multilingual-e5-small, by SentencePiece."""

import struct
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from search.embeddings.e5_weights import END, PADDING, START, UNKNOWN, WordPiece

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

MAX_TOKENS = 512

# The rules of the model (SentencePiece's nmt_nfkc) where they differ from Python's NFKC: these are blanks, and
# these are left out.
_BLANKS = "\t\n\f\r\u1680\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2581\ufeff\ufffd"
_LEFT_OUT = "".join(map(chr, (*range(1, 9), 11, *range(14, 32), 0x7F, 0x8F, 0x9F)))
_RULES = {**dict.fromkeys(map(ord, _BLANKS), " "), **dict.fromkeys(map(ord, _LEFT_OUT), "")}
# Numbers of sentencepiece_model.proto: kinds of pieces, the kind of model, and the parts of a model.
_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3
_UNIGRAM = 1
_PIECES, _TRAINER, _NORMALIZER = 1, 2, 3
# What begins the score of a piece, and the numbers that take one byte: there are a million of them.
_SCORE = bytes((2 << 3 | 5,))
_ONE_BYTE = [bytes((value,)) for value in range(128)]


def normalised(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(_RULES))


def token_ids(pieces: "SentencePieceProcessor", text: str) -> list[int]:
    """Return the ids of a text's tokens, at most MAX_TOKENS, with those of start and end."""
    found: list[int] = pieces.encode(normalised(text))
    return [START, *found[: MAX_TOKENS - 2], END]


def model_of(vocabulary: Sequence[WordPiece]) -> bytes:
    """Return the vocabulary as a SentencePiece model for texts that `normalised` has changed.

    Special pieces are of a kind that never matches: what a document writes as `</s>` stays text.
    """
    special = {**dict.fromkeys((START, PADDING, END, len(vocabulary) - 1), _CONTROL), UNKNOWN: _UNKNOWN}
    kinds = {kind: _number(3, kind) for kind in (_NORMAL, *special.values())}
    scores = struct.pack(f"<{len(vocabulary)}f", *(piece.score for piece in vocabulary))
    pieces = (
        _part(
            _PIECES,
            _part(1, piece.text.encode()) + _SCORE + scores[4 * pk : 4 * pk + 4] + kinds[special.get(pk, _NORMAL)],
        )
        for pk, piece in enumerate(vocabulary)
    )
    ids = zip(range(40, 44), (UNKNOWN, START, END, PADDING), strict=True)
    trainer = _number(3, _UNIGRAM) + _number(4, len(vocabulary)) + b"".join(_number(*each) for each in ids)
    # The name of the rules; then: a blank goes before the text, blanks are joined, and become U+2581.
    normalizer = _part(1, b"identity") + _number(3, 1) + _number(4, 1) + _number(5, 1)
    return b"".join((*pieces, _part(_TRAINER, trainer), _part(_NORMALIZER, normalizer)))


# Protobuf by hand: the classes that come with `sentencepiece` need a newer runtime than other packages allow.


def _part(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    if value < len(_ONE_BYTE):
        return _ONE_BYTE[value]
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes((*found, value))
