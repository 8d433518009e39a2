"""Pure: finds what an answer quotes in its parsed markdown, and checks whether a text contains it.

A quotation is a text in quotation marks within one block, or a block quotation that ends with a citation. Code and
formulas belong to the text around them, but quotation marks in them do not count.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from chat.markdown.verbatim import JOINER

CITATION = re.compile(r"\[(\d{1,3}(?: ?, ?\d{1,3})*)\]")

# Shorter ones are terms and names, not statements.
LEAST_WORDS, LEAST_CHARS = 4, 12
_WORD = re.compile(r"\w+")
# Scripts without spaces between words: Thai to Khmer, Chinese and Japanese.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
# Straight marks open before a word and close after one; inches and seconds do neither.
_OPENING = re.compile(r'[“„«»「『]|(?<![^\W_])["”](?=\S)')
_CLOSING = {
    **{"“": re.compile("”"), "„": re.compile("[“”]"), "«": re.compile("»"), "»": re.compile("«")},
    **{"「": re.compile("」"), "『": re.compile("』")},
    **{mark: re.compile(rf"(?<=\S){mark}(?!\w)") for mark in '"”'},
}
_BREAKS = {"softbreak", "hardbreak"}
_HIDDEN = {"code_inline", "math_inline", "math_inline_double", "math_block"}
_AFTER = " \n.。"
_SIGNATURE = re.compile(r"\s*[-–—~]")  # noqa: RUF001 - dashes that people write

_ELLIPSIS = re.compile(r"[\[(]?(?:…|\.\s?\.\s?\.)[\])]?")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")  # noqa: RUF001 - all that look alike
# Letters and digits, and the signs that change the meaning of a number. The fillers of Hangul are excluded: they are
# letters, but invisible.
_TELLING = re.compile(r"[^\W_\u115f\u1160]|(?<=\d)[.,:/-](?=\d)|(?<![^\s(])-(?=\d)|[$€£¥₹%‰°]")


@dataclass(frozen=True)
class Quotation:
    """A quotation in its block's text: where it starts and ends, with its marks, and what it quotes."""

    start: int
    end: int
    text: str


def in_blocks(tokens: Iterable[Token]) -> Iterator[tuple[Token, list[Quotation]]]:
    """Yield the text blocks of parsed markdown that quote something long enough to be checked."""
    depth = 0
    for token in tokens:
        if token.type in ("blockquote_open", "blockquote_close"):
            depth += token.nesting
        elif token.children and (found := _in_block(token.children, depth > 0)):
            yield token, found


def _in_block(children: Sequence[Token], is_set_off: bool) -> list[Quotation]:
    text, outer = text_of(children), "".join(map(_visible, children))
    marked = [
        Quotation(start, end, text[start + 1 : end - 1])
        for start, end in _between_marks(outer)
        if is_statement(text[start + 1 : end - 1])
    ]
    return marked or (_set_off(text) if is_set_off else [])


def text_of(children: Iterable[Token]) -> str:
    """Return the text of a block; positions in the block are offsets in this text."""
    return "".join(map(written, children))


def written(token: Token) -> str:
    if token.type in _BREAKS:
        return "\n"
    return token.content if token.type == "text" or token.type in _HIDDEN else ""


def _visible(token: Token) -> str:
    return "x" * len(token.content) if token.type in _HIDDEN else written(token)


def _between_marks(text: str) -> Iterator[tuple[int, int]]:
    ends = {mark: [found.start() for found in closing.finditer(text)] for mark, closing in _CLOSING.items()}
    position = 0
    while opening := _OPENING.search(text, position):
        closers = ends[opening[0]]
        following = bisect_left(closers, opening.end())
        position = opening.end()
        if following < len(closers):
            position = closers[following] + 1
            yield opening.start(), position


def _set_off(text: str) -> list[Quotation]:
    """Return the block as a quotation, without the citations at its end and a last line with the speaker's name."""
    whole = end = len(text.rstrip(_AFTER))
    while (opening := text.rfind("[", 0, end)) >= 0 and CITATION.fullmatch(text, opening, end):
        end = len(text[:opening].rstrip())
    if end == whole:
        return []
    last = text.rfind("\n", 0, end)
    if last >= 0 and _SIGNATURE.match(text, last + 1):
        end = last
    return [Quotation(0, end, text[:end])] if is_statement(text[:end]) else []


def is_statement(text: str) -> bool:
    """Return whether a quotation is long enough to check: a few words, or characters in scripts without spaces."""
    if len(text) < LEAST_CHARS:
        return False
    return len(_WORD.findall(text)) >= LEAST_WORDS or len(_UNSPACED.findall(text)) >= LEAST_CHARS


def comparable(text: str) -> str:
    """Return a form that is equal for texts that say the same: without spaces, case, markup and kinds of marks."""
    plain = unicodedata.normalize("NFKC", CITATION.sub(" ", text.replace(JOINER, ""))).casefold()
    return "".join(_TELLING.findall(plain.translate(_DASHES)))


def is_found(quotation: str, source: str) -> bool:
    """Return whether `source`, made comparable, contains the quotation; parts around an ellipsis in the same order."""
    position = 0
    for part in map(comparable, _ELLIPSIS.split(quotation)):
        position = source.find(part, position)
        if position < 0:
            return False
        position += len(part)
    return True
