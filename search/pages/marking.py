"""Pure: finds the words of a query in a text, by the same rules as the search by words."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from search.keywords.analyser import Term, analyse, question
from search.keywords.languages import COMMON
from search.keywords.letters import ATOM, CHUNK, RUN, UNSPACED, grams, plain, simplified
from search.keywords.ranking import BRINGING
from search.pages.snippets import Match

# Distinct words whose tokens are cached: most words of a page have been seen before.
REMEMBERED = 50_000


@dataclass(frozen=True)
class _Word:
    """A word of a text, or a piece of one in a script without spaces between words."""

    start: int
    end: int
    tokens: Sequence[str]
    # False for several words that are written as one, like a code.
    single: bool = True


def matcher(query: str) -> Callable[[str], Sequence[Match]]:
    """Return a function that finds the query's words in a text, in any form.

    It skips small words if there are others.
    """
    terms = question(query, COMMON)
    telling = [term for term in terms if term.weight >= BRINGING] or terms

    def matches(text: str) -> list[Match]:
        words = list(_words(text)) if telling else []
        tokens = {token for word in words for token in word.tokens}
        found = (Match(w.start, w.end, str(n)) for n, term in enumerate(telling) for w in _of(term, words, tokens))
        return _joined(found)

    return matches


def _of(term: Term, words: Sequence[_Word], tokens: set[str]) -> Iterator[_Word]:
    """Yield the words that mean the term. A word that is only a part of it counts if the text has all parts."""
    names = {form.tokens[0] for form in term.forms if len(form.tokens) == 1}
    whole = (form.tokens for form in term.forms if len(form.tokens) > 1 and tokens.issuperset(form.tokens))
    parts = set(chain.from_iterable(whole))
    for word in words:
        if not names.isdisjoint(word.tokens) or (word.single and not parts.isdisjoint(word.tokens)):
            yield word


def _words(text: str) -> Iterator[_Word]:
    for chunk in CHUNK.finditer(text):
        if UNSPACED.search(chunk[0]):
            runs = ((chunk.start() + run.start(), run[0]) for run in RUN.finditer(chunk[0]))
            yield from chain.from_iterable(_pieces(at, run) for at, run in runs)
        else:
            yield _Word(chunk.start(), chunk.end(), _tokens(chunk[0]), len(ATOM.findall(chunk[0])) == 1)


def _pieces(at: int, run: str) -> Iterator[_Word]:
    if not UNSPACED.match(run):
        yield _Word(at, at + len(run), _tokens(run))
        return
    run = simplified(run)
    for pieces in grams(run):
        found = -1
        for piece in pieces:
            found = run.index(piece, found + 1)
            yield _Word(at + found, at + found + len(piece), (piece,))


@lru_cache(maxsize=REMEMBERED)
def _tokens(word: str) -> Sequence[str]:
    return analyse(plain(word)).tokens


def _joined(matches: Iterable[Match]) -> list[Match]:
    """Merge overlapping matches: pieces of a word in a script without spaces."""
    out: list[Match] = []
    for match in sorted(matches, key=lambda match: match.start):
        if out and match.start < out[-1].end:
            out[-1] = Match(out[-1].start, max(out[-1].end, match.end), out[-1].term)
        else:
            out.append(match)
    return out
