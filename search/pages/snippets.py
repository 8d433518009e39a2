"""Pure: cuts out the part of a passage that shows why it was found, in pieces that are marked or not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

# Characters of a snippet; about three lines of the search page.
LENGTH = 320
# Characters before the first marked word.
LEAD = 60
# How far a cut may move to fall between words; scripts without spaces are cut in place.
TO_SPACE = 20
ELLIPSIS = "…"


@dataclass(frozen=True)
class Match:
    """A word of the query in a text, from character `start` to `end`; matches with the same `term` mean the same."""

    start: int
    end: int
    term: str


@dataclass(frozen=True)
class SnippetPiece:
    text: str
    marked: bool = False


def snippet(text: str, matches: Sequence[Match], length: int = LENGTH) -> list[SnippetPiece]:
    """Return the stretch of `text` with most of the query's words, marked; the beginning if there are none."""
    matches = sorted(matches, key=lambda match: (match.start, match.end))
    first, last = _window(text, matches, length)
    inside = [match for match in matches if first <= match.start and match.end <= last]
    pieces = [SnippetPiece(ELLIPSIS)] if first else []
    at = first
    for match in inside:
        if match.start >= at:
            pieces += [SnippetPiece(text[at : match.start]), SnippetPiece(text[match.start : match.end], marked=True)]
            at = match.end
    pieces += [SnippetPiece(text[at:last]), SnippetPiece(ELLIPSIS if last < len(text) else "")]
    return _joined(pieces)


def _window(text: str, matches: Sequence[Match], length: int) -> tuple[int, int]:
    if len(text) <= length:
        return 0, len(text)
    best = _best(matches, length)
    first = max(0, best.start - LEAD) if best else 0
    first = min(first, len(text) - length)
    return _between_words(text, first), _between_words(text, first + length)


def _best(matches: Sequence[Match], length: int) -> Match | None:
    """Return the match with which the snippet begins that shows the most different words, then the most words.

    One pass: `shown` counts the words between the two ends of a window that moves over the matches.
    """
    best, most = None, (0, 0)
    shown: Counter[str] = Counter()
    end = 0
    for begin, match in enumerate(matches):
        end = max(end, begin)
        while end < len(matches) and matches[end].end <= match.start + length - LEAD:
            shown[matches[end].term] += 1
            end += 1
        if (worth := (len(shown), end - begin)) > most:
            best, most = match, worth
        if end > begin:
            shown[match.term] -= 1
            shown += Counter()
    return best


def _between_words(text: str, at: int) -> int:
    """Return the nearest place before `at` where a word begins."""
    if at >= len(text):
        return at
    furthest = max(0, at - TO_SPACE)
    space = max(text.rfind(gap, furthest, at) for gap in (" ", "\n"))
    return space + 1 if space >= 0 else at if furthest else 0


def _joined(pieces: Sequence[SnippetPiece]) -> list[SnippetPiece]:
    """Merge neighbouring pieces of the same kind and drop empty ones."""
    out: list[SnippetPiece] = []
    for piece in pieces:
        if out and out[-1].marked == piece.marked:
            out[-1] = SnippetPiece(out[-1].text + piece.text, piece.marked)
        elif piece.text:
            out.append(piece)
    return out
