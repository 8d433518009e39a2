"""Pure: draws a text as it grows. All that was ever finished, and then what is open, is `render` of the whole.

A block that is finished is drawn once. The block that is open is drawn again with each piece, which for a long one, or
one made for it, would cost more each time. So each character earns a credit that drawing uses up. While there is none
left, what is new is shown as it was written; once there is some again, the block is drawn as a whole. Clocks decide
nothing, so a text that grows in the same pieces always looks the same.

Most pieces are a word or two that go on with a line and can mean nothing else: they are put at the end of the HTML that
there is, and nothing is parsed.
"""

import re
from dataclasses import dataclass
from html import escape
from typing import Any

from chat.markdown import parsing
from chat.markdown.allowance import Allowance
from chat.markdown.rendering import MARKDOWN, Cites, clean, draw, plain

# In units of an allowance: what can be saved up, what each character earns, and what drawing costs beside what the
# parser counts: a character that is looked at, and one of HTML.
CREDIT, EARNED, LOOKED_AT, HTML = 13_000.0, 6.5, 0.4, 0.1

# What may be, or end, or begin a sign of markdown, now or in dialects that know bare addresses. A character that is not
# printable may be changed on its way to the page.
SIGNS = re.compile(r"""[!"#$&()*/:;<>@\[\\\]^_`{|}~]""")
# Ends of HTML before which a word that goes on with the last line belongs. Cells and code have rules of their own.
ENDS = re.compile(r"(?:</(?:p|li|ul|ol|blockquote|h[1-6])>\n?)+\Z")
# So much of the ends of text and HTML is looked at.
NEAR = 500


@dataclass(frozen=True)
class Drawn:
    """`finished_html`: blocks finished since last time, to append. `open_html`: the block being written.

    `is_exact`: the open block is drawn, and not in part shown as it was written.
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
        # What is not finished, how much of it was looked through for blocks that are, and how much of it is drawn.
        self._rest, self._searched, self._drawn, self._html = "", 0, 0, ""
        # Where in the HTML a word that goes on with the last line belongs; 0 where it has to be parsed.
        self._place = 0

    @property
    def open_text(self) -> str:
        """The block that is being written."""
        return self._rest

    def feed(self, text: str) -> Drawn:
        """`text` is all there is so far, and starts with what was fed before."""
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
        """Return whether `piece` only goes on with the words of the last line, which costs next to nothing to draw."""
        return bool(piece) and self._place > 0 and is_words(piece)

    def _append(self, piece: str) -> Drawn:
        """Put the words where the parser would: blanks at the end of a line are not shown until a word follows."""
        before, self._rest = self._rest, self._rest + piece
        self._earn(piece)
        self._drawn = len(self._rest)
        if words := piece.rstrip(" "):
            new = before[len(before.rstrip(" ")) :] + words
            self._html = self._html[: self._place] + new + self._html[self._place :]
            self._place += len(new)
        return Drawn("", self._html)

    def _new(self, text: str) -> str:
        """What was not fed before, with one kind of line end."""
        piece, self._fed = text[self._fed :], len(text)
        start = 1 if self._returned and piece.startswith("\n") else 0
        self._returned = piece.endswith("\r") if piece else self._returned
        return plain(piece[start:])

    def _as_written(self) -> str:
        """The part of the open block that is not drawn."""
        rest = self._rest[self._drawn :]
        return f"<p>{escape(rest, quote=False).replace(chr(10), '<br>' + chr(10))}</p>\n" if rest.strip() else ""

    def _environment(self) -> dict[str, Any]:
        return parsing.environment(self._allowance.copy(), cites=self._cites, unverified=())

    def _earn(self, piece: str) -> None:
        self._credit = min(CREDIT, self._credit + EARNED * len(piece))

    def _spend(self, env: dict[str, Any], looked_at: int, html: str) -> None:
        self._credit -= env["allowance"].used + LOOKED_AT * looked_at + HTML * len(html)

    def _finish(self) -> str:
        """HTML of the blocks that no line to come can change; the rest is what is open from now on."""
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
        self._html, self._drawn = clean(html), len(self._rest)
        # A block that something was too costly for may be drawn otherwise once it is longer.
        self._place = 0 if env["allowance"].fell_short else place_of_more(self._rest, self._html)
        self._spend(env, len(self._rest), self._html)


def is_words(piece: str) -> bool:
    """Return whether `piece` is nothing but words, blanks and marks that mean nothing in markdown."""
    return piece.isprintable() and not SIGNS.search(piece)


def place_of_more(text: str, html: str) -> int:
    """Return where in `html`, which is the drawn `text`, more words of its last line belong; 0 if that is not sure.

    It is sure after a letter: the line can then become no item, heading or rule that it is not already.
    """
    line = text[-NEAR:].rpartition("\n")[2]
    words = SIGNS.split(line)[-1]
    if not words.isprintable() or not any(map(str.isalpha, words)):
        return 0
    ends = ENDS.search(html, max(0, len(html) - NEAR))
    place = ends.start() if ends else 0
    return place if html.endswith(words.strip(" "), 0, place) else 0


def _unclosed_maths(text: str) -> int:
    """The line from which on all may yet become a formula: one with `$$` and no blank line after it. Else the last."""
    lines = text.split("\n")
    first = len(lines)
    for number in range(len(lines) - 2, -1, -1):
        if not lines[number].strip():
            break
        if "$$" in lines[number]:
            first = number
    return first
