"""Pure: the figures that a passage states, each with the term that it is about, and which statements conflict.

Two statements are compared only if all their words are the same, those aside that say nothing about the case, and if
all their other figures, their negations, limits and bounds are. So a reworded conflict is often missed, and a figure
for another year, country or group of people is rarely taken for one.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from chat.grounding.figures import DATE, NUMBER, Figure, Value
from chat.grounding.lists import UNSPACED, Lists, lists_of
from chat.grounding.words import Segment, Word, segment, sentences

# Bumped when the rules change: documents are then read again.
RULES = 1
# Characters of a sentence that is read, and figures in it: more of them are a table or a list of numbers.
LONGEST, MOST_FIGURES = 400, 4
# The least weight of a term. A long word weighs as much as two: other texts write it as two words.
LEAST_WEIGHT, LONG_WORD, LONG_TERM = 2, 9, 4
_NUMBERING = re.compile(r"^\s*(?:\d+[.)]?)+\s+")
_QUESTION = re.compile(r"[?？؟]\s*$")  # noqa: RUF001 - signs of other scripts
_DASHES = {"-", "–", "—", "~"}  # noqa: RUF001 - as written
_WORDS = Path(__file__).parent / "words.toml"


@dataclass(frozen=True)
class FigureStatement:
    """A figure in a sentence. `key` is the same where term and kind of figure are; `readings` are its values.

    `start` and `end` are the sentence's characters in the passage, and `figure` those of the figure.
    """

    key: str
    readings: tuple[str, ...]
    start: int
    end: int
    figure: tuple[int, int]


@dataclass(frozen=True)
class Context:
    """What a sentence does not say itself: the title of its document and the heading above it."""

    language: str
    title: str
    heading: str


@dataclass(frozen=True)
class _Known:
    neutral: frozenset[str]
    references: frozenset[str]
    forms: frozenset[str]
    examples: tuple[str, ...]


@lru_cache(maxsize=8)
def _known(language: str) -> _Known:
    found: Mapping[str, str] = tomllib.loads(_WORDS.read_text("utf-8"))[language]
    neutral, references, forms = (_stems(found[name], language) for name in ("neutral", "references", "forms"))
    return _Known(neutral, references, forms, tuple(found["examples"]))


def _stems(text: str, language: str) -> frozenset[str]:
    return frozenset(map(_stem, segment(text, language).words))


def _stem(word: Word) -> str:
    """Return the one form by which a word is compared; of Chinese the character, because pairs depend on order."""
    return word.text if len(word.text) == 1 else min(word.keys, default=word.text)


def _term(words: Iterable[Word], language: str) -> frozenset[str]:
    neutral = _known(language).neutral
    return frozenset(
        stem for word in words if not (word.is_small or word.is_negation) and (stem := _stem(word)) not in neutral
    )


def statements_of(text: str, heading: str, language: str) -> Iterator[FigureStatement]:
    """Yield the figures of a passage that state something about a term, in one of grounding's LANGUAGES."""
    lists = lists_of(language)
    for start, end in sentences(text, lists):
        sentence = text[start:end]
        if len(sentence) <= LONGEST and not _QUESTION.search(sentence):
            yield from _of_sentence(sentence, start, heading, lists)


def _of_sentence(sentence: str, at: int, heading: str, lists: Lists) -> Iterator[FigureStatement]:
    read = segment(sentence, lists.language)
    lower, known = read.text.lower(), _known(lists.language)
    if not 0 < len(read.figures) <= MOST_FIGURES or any(example in lower for example in known.examples):
        return
    term = _full_term(read, heading)
    if _weight(term, lists.language) < LEAST_WEIGHT or term <= known.forms:
        return
    for number, figure in enumerate(read.figures):
        if _measures(figure, known) and not _is_in_range(read, number, lists):
            others = [_written(other) for other in read.figures if other is not figure]
            is_same_length = len(read.text) == len(sentence)
            place = (at + figure.start, at + figure.end) if is_same_length else (at, at + len(sentence))
            key = _key(term, figure, read, others)
            yield FigureStatement(key, _readings(figure), at, at + len(sentence), place)


def _full_term(read: Segment, heading: str) -> frozenset[str]:
    """Return what a sentence is about; one that names too little also has its heading: "It lasts six months."."""
    term = _term(read.words, read.language)
    if heading and _weight(term, read.language) < LEAST_WEIGHT:
        term |= _term(segment(_unnumbered(heading), read.language).words, read.language)
    return term


def _weight(term: Iterable[str], language: str) -> int:
    if language == UNSPACED:
        return sum(1 for _stem in term) // 2 + 1 if term else 0
    return sum(1 + (len(stem) >= LONG_WORD or (language == "de" and len(stem) >= LONG_WORD - 1)) for stem in term)


def _measures(figure: Figure, known: _Known) -> bool:
    """Return whether a figure measures something, and exactly: not a page, a version, or a year on its own."""
    if figure.kind == DATE:
        return all(isinstance(value, tuple) and value[1] for value in figure.values)
    if figure.kind != NUMBER or figure.about or figure.before in known.references:
        return False
    return bool(figure.unit) or (bool(figure.noun) and figure.noun not in known.references)


def _is_in_range(read: Segment, number: int, lists: Lists) -> bool:
    """Return whether a figure is joined with the one before or after it: "25 to 28 days"."""
    pairs = zip(read.figures[max(0, number - 1) : number + 1], read.figures[number if number else 1 :], strict=False)
    for one, two in pairs:
        between = read.text[one.end : two.start].strip().lower()
        if between in lists.ranges or between in _DASHES:
            return True
    return False


def _key(term: frozenset[str], figure: Figure, read: Segment, others: Sequence[str]) -> str:
    years = {str(value[0]) for value in figure.values if isinstance(value, tuple)}
    kind = [figure.kind, figure.unit, figure.bound, *sorted(years)]
    case = [str(len(read.denials)), *sorted(read.limits), *map(str, read.sides)]
    parts = ("|".join(part) for part in (sorted(term), kind, case, sorted(others)))
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def _readings(figure: Figure) -> tuple[str, ...]:
    return tuple(sorted(map(_reading, figure.values)))


def _reading(value: Value) -> str:
    """Return a value as text; of a date without its year, which is in the key."""
    return "-".join(map(str, value[1:])) if isinstance(value, tuple) else str(value)


def _written(figure: Figure) -> str:
    return f"{figure.kind} {figure.unit} {figure.bound} {sorted(map(str, figure.values))}"


def differ(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two figures of the same key have no reading in common."""
    return bool(one and other) and set(one).isdisjoint(other)


def is_same_case(sentence: str, one: Context, other: Context) -> bool:
    """Return whether titles and headings leave it open that two statements are about the same case.

    Titles that have a word in common and differ in another are of a series: handbooks of two offices, or of two years.
    """
    if one.language != other.language or _dates(one) != _dates(other):
        return False
    titles = [_term(segment(each.title, each.language).words, each.language) for each in (one, other)]
    if titles[0] & titles[1] and titles[0] != titles[1]:
        return False
    term = _term(segment(sentence, one.language).words, one.language)
    headings = [_term(segment(_unnumbered(each.heading), each.language).words, each.language) for each in (one, other)]
    mine, theirs = headings[0] - headings[1] - titles[1] - term, headings[1] - headings[0] - titles[0] - term
    if _weight(term, one.language) < LONG_TERM:
        return not (mine or theirs)
    return not (mine and theirs)


def _dates(around: Context) -> list[str]:
    """Return the years and other figures in the title, and the dates in the heading."""
    title = segment(around.title, around.language).figures
    heading = segment(_unnumbered(around.heading), around.language).figures
    return sorted(map(_written, [*title, *(figure for figure in heading if figure.kind == DATE)]))


def _unnumbered(heading: str) -> str:
    return _NUMBERING.sub("", heading)
