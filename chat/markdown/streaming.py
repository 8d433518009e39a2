"""Pure: draws a growing text. All blocks finished so far, and then the open one, equal `render` of the whole.

A finished block is drawn once. The open block is drawn again with each piece, which would cost more each time if it is
long or crafted. So each character earns a credit that drawing uses up. While no credit is left, new text is shown as it
was written; once there is some again, the whole block is drawn. Clocks are not used, so a text that grows in the same
pieces always looks the same.

Most pieces are a word or two that continue a line and can mean nothing else: they are inserted at the end of the HTML
without parsing.
"""

import re
from dataclasses import dataclass
from html import escape
from typing import Any

from chat.markdown import maths, parsing
from chat.markdown.addresses import may_be_address
from chat.markdown.allowance import Allowance
from chat.markdown.rendering import MARKDOWN, Cites, clean, draw, plain

# In units of an allowance: the most credit, what each character earns, and what drawing costs besides the parser's
# work: per character that is read, and per character of HTML.
CREDIT, EARNED, LOOKED_AT, HTML = 13_000.0, 6.5, 0.4, 0.1

# Characters that may be, or end, or begin a sign of markdown, also in dialects that know bare addresses. A character
# that is not printable may be changed on its way to the page.
SIGNS = re.compile(r"""[!"#$&()*/:;<>@\[\\\]^_`{|}~]""")
# Ends of HTML before which a word that continues the last line belongs. Cells and code have their own rules.
ENDS = re.compile(r"(?:</(?:p|li|ul|ol|dd|dl|div|blockquote|h[1-6])>\n?)+\Z")
# How many characters at the ends of text and HTML are searched.
NEAR = 500


@dataclass(frozen=True)
class Drawn:
    """What to show: `finished_html` are newly finished blocks, to append; `open_html` is the block being written.

    `is_exact`: the whole open block is drawn, and no part of it is shown as it was written.
    """

    finished_html: str
    open_html: str
    is_exact: bool = True


class Stream:
    """Draws a growing text."""

    def __init__(self, cites: Cites | None = None) -> None:
        self._cites = cites or {}
        self._allowance, self._credit = Allowance(), CREDIT
        self._fed, self._returned = 0, False
        # The unfinished text, how much of it was searched for finished blocks, how much of it is drawn, and its HTML.
        self._rest, self._searched, self._drawn, self._html = "", 0, 0, ""
        # Where in the HTML a word that continues the last line belongs; 0 if it has to be parsed.
        self._place = 0
        # The HTML of what is shown as it was written, how much of the unfinished text it includes, and whether it is
        # only blanks. It grows with each piece; escaping all of it each time would be quadratic.
        self._written, self._written_to, self._is_blank = "", 0, True

    @property
    def open_text(self) -> str:
        """Return the text of the block that is being written."""
        return self._rest

    def feed(self, text: str) -> Drawn:
        """Take the whole text so far, which starts with what was fed before, and return what to show."""
        piece = self._new(text)
        if self.continues(piece):
            return self._append(piece)
        self._rest += piece
        self._earn(piece)
        if self._credit <= 0:
            self._place = 0
            return Drawn("", self._html + self._as_written(), is_exact=self._drawn == len(self._rest))
        finished = self._finish() if piece else ""
        if piece:
            self._draw_open()
        return Drawn(finished, self._html)

    def continues(self, piece: str) -> bool:
        """Return whether `piece` only adds words to the last line, which takes almost no time to draw."""
        return bool(piece) and self._place > 0 and is_words(piece) and not _begins_address(self._rest[-2:] + piece)

    def _append(self, piece: str) -> Drawn:
        """Insert the words where the parser would. Blanks at the end of a line are not shown until a word follows."""
        before, self._rest = self._rest, self._rest + piece
        self._earn(piece)
        self._set_drawn()
        if words := piece.rstrip(" "):
            new = before[len(before.rstrip(" ")) :] + words
            self._html = self._html[: self._place] + new + self._html[self._place :]
            self._place += len(new)
        return Drawn("", self._html)

    def _new(self, text: str) -> str:
        """Return what was not fed before, with one kind of line end."""
        piece, self._fed = text[self._fed :], len(text)
        start = 1 if self._returned and piece.startswith("\n") else 0
        self._returned = piece.endswith("\r") if piece else self._returned
        return plain(piece[start:])

    def _as_written(self) -> str:
        """Return the part of the open block that is not drawn, as it was written."""
        new, self._written_to = self._rest[self._written_to :], len(self._rest)
        self._written += escape(new, quote=False).replace("\n", "<br>\n")
        self._is_blank = self._is_blank and not new.strip()
        return "" if self._is_blank else f"<p>{self._written}</p>\n"

    def _set_drawn(self) -> None:
        """Note that all of the unfinished text is drawn."""
        self._drawn = self._written_to = len(self._rest)
        self._written, self._is_blank = "", True

    def _environment(self) -> dict[str, Any]:
        return parsing.environment(self._allowance.copy(), cites=self._cites, unverified=())

    def _earn(self, piece: str) -> None:
        self._credit = min(CREDIT, self._credit + EARNED * len(piece))

    def _spend(self, env: dict[str, Any], looked_at: int, html: str) -> None:
        self._credit -= env["allowance"].used + LOOKED_AT * looked_at + HTML * len(html)

    def _finish(self) -> str:
        """Return the HTML of the blocks that no further line can change; the rest stays open."""
        lines = self._rest.rfind("\n") + 1
        if lines == self._searched:
            return ""
        self._searched, env = lines, self._environment()
        end, drawn, limit = 0, [], _unclosed_maths(self._rest[:lines])
        for block in parsing.blocks(self._rest[:lines], MARKDOWN, env):
            if block.is_last or block.next_line > limit:
                break
            drawn.append(draw(block, env))
            end, self._allowance = block.end, env["allowance"].copy()
        html = clean("".join(drawn))
        self._spend(env, lines, html)
        self._rest, self._searched = self._rest[end:], lines - end
        return html

    def _draw_open(self) -> None:
        env = self._environment()
        html = "".join(draw(block, env) for block in parsing.blocks(self._rest, MARKDOWN, env))
        self._html = clean(html)
        self._set_drawn()
        # A block with something that was too costly may look different once it is longer.
        self._place = 0 if env["allowance"].fell_short else place_of_more(self._rest, self._html)
        self._spend(env, len(self._rest), self._html)


def is_words(piece: str) -> bool:
    """Return whether `piece` contains only words, blanks and marks that mean nothing in markdown."""
    return piece.isprintable() and not SIGNS.search(piece)


def place_of_more(text: str, html: str) -> int:
    """Return where in `html`, the drawn `text`, more words of its last line belong; 0 if that is not certain.

    It is certain after a letter: then the line can no longer become an item, heading or rule.
    """
    line = text[-NEAR:].rpartition("\n")[2]
    words = SIGNS.split(line)[-1]
    if not words.isprintable() or not any(map(str.isalpha, words)) or may_be_address(line):
        return 0
    ends = ENDS.search(html, max(0, len(html) - NEAR))
    place = ends.start() if ends else 0
    # After an address, which ends at a blank, the words that follow it are enough.
    shown = (words.strip(" "), words.partition(" ")[2].strip(" "))
    return place if any(part and html.endswith(part, 0, place) for part in shown) else 0


def _begins_address(text: str) -> bool:
    """Return whether an address without any sign may begin in `text`: `www.`."""
    return "ww" in text.lower()


def _unclosed_maths(text: str) -> int:
    """Return the first line that may yet become a formula: its sign, and no blank line after it. Or the line count."""
    lines = text.split("\n")
    first = len(lines)
    for number in range(len(lines) - 2, -1, -1):
        if not lines[number].strip():
            break
        if maths.BEGINNING.search(lines[number]):
            first = number
    return first
