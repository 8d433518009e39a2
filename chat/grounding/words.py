# ruff: noqa: RUF001 - signs of other scripts belong here
"""Pure: reads a text as segments of words and figures, in comparable forms."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from chat.grounding.figure_search import figures
from chat.grounding.figures import Figure
from chat.grounding.lists import UNSPACED, Lists, lists_of
from search.keywords.compounds import parts_of
from search.keywords.languages import STEMMERS
from search.keywords.letters import folded, plain, simplified
from search.keywords.stems import stems

# Letters of the shortest beginning by which words match, and of the longest ending by which they may then differ.
SHORTEST_BEGINNING, ENDING = 5, 2
# Characters of the longest sentence of a source that is compared as one.
LONGEST_SENTENCE = 800
HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(
    r"[\u3400-\u9fff]|(?:(?![\u3400-\u9fff])[^\W\d_])+(?:-(?:(?![\u3400-\u9fff])[^\W\d_])+)*(?:['’](?:t|s)\b)?"
)
_SENTENCE_END = re.compile(r"[.!?؟]+[\"'”’»)\]]*(?=\s|$)|[。！？；]+[”」』）]*|[;؛]|\n")
_CLAUSE_END = re.compile(r"[,،，、:：()（）–—]|(?<=\s)(?:and|und|et|y)(?=\s)|\sو(?=\w)")
_VERB_PREFIX = re.compile("^(?:است|[يتنم])(?=..)")
_LAST_WORD = re.compile(r"[\w.]+\.?$")
_NEXT = re.compile(r"\s*(\w+)")


class Word(NamedTuple):
    """A word, or one character of Chinese. Any of `keys` covers it, and so do all of `parts` together."""

    text: str
    start: int
    end: int
    keys: frozenset[str]
    parts: frozenset[str] = frozenset()
    is_small: bool = False
    is_negation: bool = False
    is_capital: bool = False
    is_name: bool = False

    def is_in(self, known: frozenset[str]) -> bool:
        """Return whether a text with these keys has the word; only names must have the same ending."""
        if self.keys & known or (self.parts and self.parts <= known):
            return True
        return not self.is_name and any(beginning in known for key in self.keys for beginning in _beginnings(key))


@dataclass(frozen=True)
class Segment:
    """A sentence, or a clause of one. `denials` are the words in it that deny something."""

    text: str
    language: str
    words: tuple[Word, ...]
    figures: tuple[Figure, ...]
    denials: tuple[str, ...]

    @property
    def is_denied(self) -> bool:
        """Return whether it denies something; two denials make none."""
        return len(self.denials) % 2 == 1

    @cached_property
    def limits(self) -> frozenset[str]:
        """Return its words such as "only", "unless" and "but"; in French "que" only in "ne … que"."""
        found = {word.text.lower() for word in self.words}
        limits = found & lists_of(self.language).limits
        return frozenset(limits if found & {"n", "ne"} else limits - {"que"})

    @cached_property
    def sides(self) -> tuple[bool, bool]:
        """Return whether it speaks of the time before a limit, and of the time after one."""
        lists, lower = lists_of(self.language), self.text.lower()
        return (_has_any(lists.before, lower), _has_any(lists.after, lower))

    @cached_property
    def content(self) -> list[Word]:
        return [word for word in self.words if not word.is_small and not word.is_negation]

    @cached_property
    def keys(self) -> frozenset[str]:
        exact = set[str]().union(*(word.keys for word in self.words), *(word.parts for word in self.words))
        return frozenset(exact.union(*map(_beginnings, exact)))

    @cached_property
    def clauses(self) -> tuple["Segment", ...]:
        """Return the parts between its commas; none if it has only one."""
        pieces = [piece for piece in _clauses(self) if piece.strip()]
        return tuple(segment(piece, self.language) for piece in pieces) if len(pieces) > 1 else ()


def _has_any(pattern: re.Pattern[str] | None, text: str) -> bool:
    return bool(pattern and pattern.search(text))


def sentences(text: str, lists: Lists) -> Iterator[tuple[int, int]]:
    """Yield where the sentences of a text begin and end."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if match[0].startswith(".") and _goes_on(text, start, match.start(), match.end(), lists):
            continue
        if text[start : match.end()].strip():
            yield start, match.end()
        start = match.end()
    if text[start:].strip():
        yield start, len(text)


def _goes_on(text: str, start: int, point: int, end: int, lists: Lists) -> bool:
    """Return whether a point ends an abbreviation, an initial or an ordinal instead of a sentence."""
    last = _LAST_WORD.search(text[max(start, point - 20) : point])
    following = _NEXT.match(text, end)
    if not last or not following:
        return False
    word = last[0].lower()
    if word in lists.abbreviations or (len(word) == 1 and word.isalpha()):
        return True
    if following[1][0].islower() and not HAN.match(following[1]):
        return lists.language != "ar"
    return word.isdigit() and lists.language == "de" and following[1].lower() in lists.months


@lru_cache(maxsize=2_000)
def segment(text: str, language: str) -> Segment:
    """Return a text as one segment."""
    lists = lists_of(language)
    text = simplified(plain(text)) if HAN.search(text) else plain(text)
    found = figures(text, lists, lambda word: _key(word, language))
    words = tuple(_words(text, found, lists))
    return Segment(text, language, words, tuple(found), tuple(_denials(text, words, lists)))


@lru_cache(maxsize=200)
def segments(text: str, language: str) -> tuple[Segment, ...]:
    """Return the sentences of a source."""
    lists = lists_of(language)
    text = plain(text)
    spans = (part for start, end in sentences(text, lists) for part in _pieces(text, start, end))
    return tuple(segment(text[start:end], language) for start, end in spans)


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield a sentence in pieces that are not too long: some texts, such as tables, have no ends of sentences."""
    while end - start > LONGEST_SENTENCE:
        cut = text.rfind(" ", start + LONGEST_SENTENCE // 2, start + LONGEST_SENTENCE) + 1
        cut = cut or start + LONGEST_SENTENCE
        yield start, cut
        start = cut
    yield start, end


def _clauses(whole: Segment) -> list[str]:
    """Return the text between the commas of a sentence, except those within a figure."""
    pieces, start = [], 0
    for match in _CLAUSE_END.finditer(whole.text):
        if not _joins_figures(match, whole):
            pieces.append(whole.text[start : match.start()])
            start = match.end()
    return [*pieces, whole.text[start:]]


def _joins_figures(match: re.Match[str], whole: Segment) -> bool:
    """Return whether a comma is within a figure, or an "and" between two."""
    before, after = whole.text[: match.start()].rstrip(), match.end() + 1
    if any(figure.start <= match.start() < figure.end for figure in whole.figures):
        return True
    sides = (any(each.end == len(before) for each in whole.figures), any(each.start == after for each in whole.figures))
    return match[0].isalpha() and all(sides)


def _words(text: str, found: Sequence[Figure], lists: Lists) -> Iterator[Word]:
    taken = bytearray(len(text))
    for figure in found:
        taken[figure.start : figure.end] = b"\1" * (figure.end - figure.start)
    denying = [at for start, end in _denying(text, lists) for at in range(start, end)] if HAN.search(text) else []
    last: Word | None = None
    for match in _WORD.finditer(text):
        if not found or not any(taken[match.start() : match.end()]):
            last = _word(text, match, last, lists)
            yield last._replace(is_negation=True) if match.start() in denying else last


def _word(text: str, match: re.Match[str], last: Word | None, lists: Lists) -> Word:
    if HAN.match(match[0]):
        return _character(text, match, lists)
    written = match[0].removesuffix("'s").removesuffix("’s")
    lower = written.lower().replace("’", "'")
    keys, parts = _keys(lower, lists.language, is_noun=written[0].isupper())
    is_small = len(lower) == 1 or folded(lower) in lists.small or lower in lists.approximations
    is_capital = written[0].isupper() and match.start() > 0
    return Word(
        text=written,
        start=match.start(),
        end=match.end(),
        keys=keys,
        parts=parts,
        is_small=is_small,
        is_negation=lower in lists.negations,
        is_capital=is_capital and not is_small,
        is_name=is_capital and not is_small and _is_name(text, match.start(), last, lists.language),
    )


def _is_name(text: str, at: int, last: Word | None, language: str) -> bool:
    """Return whether a word with a capital is a name. In German it is if another one stands right before it."""
    if language != "de":
        return True
    return last is not None and last.text[0].isupper() and not last.is_small and text[last.end : at] in (" ", ". ")


def _is_han(text: str, at: int) -> bool:
    return 0 <= at < len(text) and "\u3400" <= text[at] <= "\u9fff"


def _character(text: str, match: re.Match[str], lists: Lists) -> Word:
    at, char = match.start(), match[0]
    beside = (at - 1, at + 1)
    pairs = [text[min(at, other) : max(at, other) + 1] for other in beside if _is_han(text, other)]
    keys = frozenset(pairs or (char,))
    return Word(char, at, match.end(), keys, is_small=char in lists.small)


@lru_cache(maxsize=20_000)
def _beginnings(key: str) -> tuple[str, ...]:
    """Return a key's beginnings, by which words match whose endings differ."""
    if len(key) < SHORTEST_BEGINNING or HAN.match(key):
        return ()
    return tuple(f"{key[:length]}~" for length in range(max(SHORTEST_BEGINNING, len(key) - ENDING), len(key) + 1))


@lru_cache(maxsize=20_000)
def _keys(lower: str, language: str, *, is_noun: bool) -> tuple[frozenset[str], frozenset[str]]:
    joined = lower.replace("-", "")
    parts = {stem for part in lower.split("-") for stem in _stems(part, language)} if "-" in lower else set[str]()
    exact = set(_stems(joined, language))
    if language == "ar":
        exact |= {skeleton for stem in exact if len(skeleton := _skeleton(stem)) > 2}
    if language == "de":
        if joined.startswith("ge"):
            exact |= set(_stems(joined[2:], language))
        parts |= {stem for part in parts_of(folded(joined), noun=is_noun) for stem in _stems(part, language)}
    return frozenset(exact), frozenset(parts)


def _skeleton(stem: str) -> str:
    """Return the consonants of an Arabic stem, marked: the verb and the noun of one root mostly share them."""
    return "=" + re.sub("[اوي]", "", _VERB_PREFIX.sub("", stem)).removesuffix("ت")


def _stems(word: str, language: str) -> tuple[str, ...]:
    """Stem a word; Latin letters in a Chinese or Arabic text as English."""
    return stems(word, language if language in STEMMERS else "en")


def _key(word: str, language: str) -> str:
    lower = word.lower()
    lists = lists_of(language)
    if language == UNSPACED or folded(lower) in lists.small or lower in lists.ranges or len(lower) == 1:
        return ""
    return _stems(lower, language)[0]


def _denials(text: str, words: Sequence[Word], lists: Lists) -> list[str]:
    """Return the words that deny in a text; phrases such as "not only" deny nothing."""
    lower = text.lower()
    harmless = [match.span() for match in lists.no_negations.finditer(lower)] if lists.no_negations else []
    if lists.language == UNSPACED:
        spans = _denying(lower, lists)
    else:
        spans = [(word.start, word.end) for word in words if word.is_negation]
    found = [text[at:end] for at, end in spans if not any(start <= at and end <= stop for start, stop in harmless)]
    cancels = lists.cancels_negation and any(word.text == lists.cancels_negation for word in words)
    return found[1:] if cancels else found


def _denying(text: str, lists: Lists) -> list[tuple[int, int]]:
    """Return where a text without spaces has words that deny."""
    if lists.language != UNSPACED:
        return []
    return [match.span() for match in _negating(lists.language).finditer(text)]


@lru_cache(maxsize=1)
def _negating(language: str) -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, lists_of(language).negations), key=len, reverse=True)))
