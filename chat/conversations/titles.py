"""Pure: makes a conversation's title from its first message, without what detectors call sensitive.

A title is shown in lists, on tabs and in exports, so a card number in the question must not stand there.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from langai_site.detectors import Detection
from langai_site.detectors.rules import KINDS as RULES

TITLE_LENGTH = 60
# As much of a message is scanned as could reach into its title.
SCANNED = 400
# How many sensitive things are masked; with more, the title says nothing of the message.
MOST_MASKED = 12
UNTOLD = gettext_lazy("Conversation with sensitive text")
# Pieces that are kept or masked whole. Languages without spaces have pieces too, between numbers and their own letters.
_PIECE = re.compile(r"[!-~]+|[^!-~\s]+")
_NUMBER = re.compile(r"[\W_]*\d[\d\W_]*")
_COUNT = re.compile(r"(?:an?|[\d,]+) ")

Scan = Callable[[str], Sequence[Detection]]


@dataclass(frozen=True)
class _Span:
    start: int
    end: int


def title_of(text: str, scan: Scan) -> str:
    """Make a title: the first line, cut at a word, with a description in place of each thing that `scan` finds."""
    head = text.lstrip()[:SCANNED]
    masked = _masked(head, scan) if scan(text) else head
    line = " ".join(next((line for line in masked.splitlines() if line.strip()), "").split())
    return line if len(line) <= TITLE_LENGTH else _cut(line)


def _cut(line: str) -> str:
    return line[:TITLE_LENGTH].rsplit(" ", 1)[0] + "…"


def _masked(text: str, scan: Scan) -> str:
    """Return `text` with each sensitive thing replaced by what it is, in brackets."""
    for _ in range(MOST_MASKED):
        found = scan(text)
        if not found:
            return text
        span = _smallest(text, scan)
        what = (scan(text[span.start : span.end]) or found)[0]
        masked = f"{text[: span.start]}[{_named(what)}]{text[span.end :]}"
        if masked == text:
            break
        text = masked
    return str(UNTOLD)


def _named(found: Detection) -> str:
    """Return what was found, in words. The name of an admins' rule may be the very word that it looks for."""
    return "sensitive" if found.kind in RULES else _COUNT.sub("", found.words, count=1)


def _smallest(text: str, scan: Scan) -> _Span:
    """Return the smallest span of whole pieces in which something is still found; all of the text if none is."""
    pieces = [_Span(*piece.span()) for piece in _PIECE.finditer(text)]
    last = _first(len(pieces), lambda count: bool(scan(text[: pieces[count - 1].end])))
    if last is None:
        return _Span(0, len(text))
    end = pieces[last - 1].end
    left_out = _first(last, lambda count: not scan(text[pieces[count].start : end]) if count < last else True)
    first = (left_out or 1) - 1
    return _Span(pieces[first].start, _with_rest(text, pieces, last))


def _first(most: int, holds: Callable[[int], bool]) -> int | None:
    """Return the smallest number from 1 to `most` for which `holds`; None if there is none."""
    return next((number for number in range(1, most + 1) if holds(number)), None)


def _with_rest(text: str, pieces: Sequence[_Span], count: int) -> int:
    """Return where the piece number `count` ends, with pieces of digits after it: they may belong to its number."""
    while count < len(pieces) and _NUMBER.fullmatch(text, pieces[count].start, pieces[count].end):
        count += 1
    return pieces[count - 1].end
