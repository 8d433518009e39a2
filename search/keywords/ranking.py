"""Pure: which terms of a question bring candidates, and how well each candidate answers it.

Each database brings candidates in its own way; what they score is worked out here, by BM25 over terms, so that both
rank alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import fsum, log
from typing import NamedTuple

from search.keywords.analyser import Form, Term
from search.keywords.letters import UNSPACED

# BM25: how soon a repeated word counts no more, and how much a long passage counts against it.
SATURATION, LENGTH = 0.9, 0.4
# Terms below this weight bring no candidates, unless there are no others.
BRINGING = 0.25
# Groups of tokens that are looked up, the rarest ones, if they bring enough; else more, but never more than these.
CLAUSES, MOST_CLAUSES = 16, 100
# Of the groups that are too frequent to bring candidates alone, so many do in pairs. Words of one subject stand
# together more often than by chance: about so many times.
PAIRED, TOGETHER = 3, 3
# Of a group in more passages, not all are scored: those that have a frequent one as well are to be among them.
SCORED = 100

# Tokens of which a candidate has one.
Group = frozenset[str]
# A form of the term with this number.
Place = tuple[int, tuple[str, ...]]


class KeywordHit(NamedTuple):
    """A passage that was found. `coverage`: how much of what was asked for it holds, from 0 to 1."""

    passage_id: int
    score: float
    coverage: float


class Candidate(NamedTuple):
    """A passage with its number of tokens, and how often it has each of the question's."""

    passage_id: int
    length: int
    counts: Mapping[str, int]


class Clause(NamedTuple):
    """Groups of which a candidate has all: in how many passages that is about so, and what finding it says."""

    groups: tuple[Group, ...]
    rows: float
    says: float


@dataclass(frozen=True)
class KeywordQuestion:
    """Terms, and in how many of the index's passages each of their tokens is."""

    terms: Sequence[Term]
    passages: int
    counts: Mapping[str, int]

    @cached_property
    def information(self) -> Mapping[str, float]:
        """What finding each token says: its inverse document frequency."""
        return {token: self._rarity(count) for token, count in self.counts.items()}

    @cached_property
    def most(self) -> float:
        """What a word says that no passage has: as much as one that a single passage has."""
        return self._rarity(1)

    @cached_property
    def weights(self) -> Sequence[float]:
        """How much each term counts for the coverage: small words nothing, unless there are no others."""
        least = BRINGING if self.has_subject else 0.0
        return [term.weight * self._wanted(term) if term.weight >= least else 0.0 for term in self.terms]

    @cached_property
    def weight(self) -> float:
        """What is asked for in all. Small words alone are asked for in full, and so cover little."""
        return sum(self.weights) if self.has_subject else sum(map(self._wanted, self.terms))

    @cached_property
    def has_subject(self) -> bool:
        return any(term.weight >= BRINGING for term in self.terms)

    def _rarity(self, count: int) -> float:
        total = max(self.passages, count)
        return log(1 + (total - count + 0.5) / (count + 0.5))

    @cached_property
    def places(self) -> Mapping[str, Sequence[tuple[Place, float]]]:
        """The forms that each token is of, with what finding it there says."""
        found: dict[str, list[tuple[Place, float]]] = {token: [] for token in self.counts}
        for number, term in enumerate(self.terms):
            for form in term.forms:
                for token in form.tokens:
                    says = term.weight * form.weight * self.information[token]
                    found[token].append(((number, form.tokens), says))
        return found

    def _wanted(self, term: Term) -> float:
        known = [form.weight * sum(map(self.information.__getitem__, self._known(form))) for form in term.forms]
        return min(self.most, max(known)) or self.most * self._share_unknown(term)

    def _known(self, form: Form) -> list[str]:
        return [token for token in form.tokens if self.counts[token]]

    def _share_unknown(self, term: Term) -> float:
        """1 for a word. A gram may only be where two words meet: of it counts what is in no known one."""
        gram = term.forms[0].tokens[0]
        return sum(char not in self._known_chars for char in gram) / len(gram) if UNSPACED.match(gram) else 1.0

    @cached_property
    def _known_chars(self) -> frozenset[str]:
        return frozenset("".join(token for token, count in self.counts.items() if count and UNSPACED.match(token)))


def clauses(question: KeywordQuestion, rows: float) -> list[Clause]:
    """What to look up to find candidates: the rarest groups of tokens, together in about `rows` passages.

    The rarest one always; those that are too frequent in pairs, with one another and with the last that is not.
    """
    chosen: list[Clause] = []
    frequent: list[Clause] = []
    enough = rows / CLAUSES
    for clause in sorted(_groups(question), key=lambda clause: (clause.rows, sorted(clause.groups[0]))):
        if _suffice(chosen, enough):
            return chosen
        fits = clause.rows <= rows or not chosen
        (chosen if fits else frequent).append(clause)
        rows -= clause.rows if fits else 0
    paired = [*(clause for clause in chosen[-1:] if clause.rows > SCORED), *frequent]
    for one, other in combinations(paired[:PAIRED], 2):
        both = min(one.rows, TOGETHER * one.rows * other.rows / question.passages)
        if both <= rows or len(chosen) == 1:
            chosen.append(Clause((*one.groups, *other.groups), both, one.says + other.says))
            rows -= both
    return chosen


def _suffice(chosen: Sequence[Clause], enough: float) -> bool:
    brought = sum(clause.rows for clause in chosen)
    return len(chosen) >= MOST_CLAUSES or (len(chosen) >= CLAUSES and brought >= enough)


def _groups(question: KeywordQuestion) -> list[Clause]:
    """A clause for the known tokens of each term, and one for each of its parts."""
    found: dict[Group, Clause] = {}
    for term in question.terms:
        if question.has_subject and term.weight < BRINGING:
            continue
        names = frozenset(form.tokens[0] for form in term.forms if len(form.tokens) == 1)
        for group in (names, *(frozenset((token,)) for token in term.tokens - names)):
            known = frozenset(token for token in group if question.counts.get(token))
            if known:
                rows = sum(question.counts[token] for token in known)
                says = term.weight * max(question.information[token] for token in known)
                found[known] = Clause((known,), min(rows, question.passages), says)
    return list(found.values())


def ranked(question: KeywordQuestion, candidates: Iterable[Candidate], limit: int) -> list[KeywordHit]:
    """The best candidates, best first."""
    found = list(candidates)
    usual = sum(candidate.length for candidate in found) / len(found) if found else 1.0
    hits = [_hit(question, candidate, candidate.length / usual) for candidate in found]
    return sorted((hit for hit in hits if hit.score), key=lambda hit: (-hit.score, hit.passage_id))[:limit]


def _hit(question: KeywordQuestion, candidate: Candidate, length: float) -> KeywordHit:
    """Sums are exact: passages that answer alike are equals, in whatever order their words come."""
    damping = SATURATION * (1 - LENGTH + LENGTH * length)
    scores: dict[Place, list[float]] = {}
    covered: dict[Place, list[float]] = {}
    for token, count in candidate.counts.items():
        repeated = count * (SATURATION + 1) / (count + damping)
        for place, says in question.places[token]:
            scores.setdefault(place, []).append(says * repeated)
            covered.setdefault(place, []).append(says)
    shares = _best(covered).items()
    share = fsum(min(says, question.weights[number]) for number, says in shares) / question.weight
    return KeywordHit(candidate.passage_id, fsum(_best(scores).values()), min(1.0, share))


def _best(said: Mapping[Place, Sequence[float]]) -> dict[int, float]:
    """Of each term, what its best form says."""
    best: dict[int, float] = {}
    for (number, _tokens), says in said.items():
        best[number] = max(best.get(number, 0.0), fsum(says))
    return best
