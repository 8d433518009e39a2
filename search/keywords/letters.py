"""Pure: normalises the characters of a text and cuts it into chunks, words and grams."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from search.keywords.numbers import SPACED


def _ranges(codes: Iterable[int]) -> str:
    """Return ascending character codes as the inside of a regular expression's set."""
    found: list[list[int]] = []
    for code in codes:
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in found)


# Vowel signs and accents, which Python does not count as word characters.
MARKS = _ranges(code for code in range(0x300, 0xFB00) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
# Scripts without spaces between words. In the first, a word usually has two characters; in the second, a syllable of
# one letter and its marks is shorter than that.
IDEOGRAPHS = (
    r"\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
SYLLABLES = r"\u0e01-\u0e4e\u0e81-\u0edf\u1000-\u102a\u102b-\u103f\u1050-\u109f\u1780-\u17d3"

_IN_WORD = rf"[\w{MARKS}]"
# A chunk is the text between spaces and punctuation. Inside it, signs join what belongs together (foo-bar, a.b@c.de,
# 10:30), and a hyphen at a line break joins the word. C++, C#, § 15 and 37 500 are chunks as well.
CHUNK = re.compile(
    rf"{SPACED}|§+\s?\d\w*|{_IN_WORD}+(?:(?:['\u2019.\-\u2010&@]|-\n|(?<=\d)[:/,](?=\d)){_IN_WORD}+)*(?:\+\+|#)?"
)
# The parts of a chunk: numbers with their points and colons, and words.
ATOM = re.compile(rf"\d+(?:[.:/,'\u2019\-]\d+)*|[^\W\d_](?:[^\W\d_]|[{MARKS}])*")
RUN = re.compile(rf"[{IDEOGRAPHS}]+|(?:[{SYLLABLES}][{MARKS}]*)+|(?:(?![{IDEOGRAPHS}{SYLLABLES}]).)+", re.DOTALL)
UNSPACED = re.compile(rf"[{IDEOGRAPHS}{SYLLABLES}]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_IDEOGRAPH = re.compile(rf"[{IDEOGRAPHS}]")
_CLUSTER = re.compile(rf"[^{MARKS}][{MARKS}]*")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")

# Signs inside words that change neither sound nor meaning: soft hyphen, joiners, direction, byte order.
_INVISIBLE = re.compile("[\u00ad\u200d\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
# Arabic signs for thousands and decimals.
_ARABIC_SIGNS = str.maketrans("\u066c\u066b", ",.")
# Accents of scripts in which they can be ignored; in the Indian scripts vowel signs are letters.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff]"
)
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "\u0131": "i", "þ": "th", "ð": "d", "ħ": "h"}
)


def plain(text: str) -> str:
    """Return the text in one form: composed, of normal width, without invisible signs."""
    if text.isascii():
        return text
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_ARABIC_SIGNS)


def folded(word: str) -> str:
    """Return a word in lower case, without accents; ß becomes ss."""
    word = word.casefold()
    if word.isascii():
        return word
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


def humps(word: str) -> list[str]:
    """Return the words in aCamelCaseName; empty for any other word."""
    return [hump for hump in _HUMP.findall(word) if len(hump) > 1] if _CAMEL.search(word) else []


def simplified(run: str) -> str:
    """Return Chinese in simplified characters, so that each way of writing finds the other."""
    return run.translate(_simplified()) if _HAN.search(run) else run


@lru_cache(maxsize=1)
def _simplified() -> Mapping[int, str]:
    from opencc import OpenCC

    traditional = [chr(code) for code in range(0x4E00, 0xA000)]
    # One per line: in a row they would be converted as words.
    pairs = zip(traditional, OpenCC("t2s").convert("\n".join(traditional)).split("\n"), strict=True)
    return {ord(before): after for before, after in pairs if before != after}


def grams(run: str) -> tuple[list[str], list[str]]:
    """Return a run of an unspaced script in overlapping pieces: those to search for, and those one size smaller.

    A run that is shorter than a piece is returned whole.
    """
    units = _CLUSTER.findall(run) or [run]
    size = 2 if _IDEOGRAPH.match(run) else 3
    return _pieces(units, min(size, len(units))), _pieces(units, size - 1) if len(units) >= size else []


def _pieces(units: list[str], size: int) -> list[str]:
    return ["".join(units[first : first + size]) for first in range(len(units) - size + 1)]
