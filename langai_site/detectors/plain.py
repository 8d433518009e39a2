"""Pure: brings texts into the form that detectors read, so that a look-alike or hidden character conceals nothing."""

import re
import unicodedata
from collections.abc import Sequence

from langai_site.characters import (
    ASCII_VISIBLE,
    HIDDEN,
    HIDDEN_BETWEEN_WORDS,
    LINE_ENDS,
    REPLACEMENT,
    whole_characters,
)

# Format characters that people see; none of them belongs inside a number or a key.
_SIGNS_OF_NUMBERS = "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
# The replacement character marks what could not be read, such as the zero bytes of another encoding.
_DROPPED = re.compile(f"[{HIDDEN}{_SIGNS_OF_NUMBERS}{REPLACEMENT}]+")
_BETWEEN_WORDS = re.compile(rf"[{HIDDEN_BETWEEN_WORDS}](?<=\w[{HIDDEN_BETWEEN_WORDS}])[{HIDDEN_BETWEEN_WORDS}]*+(?=\w)")
# A word with hidden characters in it, and such a place itself.
_BROKEN_WORD = re.compile(rf"(?<!\w)\w++(?:[{HIDDEN}]++\w++)+")
_BREAK, _BETWEEN = re.compile(f"[{HIDDEN}]++"), re.compile(f"[{HIDDEN_BETWEEN_WORDS}]")
_LINE_END = re.compile(f"[{LINE_ENDS}]")
_BRAILLE_BLANK = "\u2800"
# An escape of JSON: a code, or a letter that stands for a line end or blank, or a sign that stands for itself.
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([nrtbf\"/\\]))")
_LETTERS = {"n": "\n", "r": "\n", "t": " ", "b": " ", "f": "\n"}
# How deep JSON is expected in JSON.
ESCAPES = 3
# Cached signs: more than any one language has, and a limit for texts that are made to have all.
_REMEMBERED = 100_000


class _Signs(dict[int, int | str | None]):
    """The replacements of signs for `str.translate`; each is computed at its first use."""

    def __missing__(self, code: int) -> int | str | None:
        sign = _sign(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = sign
        return sign


def _sign(char: str) -> str | None:
    category = unicodedata.category(char)
    if category == "Cf":
        return None
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Pd" or char == "\u2212":
        return "-"
    if _LINE_END.match(char):
        return "\n"
    return " " if category == "Zs" or char == _BRAILLE_BLANK else char


_signs = _Signs()


def plain(text: str) -> str:
    """Return `text` with uniform digits, spaces, dashes and line ends, and without invisible characters."""
    if text.isascii():
        text = text.translate(ASCII_VISIBLE)
    else:
        # Remove hidden characters first: they would prevent the composition of their neighbours.
        text = unicodedata.normalize("NFKC", _DROPPED.sub("", whole_characters(text))).translate(_signs)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def readings(text: str) -> Sequence[str]:
    """Return the plain forms of `text`, and of the text that it stands for if it has escapes as JSON has them.

    Programs send JSON as text, with calls of tools and their results. There a line end before a number is a backslash
    and a letter, which no detector would see as its beginning.
    """
    meant = unescaped(text)
    return _forms(text) if meant == text else list(dict.fromkeys((*_forms(text), *_forms(meant))))


def unescaped(text: str) -> str:
    """Return `text` with the escapes of JSON replaced, also those of JSON within JSON."""
    for _level in range(ESCAPES):
        if "\\" not in text:
            break
        text = _ESCAPE.sub(_meant, text)
    return text


def _meant(escape: "re.Match[str]") -> str:
    code, letter = escape.groups()
    return chr(int(code, 16)) if code else _LETTERS.get(letter, letter)


def _forms(text: str) -> Sequence[str]:
    """Return the plain forms of `text`: as a model gets it, and as it was written if that could differ.

    Without the hidden character between them, a word and the number after it become one, which no detector would
    see. So the second form has a space there. The third has one only behind the first part of a word, and none in a
    number: there may be hidden characters in the number or key as well. The fourth has one wherever digits, capitals
    and other letters meet: there may be several words before the number or key, and others after it.
    """
    if not _BETWEEN.search(text):
        return [plain(text)]
    forms = (text, _BETWEEN_WORDS.sub(" ", text), _BROKEN_WORD.sub(_begun, text), _BROKEN_WORD.sub(_by_kind, text))
    return list(dict.fromkeys(map(plain, dict.fromkeys(forms))))


def _begun(word: "re.Match[str]") -> str:
    """Return the word with a space at its first break that is not inside a number."""
    whole = word[0]
    for found in _BREAK.finditer(whole):
        start, end = found.span()
        is_in_number = _before(whole, start).isdigit() and _after(whole, end).isdigit()
        if _BETWEEN.search(whole, start, end) and not is_in_number:
            return f"{whole[:start]} {whole[end:]}"
    return whole


def _before(text: str, at: int) -> str:
    """Return the character before a place; empty at the beginning. Some hidden characters are letters to `re`."""
    return text[at - 1 : at] if at else ""


def _after(text: str, at: int) -> str:
    """Return the character at a place; empty at the end."""
    return text[at : at + 1]


def _by_kind(word: "re.Match[str]") -> str:
    """Return the word with a space at each break where characters of different kinds meet."""

    def space(found: "re.Match[str]") -> str:
        meet = _kind(_before(whole, found.start())) != _kind(_after(whole, found.end()))
        return " " if meet and _BETWEEN.search(found[0]) else ""

    whole = word[0]
    return _BREAK.sub(space, whole)


def _kind(char: str) -> tuple[bool, bool]:
    return char.isdigit(), char.isupper()
