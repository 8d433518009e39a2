"""Pure: says in which direction each part of a text runs, so that Arabic and Hebrew run right to left.

Browsers find the direction of a paragraph by themselves (`dir="auto"`). Of a list or a table they would not: they skip
what has a direction of its own. So those get theirs from their first letter.
"""

import re
import unicodedata
from collections.abc import Sequence

from markdown_it.token import Token

_LETTER = re.compile(r"[^\W\d_]")
# Parts whose direction decides where markers, columns and edges stand, parts that hold text, and both.
_FRAMES = {"bullet_list_open", "ordered_list_open", "table_open", "blockquote_open", "dl_open", "alert_open"}
_FRAMES |= {"footnote_reference_open"}
_TEXTS = {"paragraph_open", "heading_open"}
_HOLDERS = {"list_item_open", "td_open", "th_open", "dt_open", "dd_open"}


def direction_of(text: str) -> str:
    """Return the direction of the first letter of `text`: `ltr` or `rtl`; empty if it has no letter."""
    letter = _LETTER.search(text)
    if not letter:
        return ""
    return "rtl" if unicodedata.bidirectional(letter[0]) in ("R", "AL") else "ltr"


def give_directions(tokens: Sequence[Token]) -> None:
    """Set the attribute `dir` of the parts of a block."""
    found = _found(tokens)
    inherited = ["ltr"]
    for number, token in enumerate(tokens):
        if token.nesting < 0:
            inherited.pop()
        elif token.nesting > 0:
            own = found.get(number, "")
            if token.type in _TEXTS or (token.type in _HOLDERS and own and _holds_text(tokens, number)):
                token.attrSet("dir", "auto")
            elif token.type in _FRAMES | _HOLDERS and own and own != inherited[-1]:
                token.attrSet("dir", own)
            inherited.append(own or inherited[-1])


def _found(tokens: Sequence[Token]) -> dict[int, str]:
    """Return the directions of the parts that have a letter, by the numbers of their tokens."""
    found: dict[int, str] = {}
    # The parts that are open, and how many of them, from the outermost, are decided.
    around: list[int] = []
    decided = 0
    for number, token in enumerate(tokens):
        if token.nesting > 0:
            around.append(number)
        elif token.nesting < 0:
            around.pop()
            decided = min(decided, len(around))
        elif token.type == "inline" and decided < len(around) and not _is_title(tokens[number - 1]):
            own = direction_of(token.content)
            found |= dict.fromkeys(around[decided:], own) if own else {}
            decided = len(around) if own else decided
    return found


def _is_title(before: Token) -> bool:
    """Return whether what follows is our own word: "Note" above an alert."""
    return before.type == "alert_title_open"


def _holds_text(tokens: Sequence[Token], number: int) -> bool:
    """Return whether text stands directly in a part, not in paragraphs."""
    following = tokens[number + 1] if number + 1 < len(tokens) else None
    return following is not None and (following.type == "inline" or following.hidden)
