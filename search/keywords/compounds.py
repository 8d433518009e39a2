"""Pure: splits German compounds, so that "Versicherung" finds "Krankenversicherung".

A word is split into as few pieces as possible from the list of words that are common in compounds (compounds.txt). If
that fails, one piece may be missing from the list. So a word that people search for does not need to be in the list if
the rest of the compound is. A word that must stay whole, though it looks like a compound, is itself in the list.
"""

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from search.keywords.letters import folded

# Nobody searches for a part of a compound that is shorter than this.
SHORTEST, LONGEST = 8, 40
# Minimum letters of a piece that is not in the list: of the first piece, and of a later one.
UNKNOWN_FIRST, UNKNOWN_LATER = 4, 5
# Words of three letters occur in too many others by chance to be accepted beside an unknown piece.
SHORT = 3
# These are also the endings of other words, so they are not accepted there either.
UNSURE = frozenset(
    ("alter", "ecke", "ende", "essen", "fisch", "mann", "native", "reibung", "reich", "rest", "stall", "test", "tisch")
)
ENDINGS = ("s", "es", "e", "en", "n", "er", "ern", "em", "in", "innen")
JOINTS = ("s", "es", "n", "en", "er", "ern", "e")
SURE_JOINTS = ("s", "es", "n", "en")

# These rule out an unknown piece: the start of a word with a prefix, letters that no word begins or ends with, the
# end of a derived word.
PREFIXES = (
    *("durch", "emp", "ent", "fort", "gegen", "heraus", "herunter", "hinter", "hinunter", "miss", "nach", "nieder"),
    *("uber", "unter", "unver", "voraus", "weiter", "wider", "wieder", "zurecht", "zuruck", "zusammen", "zwischen"),
)
ONSET = re.compile(
    r"(?:sch[lmnrw]?|s[pt]?r?|spl|[bfgkp][lr]|[gk]n|[dt]r|pf[lr]?|zw|qu|[pt]h|[bcdfghjklmnpqrtvwz])?[aeiouy]"
)
CODA = re.compile(r"(?:[^aeiouyr]n|[^aeiouylr]m|sc)$")
DERIVED = re.compile(
    r"^(?:schaft|heit|keit|lich|isch|ung|ling|nis|haft|bar|sam|los|tum|chen|lein|ier|ation|ator|ion|itat|inn|ig|ant|ent"
    r"|est|end|ell|iv|ist|erin|erung|eln|ern|ismus|ik|at|et|it|ol|um|us|ste|ten|fach|ali)"
    r"|(?:lich|isch|bar|los|sam|ig|haft)(?:e[nmrs]?|keit|keiten)?$|(?:ieren|ierung|arium|orium|ismus|te[mnrs])$"
)

_LINES = Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines()
WORDS = [word for line in _LINES if not line.startswith("#") for word in line.split()]


def parts_of(word: str, *, noun: bool) -> tuple[str, ...]:
    """Return the pieces of a folded word, and neighbouring pieces joined; empty if it is not a compound.

    Verbs and participles look like compounds too often, so a piece may be unknown only in a noun.
    """
    if not SHORTEST <= len(word) <= LONGEST:
        return ()
    edges = _known(word) or (_around_unknown(word) if noun else [])
    spans = [(start, end) for start in range(len(edges)) for end in range(start + 1, len(edges))]
    return tuple(word[edges[start] : edges[end]] for start, end in spans if end - start < len(edges) - 1)


def _known(word: str) -> list[int]:
    """Return the edges of known pieces, including the word's own start and end; empty if there are none."""
    pieces = _pieces()
    found = [[*way, len(word)] for start, way in _heads(word, pieces).items() if word[start:] in pieces.last]
    return min(found, key=len, default=[])


def _around_unknown(word: str) -> list[int]:
    """Return the edges with the shortest unknown piece beside known ones."""
    heads, tails = _heads(word, _sure_pieces()), _tails(word, _sure_pieces())
    found = [
        (end - start, [*head, *tail])
        for start, head in heads.items()
        for end, tail in tails.items()
        if _may_be_unknown(word, start, end)
    ]
    return min(found)[1] if found else []


def _may_be_unknown(word: str, start: int, end: int) -> bool:
    piece = word[start:end]
    if piece == word or len(piece) < (UNKNOWN_LATER if start else UNKNOWN_FIRST):
        return False
    if start == 0:
        return not word.startswith(PREFIXES) and not CODA.search(piece)
    return bool(ONSET.match(piece)) and not DERIVED.search(piece)


@dataclass(frozen=True)
class Pieces:
    """Words as they occur in compounds: at the end, and before the end."""

    last: frozenset[str]
    inner: frozenset[str]


def _heads(word: str, pieces: Pieces) -> dict[int, list[int]]:
    """Return how far inner pieces reach from the start, each with the edges of the fewest pieces."""
    ways = {0: [0]}
    for end in range(SHORT, len(word)):
        ways_there = [[*way, end] for start, way in ways.items() if word[start:end] in pieces.inner]
        if ways_there:
            ways[end] = min(ways_there, key=len)
    return ways


def _tails(word: str, pieces: Pieces) -> dict[int, list[int]]:
    """Return the positions from which pieces reach the end, each with the edges of the fewest pieces."""
    ways = {len(word): [len(word)]}
    for start in range(len(word) - SHORT, 0, -1):
        found = [[start, *way] for end, way in ways.items() if word[start:end] in pieces.inner]
        if word[start:] in pieces.last:
            found = [[start, len(word)]]
        if found:
            ways[start] = min(found, key=len)
    return ways


@lru_cache(maxsize=1)
def _pieces() -> Pieces:
    words = {folded(word) for word in WORDS}
    short = {word[:-1] for word in words if word.endswith("e") and len(word) > SHORT + 1}
    return Pieces(_with(words, ENDINGS), _with(words, JOINTS) | short)


@lru_cache(maxsize=1)
def _sure_pieces() -> Pieces:
    """Return the pieces that may stand beside an unknown one: longer, and joined in the usual ways."""
    words = {word for word in map(folded, WORDS) if len(word) > SHORT} - UNSURE
    return Pieces(_with(words, ENDINGS), _with(words, SURE_JOINTS))


def _with(words: Set[str], endings: Iterable[str]) -> frozenset[str]:
    return frozenset(words | {word + ending for word in words for ending in endings if _fits(word, ending)})


def _fits(word: str, ending: str) -> bool:
    """Return whether the joint fits: a single n follows only the sounds of -e, -el and -er."""
    return ending != "n" or word.endswith(("e", "el", "er"))
