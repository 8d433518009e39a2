"""Pure: puts parts of a block's text into elements of their own."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from markdown_it.token import Token

from chat.markdown.allowance import MARK, Allowance
from chat.markdown.quotations import written


class TextMark(NamedTuple):
    """A part of a block's text that is marked: its class, and the HTML that follows it."""

    start: int
    end: int
    name: str
    note: str


def piece(kind: str, content: str) -> Token:
    return Token(kind, "", 0, content=content)


def affordable(tokens: Sequence[Token], marks: Sequence[TextMark], allowance: Allowance) -> list[TextMark]:
    ends = [*accumulate(len(written(token)) for token in tokens)]
    return [mark for mark in marks if allowance.afford(_price(mark, ends))]


def _price(mark: TextMark, ends: Sequence[int]) -> float:
    """Return the cost of a mark, an element for each token. `ends`: where the block's tokens end."""
    return MARK * (1 + bisect_left(ends, mark.end) - bisect_right(ends, mark.start))


def marked(tokens: Sequence[Token], marks: Sequence[TextMark]) -> list[Token]:
    """Return the tokens with each marked text in its own element, so that elements never overlap."""
    result: list[Token] = []
    open_ones, at = deque(marks), 0
    for token in tokens:
        end = at + len(written(token))
        if token.type == "text":
            result += _marked_text(token, at, open_ones)
        else:
            result.append(token)
        while open_ones and open_ones[0].end <= end:
            result.append(piece("html_inline", open_ones.popleft().note))
        at = end
    return result


def _marked_text(token: Token, at: int, marks: deque[TextMark]) -> list[Token]:
    """Mark the parts of a text that begins at `at`; remove the marks that end before it does."""
    result: list[Token] = []
    shown, length = 0, len(token.content)
    while length and marks and marks[0].start < at + length:
        start, end = max(marks[0].start - at, 0), min(marks[0].end - at, length)
        opening = f'<span class="{marks[0].name}">'
        result += [piece("text", token.content[shown:start]), piece("html_inline", opening)]
        result += [piece("text", token.content[start:end]), piece("html_inline", "</span>")]
        shown = end
        if end == length:
            break
        result.append(piece("html_inline", marks.popleft().note))
    return [*result, piece("text", token.content[shown:])] if result else [token]
