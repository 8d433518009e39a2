"""Pure: decides whether a sentence of an answer stands in the passages that it cites."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chat.grounding import figures
from chat.grounding.figures import Figure
from chat.grounding.lists import LANGUAGES, UNSPACED
from chat.grounding.words import Segment, Word, segment, segments

# Shares of a sentence's words that must be in a passage: to say that it stands there; in its nearest sentence, to say
# that this one gives another figure, another name, or the opposite.
STANDS, FIGURE, NAME, OPPOSITE, OPPOSED, ELSEWHERE = 0.45, 0.5, 0.6, 0.75, 0.5, 0.75
# The most words and differences that are kept of a sentence.
MOST_WORDS, MOST_CONFLICTS = 8, 4
# Languages in which "says otherwise" was right in fewer than nine of ten cases: there it is not said.
UNSURE: frozenset[str] = frozenset()


class SentenceVerdict(StrEnum):
    """What a comparison found. It compares words and figures, and knows nothing of what they mean."""

    STANDS = "stands_there"
    REWORDED = "not_in_these_words"
    OTHERWISE = "says_otherwise"
    NO_SOURCE = "no_source"


class ConflictKind(StrEnum):
    FIGURE = "figure"
    NAME = "name"
    NEGATION = "negation"


@dataclass(frozen=True)
class Conflict:
    """Where a passage says otherwise: what the answer says, what the passage with this number says instead.

    Of a negation, these are the words that deny; the side that has none is empty.
    """

    kind: ConflictKind
    said: str
    found: str
    number: int


@dataclass(frozen=True)
class Decision:
    """A verdict with its reasons. `words`: those of the sentence that stand in none of its passages."""

    verdict: SentenceVerdict
    words: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class SentencePlace:
    """A sentence of a passage, the clause of it that is nearest to what was said, and the share of words it has."""

    number: int
    whole: Segment
    clause: Segment
    share: float


def effort(sentence: str, passages: Sequence[tuple[int, str]], language: str) -> int:
    """Return about how many comparisons `decide` makes: one of figures takes as long as several of words."""
    said = segment(sentence, language)
    read = [whole for _number, text in passages for whole in segments(text, language)]
    figures_read = sum(len(whole.figures) for whole in read)
    return 4 * len(said.figures) * figures_read + len(said.content) * len(read)


def decide(sentence: str, passages: Sequence[tuple[int, str]], language: str) -> Decision:
    """Compare a sentence with its passages, given as number and text, in one of LANGUAGES."""
    if not passages:
        return Decision(SentenceVerdict.NO_SOURCE)
    said = segment(sentence, language)
    read = [(number, whole) for number, text in passages for whole in segments(text, language)]
    return _Comparison(said, read, language).decision()


class _Comparison:
    """One sentence beside the sentences of its passages, with their numbers."""

    def __init__(self, said: Segment, read: Sequence[tuple[int, Segment]], language: str) -> None:
        self.said, self.read, self.language = said, read, language
        self.content = said.content
        self.known = frozenset[str]().union(*(whole.keys for _number, whole in read))
        self.missing = [word for word in self.content if not word.is_in(self.known)]
        self.nearest = self._nearest()
        self.missing_figures = [figure for figure in said.figures if not self._stands_in(figure)]

    def decision(self) -> Decision:
        figures_missing = [_shown(self.said, figure) for figure in self.missing_figures]
        words = (*figures_missing, *_runs(self.missing, self.said.text))[:MOST_WORDS]
        conflicts = () if self.language in UNSURE else tuple(self._conflicts())[:MOST_CONFLICTS]
        if conflicts:
            return Decision(SentenceVerdict.OTHERWISE, words, conflicts)
        return Decision(SentenceVerdict.STANDS if self._stands() else SentenceVerdict.REWORDED, words)

    def _stands(self) -> bool:
        if self.missing_figures or not (self.content or self.said.figures):
            return False
        if any(word.is_name for word in self.missing) or any(map(self._is_replaced, self.missing)):
            return False
        near = self.nearest
        if near and near.share >= OPPOSED and near.clause.is_denied != self.said.is_denied:
            return False
        count = len(self.content) + len(self.said.figures)
        return 1 - _share(len(self.missing), count) >= STANDS

    def _stands_in(self, figure: Figure) -> bool:
        if any(_has(whole, figure) for _number, whole in self.read):
            return True
        if not self.nearest:
            return False
        near = self.nearest.whole
        return _keeps(near, figure) or figures.is_between(figure, near.figures)

    def _nearest(self) -> SentencePlace | None:
        """Return the sentence with most of the words; of equals the one that agrees best."""
        best: SentencePlace | None = None
        rank = (0.0, 0, False)
        for number, whole in self.read:
            share = self._covered(whole)
            agreeing = sum(_has(whole, figure) or _keeps(whole, figure) for figure in self.said.figures)
            mine = (share, agreeing, whole.is_denied == self.said.is_denied)
            if best is None or mine > rank:
                best, rank = SentencePlace(number, whole, self._clause(whole, share), share), mine
        return best

    def _clause(self, whole: Segment, share: float) -> Segment:
        """Return the one clause that has all the words which its sentence has; the sentence if none does."""
        return next((clause for clause in whole.clauses if share and self._covered(clause) >= share), whole)

    def _covered(self, part: Segment) -> float:
        return _covered(self.content, part)

    def _conflicts(self) -> Iterator[Conflict]:
        if not self.nearest:
            return
        yield from self._figure_conflicts(self.nearest)
        yield from self._name_conflicts(self.nearest)
        opposite = None if self.missing_figures else self._opposite()
        if opposite:
            said, found = (" ".join(part.denials[:1]) for part in (self.said, opposite.clause))
            yield Conflict(ConflictKind.NEGATION, said, found, opposite.number)

    def _opposite(self) -> SentencePlace | None:
        """Return the place that says the opposite: nearly all of the sentence, or all of one of its clauses."""
        if self._is_opposite() and self.nearest and self.nearest.share >= OPPOSITE and len(self.content) > 1:
            return self.nearest
        found = (self._opposite_of(clause) for clause in self.said.clauses if len(clause.content) > 1)
        return next(filter(None, found), None)

    def _opposite_of(self, said: Segment) -> SentencePlace | None:
        parts = [(number, whole, part) for number, whole in self.read for part in whole.clauses or (whole,)]
        places = [
            SentencePlace(number, whole, part, 1.0)
            for number, whole, part in parts
            if _covered(said.content, part) == 1
        ]
        if not all(_is_opposite(said, place.clause, place.whole) for place in places):
            return None
        return next(iter(places), None)

    def _figure_conflicts(self, place: SentencePlace) -> Iterator[Conflict]:
        for figure in self.said.figures:
            stands = self._stands_in(figure)
            if place.share < (ELSEWHERE if stands else FIGURE) or not self._has_enough(place):
                continue
            if stands and (_has(place.clause, figure) or not self._is_elsewhere_in(place, figure)):
                continue
            is_denied = _around(self.said, figure).is_denied
            parts = [part for part in self._parts(place) if part.is_denied == is_denied]
            rivals = [(part, other) for part in parts for other in part.figures if self._is_rival(figure, other)]
            if rivals and not figures.is_calculated(figure, self._figures_near(place)):
                yield Conflict(ConflictKind.FIGURE, _shown(self.said, figure), _shown(*rivals[0]), place.number)

    def _figures_near(self, place: SentencePlace) -> list[Figure]:
        """Return the figures of a place's sentence and of the two on each side of it."""
        at = next(at for at, (_number, whole) in enumerate(self.read) if whole is place.whole)
        around = self.read[max(0, at - 2) : at + 3]
        return [figure for number, whole in around if number == place.number for figure in whole.figures]

    def _has_enough(self, place: SentencePlace) -> bool:
        """Return whether more than one word is shared, or all: one alone can be about anything."""
        return place.share == 1 or place.share * len(self.content) > 1.5

    def _parts(self, place: SentencePlace) -> Sequence[Segment]:
        """Return the clauses whose figures can be about the same thing.

        They have more than half of the shared words, or no others.
        """
        if place.clause is not place.whole or not place.whole.clauses:
            return (place.clause,)
        return [clause for clause in place.whole.clauses if self._is_about_it(clause, place.share)]

    def _is_about_it(self, clause: Segment, share: float) -> bool:
        shared = self._covered(clause)
        own = len(clause.content) - sum(word.is_in(self.said.keys) for word in clause.content)
        return shared * 2 > share or (shared > 0 and own == 0)

    def _is_elsewhere_in(self, place: SentencePlace, figure: Figure) -> bool:
        """Return whether a figure stands only in other sentences of the nearest passage, or in another clause.

        They must not have more of the answer's figures that the nearest does not have: then they are what it is about.
        """
        more = [each for each in self.said.figures if each is not figure and not _has(place.clause, each)]
        others = [(number, whole) for number, whole in self.read if _has(whole, figure)]
        if any(number != place.number for number, _whole in others):
            return False
        parts = [part for _number, whole in others for part in _apart(whole, place.whole) if _has(part, figure)]
        return not any(_has(part, each) for part in parts for each in more)

    def _is_rival(self, figure: Figure, other: Figure) -> bool:
        if figures.is_same(figure, other) or figures.is_within(figure, other) or not figures.is_rival(figure, other):
            return False
        return not any(figures.is_same(mine, other) for mine in self.said.figures)

    def _name_conflicts(self, place: SentencePlace) -> Iterator[Conflict]:
        if place.share < NAME * (1 - _share(sum(word.is_name for word in self.missing), len(self.content))):
            return
        for word in self.missing:
            rival = self._beside(word, place.whole) if word.is_name else None
            if rival and rival.is_name:
                yield Conflict(ConflictKind.NAME, word.text, rival.text, place.number)

    def _is_replaced(self, word: Word) -> bool:
        """Return whether a missing word stands where the nearest sentence, otherwise alike, has another one.

        The words on both of its sides must be the same. Names cannot be told from other words everywhere.
        """
        if not self.nearest or not (word.is_capital or self.language in (UNSPACED, "ar")):
            return False
        others = len(self.content) - len(self.missing)
        if self.nearest.share * len(self.content) < NAME * others:
            return False
        at = self.content.index(word)
        left = next((other for other in reversed(self.content[:at]) if other not in self.missing), None)
        right = next((other for other in self.content[at:] if other not in self.missing), None)
        run = sum(other in self.missing for other in self.content[max(0, at - 3) : at + 4])
        return self._has_other_between(left, right, run + 2)

    def _has_other_between(self, left: Word | None, right: Word | None, most: int) -> bool:
        theirs = self.nearest.whole.content if self.nearest else []
        starts = [at for at, other in enumerate(theirs) if left and other.keys & left.keys] if left else [-1]
        ends = [at for at, other in enumerate(theirs) if right and other.keys & right.keys] if right else [len(theirs)]
        gaps = [theirs[start + 1 : end] for start in starts for end in ends if start < end <= start + most]
        return any(not other.is_in(self.said.keys) for gap in gaps for other in gap)

    def _beside(self, word: Word, whole: Segment) -> Word | None:
        """Return the word of a sentence beside the same neighbour as a missing one, if the answer does not have it."""
        mine, theirs = self.content, whole.content
        at = mine.index(word)
        keys = self.said.keys
        for side in (-1, 1):
            neighbour = mine[at + side] if 0 <= at + side < len(mine) else None
            if neighbour is None:
                continue
            for place, other in enumerate(theirs):
                rival = theirs[place - side] if 0 <= place - side < len(theirs) else None
                if rival and other.keys & neighbour.keys and not rival.is_in(keys):
                    return rival
        return None

    def _is_opposite(self) -> bool:
        near = self.nearest
        return near is not None and _is_opposite(self.said, near.clause, near.whole)


def _is_opposite(said: Segment, found: Segment, around: Segment) -> bool:
    """Return whether one of two denies what the other says.

    After "only" or beside "but" the opposite may be true of other cases, and a "not" elsewhere in the sentence may be
    about this one. What is denied of other days or amounts, or of another side of a deadline, contradicts nothing.
    """
    if (said.is_denied and around.denials) or said.sides != around.sides or (found is around and _is_mixed(around)):
        return False
    if any(figures.is_rival(one, other) and not _has(found, one) for one in said.figures for other in found.figures):
        return False
    return said.is_denied != found.is_denied and said.limits == around.limits


def _is_mixed(whole: Segment) -> bool:
    """Return whether some of its clauses deny and others do not, so that the denial may be about something else."""
    return len({clause.is_denied for clause in whole.clauses if len(clause.content) > 1}) > 1


def _apart(whole: Segment, nearest: Segment) -> Sequence[Segment]:
    """Return the clauses of the nearest sentence, and any other sentence as a whole."""
    return whole.clauses if whole is nearest and whole.clauses else (whole,)


def _around(whole: Segment, figure: Figure) -> Segment:
    """Return the clause of a sentence that has the figure."""
    return next((clause for clause in whole.clauses if _has(clause, figure)), whole)


def _has(part: Segment, figure: Figure) -> bool:
    return any(figures.is_same(figure, other) for other in part.figures)


def _keeps(part: Segment, figure: Figure) -> bool:
    """Return whether a figure with a bound, such as "more than half", holds for one of the part's."""
    return bool(figure.bound) and any(figures.is_within(figure, other) for other in part.figures)


def _covered(content: Sequence[Word], part: Segment) -> float:
    keys = part.keys
    return _share(sum(word.is_in(keys) for word in content), len(content))


def _share(count: int, of: int) -> float:
    return count / of if of else 0.0


def _shown(part: Segment, figure: Figure) -> str:
    return part.text[figure.start : figure.end].strip()


def _runs(words: Sequence[Word], text: str) -> Iterator[str]:
    """Yield the words as written; characters of Chinese that stand together as one."""
    start = end = -1
    for word in words:
        if word.start == end and len(word.text) == 1:
            end = word.end
            continue
        if end > 0:
            yield text[start:end]
        start, end = word.start, word.end
    if end > 0:
        yield text[start:end]


__all__ = ["LANGUAGES", "Conflict", "ConflictKind", "Decision", "SentenceVerdict", "decide"]
