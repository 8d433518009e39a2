"""Pure: says which signs of emphasis open and which close, also beside Chinese, Japanese and Korean.

CommonMark asks for a blank or punctuation where these languages write neither: `**「強調」**です` would have no bold.
The rules here are those of the amendment "CJK-friendly emphasis" (github.com/tats-u/markdown-cjk-friendly).
"""

import re
import unicodedata
from functools import lru_cache

from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned


class EmphasisState(StateInline):
    """What inline rules know of the text that they read. `sign`: the pattern of what may begin something."""

    sign: "re.Pattern[str]"

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 - the library's names
        """Return how many equal signs begin at `start`, and whether they can open and close emphasis."""
        marker, end = self.src[start], start
        while end < self.posMax and self.src[end] == marker:
            end += 1
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        if _is_literal(self.src, start, end, self.posMax):
            return Scanned(False, False, end - start)
        opens, closes = _flanking(before, after), _flanking(after, before)
        return Scanned(
            opens and (canSplitWord or not closes or _is_punctuation(before)),
            closes and (canSplitWord or not opens or _is_punctuation(after)),
            end - start,
        )


def _is_literal(text: str, start: int, end: int, limit: int) -> bool:
    """Return whether the signs are text: those of the product `2*3*4`, and the names `__init__.py` and `__call__()`."""
    before, after = text[start - 1 : start], text[end : min(end + 1, limit)]
    if text[start] == "*":
        return end - start == 1 and before.isdigit() and after.isdigit()
    if text[start] != "_" or end - start != 2:
        return False
    if before.isalnum():
        return after in {".", "("} and text[end + 1 : min(end + 2, limit)].strip(" *`\n") != ""
    closing = text.find("__", end, min(end + 40, limit))
    return closing > end and text[end:closing].isidentifier() and _is_literal(text, closing, closing + 2, limit)


@lru_cache(maxsize=4096)
def _flanking(outer: str, inner: str) -> bool:
    """Return whether signs between these two characters may belong to the text at the side of `inner`."""
    if isWhiteSpace(ord(inner)):
        return False
    if not _is_punctuation(inner) or _is_cjk(inner):
        return True
    return isWhiteSpace(ord(outer)) or _is_punctuation(outer) or _is_cjk(outer)


@lru_cache(maxsize=4096)
def _is_punctuation(sign: str) -> bool:
    return isMdAsciiPunct(ord(sign)) or isPunctChar(sign)


def _is_cjk(sign: str) -> bool:
    """Return whether a character is Chinese, Japanese or Korean: wide, or a part of Hangul; emoji are not."""
    if sign < "\u1100" or (sign >= "\U0001f000" and unicodedata.category(sign) == "So"):
        return False
    return unicodedata.east_asian_width(sign) in "WFH" or sign <= "\u11ff"
