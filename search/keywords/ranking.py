"""Pure: says which terms of a question select candidates, and scores how well each candidate matches it.

Each database selects candidates in its own way. The score is computed here, by BM25 over terms, so that both
rank alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import fsum, log
from typing import NamedTuple

from search.keywords.analyser import NAME, Form, Term
from search.keywords.letters import UNSPACED

# BM25: how soon repetitions of a word stop counting, and how much the length of a passage counts against it.
SATURATION, LENGTH = 0.9, 0.4
# Forms below this weight mean a term less than exactly.
EXACT = 0.9
# Terms below this weight select no candidates, unless there are no others.
BRINGING = 0.25
# Groups of tokens to look up: the rarest ones if they match enough passages, otherwise more, up to the maximum.
CLAUSES, MOST_CLAUSES = 16, 100
# How many of the groups that are too frequent to select candidates alone are used in pairs. Words of one subject occur
# together more often than by chance: about this many times.
PAIRED, TOGETHER = 3, 3
# If more passages than this have a group, not all are scored: the ones that also have a frequent group should be
# among them.
SCORED = 100

# A candidate has at least one of these tokens.
Group = frozenset[str]
# A form of a term, with the term's number.
Place = tuple[int, tuple[str, ...]]


class KeywordHit(NamedTuple):
    """A passage that was found. `coverage`: how much of the question it contains, from 0 to 1.

    `exact`: how much of its numbers, codes and names of files it has exactly so; 1 is all, and rare ones.
    """

    passage_id: int
    score: float
    coverage: float
    exact: float = 0.0


class Candidate(NamedTuple):
    """A passage with its number of tokens, and how often it has each of the question's."""

    passage_id: int
    length: int
    counts: Mapping[str, int]


class Clause(NamedTuple):
    """Groups that a candidate must all have, about how many passages do, and how much a match says."""

    groups: tuple[Group, ...]
    rows: float
    says: float


@dataclass(frozen=True)
class KeywordQuestion:
    """Terms, and in how many of the index's passages each of their tokens occurs."""

    terms: Sequence[Term]
    passages: int
    counts: Mapping[str, int]

    @cached_property
    def information(self) -> Mapping[str, float]:
        """Return how much finding each token says: its inverse document frequency.

        The mark of the versions below 3.20 says no more than 3.20 itself.
        """
        return {
            token: self._rarity(max(count, self.counts.get(token.removesuffix("."), 0)))
            for token, count in self.counts.items()
        }

    @cached_property
    def most(self) -> float:
        """Return how much a word says that no passage has: as much as one that a single passage has."""
        return self._rarity(1)

    @cached_property
    def weights(self) -> Sequence[float]:
        """Return how much each term counts for the coverage: small words nothing, unless there are no others."""
        least = BRINGING if self.has_subject else 0.0
        return [term.weight * self._wanted(term) if term.weight >= least else 0.0 for term in self.terms]

    @cached_property
    def weight(self) -> float:
        """Return the total that a question asks for.

        If it has only small words, they count in full, so coverage stays low.
        """
        return sum(self.weights) if self.has_subject else sum(map(self._wanted, self.terms))

    @cached_property
    def has_subject(self) -> bool:
        return any(term.weight >= BRINGING for term in self.terms)

    def _rarity(self, count: int) -> float:
        total = max(self.passages, count)
        return log(1 + (total - count + 0.5) / (count + 0.5))

    @cached_property
    def places(self) -> Mapping[str, Sequence[tuple[Place, float]]]:
        """Return the forms that contain each token, with how much finding it there says."""
        found: dict[str, list[tuple[Place, float]]] = {token: [] for token in self.counts}
        for number, term in enumerate(self.terms):
            for form in term.forms:
                for token in form.tokens:
                    says = term.weight * form.weight * self.information[token]
                    found[token].append(((number, form.tokens), says))
        return found

    @cached_property
    def exact(self) -> frozenset[Place]:
        """Return the forms by which a number, a code or the name of a file is found exactly, not by its parts."""
        found: set[Place] = set()
        for number, term in enumerate(self.terms):
            code = any(map(str.isdigit, term.forms[0].tokens[0]))
            whole = [form for form in term.forms if len(form.tokens) == 1 and form.weight >= EXACT]
            in_parts = any(len(form.tokens) > 1 for form in term.forms)
            found.update((number, f.tokens) for f in whole if code or (in_parts and f.tokens[0].startswith(NAME)))
        return frozenset(found)

    @cached_property
    def most_exact(self) -> float:
        """Return what finding all of these says, or one that a single passage has, if that is more."""
        wanted = {number: self._wanted(self.terms[number]) for number, _tokens in self.exact}
        return max(self.most, fsum(wanted.values()))

    def _wanted(self, term: Term) -> float:
        known = [form.weight * sum(map(self.information.__getitem__, self._known(form))) for form in term.forms]
        return min(self.most, max(known)) or self.most * self._share_unknown(term)

    def _known(self, form: Form) -> list[str]:
        return [token for token in form.tokens if self.counts[token]]

    def _share_unknown(self, term: Term) -> float:
        """Return 1 for a word. A gram may only span two words, so for it return the share outside known grams."""
        gram = term.forms[0].tokens[0]
        return sum(char not in self._known_chars for char in gram) / len(gram) if UNSPACED.match(gram) else 1.0

    @cached_property
    def _known_chars(self) -> frozenset[str]:
        return frozenset("".join(token for token, count in self.counts.items() if count and UNSPACED.match(token)))


def clauses(question: KeywordQuestion, rows: float) -> list[Clause]:
    """Return the clauses that find candidates: the rarest groups of tokens, together in about `rows` passages.

    Always includes the rarest group. Groups that are too frequent are used in pairs, with one another and with the
    last group that is not.
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
    """Return a clause for the known tokens of each term, and one for each of its parts."""
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
    """Return the best candidates, best first."""
    found = list(candidates)
    usual = sum(candidate.length for candidate in found) / len(found) if found else 1.0
    hits = [_hit(question, candidate, candidate.length / usual) for candidate in found]
    return sorted((hit for hit in hits if hit.score), key=lambda hit: (-hit.score, hit.passage_id))[:limit]


def _hit(question: KeywordQuestion, candidate: Candidate, length: float) -> KeywordHit:
    """Score a candidate with exact sums.

    Passages that match alike get equal scores, whatever the order of their words.
    """
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
    exact = _best({place: says for place, says in covered.items() if place in question.exact}).values()
    exact_share = min(1.0, fsum(exact) / question.most_exact) if exact else 0.0
    return KeywordHit(candidate.passage_id, fsum(_best(scores).values()), min(1.0, share), exact_share)


def _best(said: Mapping[Place, Sequence[float]]) -> dict[int, float]:
    """Return the value of the best form of each term."""
    best: dict[int, float] = {}
    for (number, _tokens), says in said.items():
        best[number] = max(best.get(number, 0.0), fsum(says))
    return best
