"""Pure: turns texts and questions into the tokens that both databases index and look up, by the same rules.

A token is a folded stem, a number or code, or a gram of a script without spaces. It holds letters, marks, digits and
the signs `.:-§+#`: no space, quote or control character, so that no database can misread it. A token of a file's name
begins with `=:`, one of a telephone number with `=t`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from search.keywords.compounds import parts_of
from search.keywords.languages import COMMON, STEMMERS, language_of, small_words
from search.keywords.letters import ATOM, CHUNK, RUN, UNSPACED, folded, grams, humps, plain, simplified
from search.keywords.numbers import SPACED, number, phones, versions_above, versions_below
from search.keywords.stems import stems
from search.keywords.weights import LOCAL_NUMBER, NAMED, PARTS, SMALL_WORD, VERSION_BELOW, of_grams

# Raise it when texts are analysed differently: rows of another version count as missing and are written again.
VERSION = 3

# Characters of a token; a longer one is cut off.
TOKEN_CHARS = 64
# Chunks from which the language is guessed; cached chunks of texts in each language; cached chunks of questions.
SAMPLE, REMEMBERED, ASKED = 300, 50_000, 10_000
_ELISION = re.compile(
    r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|dell|all|nell|sull|dall|un|gl)['\u2019](?=\w\w)|['\u2019]s$",
    re.IGNORECASE,
)
_APOSTROPHE = re.compile(r"(?<=[^\W\d])['\u2019](?=[^\W\d])")
# A token of a document's names, not of its text.
NAME = "=:"
_SPACED = re.compile(SPACED)
# Terms of a question; of a longer question, only the first ones are used.
TERMS = 48


@dataclass(frozen=True)
class Analysis:
    """A text's language, "" if it is not clear, and its tokens in their order."""

    language: str
    tokens: list[str]


@dataclass(frozen=True)
class Form:
    """Tokens that together mean the term; a partial match counts in part.

    `weight`: from 0 to 1, how exactly they mean it; a little more than 1 in the name of a file.
    """

    tokens: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Term:
    """One thing that a question asks for, in its forms. `weight`: from 0 to 1, how much it says about the subject."""

    forms: tuple[Form, ...]
    weight: float = 1.0

    @property
    def tokens(self) -> frozenset[str]:
        return frozenset(chain.from_iterable(form.tokens for form in self.forms))


class WordReading(NamedTuple):
    """A chunk, or a piece of it, in one language. Each of `names` means the whole; all of `parts` together do.

    `smaller` are for questions that are shorter than a gram, or name only the first numbers of a version; `below` are
    the marks of the versions that begin with these numbers.
    """

    names: tuple[str, ...]
    parts: tuple[str, ...] = ()
    smaller: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    weight: float = 1.0


def analyse(text: str, names: str = "") -> Analysis:
    """Return the tokens of a text, for the index, and those of the document's `names`, such as its file's."""
    text = plain(text)
    chunks = CHUNK.findall(text)
    language = language_of({chunk.lower() for chunk in chunks[:SAMPLE]}, text)
    known = _KNOWN[language]
    tokens = list(chain.from_iterable(map(known.__getitem__, chunks)))
    tokens += chain.from_iterable(found for _match, found in phones(text))
    tokens += dict.fromkeys(NAME + token for chunk in CHUNK.findall(plain(names)) for token in known[chunk])
    return Analysis(language, tokens)


def question(text: str, languages: Sequence[str] = ()) -> list[Term]:
    """Return what a question asks for; `languages` are those of the texts, the most frequent one first.

    A word has a form for each language that stems it differently. Each term occurs once.
    """
    text, called = _without_phones(plain(text))
    chunks = list(dict.fromkeys(CHUNK.findall(text)))
    own = language_of({chunk.lower() for chunk in chunks}, text)
    stemmed_in = tuple(dict.fromkeys(language for language in (own, *languages) if language in STEMMERS)) or COMMON
    small = _small(own)
    found: dict[tuple[Form, ...], Term] = {}
    for term in chain.from_iterable(_terms(chunk, stemmed_in, small, shouted=text.isupper()) for chunk in chunks):
        found[term.forms] = max(term, found.get(term.forms, term), key=lambda same: same.weight)
    return [*called, *found.values()][:TERMS]


def _without_phones(text: str) -> tuple[str, list[Term]]:
    """Return a question without its telephone numbers, and a term for each of them."""
    found = list(phones(text))
    for match, _tokens in found:
        text = text.replace(match[0], " ")
    weights = (1.0, LOCAL_NUMBER)
    return text, [Term(tuple(Form((t,), w) for t, w in zip(tokens, weights, strict=False))) for _match, tokens in found]


def _small(language: str) -> frozenset[str]:
    """Return the small words of the question's language; if it is unclear, those of all common languages."""
    latin = [small_words(each) for each in ((language,) if language else COMMON)]
    return frozenset().union(*latin, *(small_words(each) for each in ("ru", "ar")))


def _terms(chunk: str, languages: tuple[str, ...], small: frozenset[str], *, shouted: bool) -> Iterator[Term]:
    acronym = chunk.isupper() and len(chunk) > 1 and not shouted
    if acronym or folded(chunk).replace("\u2019", "'") not in small:
        return iter(_known_terms(chunk, languages))
    return (Term(term.forms, SMALL_WORD) for term in _known_terms(chunk, languages))


@lru_cache(maxsize=ASKED)
def _known_terms(chunk: str, languages: tuple[str, ...]) -> tuple[Term, ...]:
    terms = []
    for same in zip(*(_read(chunk, language) for language in languages), strict=True):
        forms = [Form((name,)) for reading in same for name in reading.names]
        forms += [Form((*_words(reading), mark), VERSION_BELOW) for reading in same for mark in reading.below]
        forms += [Form(reading.parts, PARTS) for reading in same if reading.parts]
        forms += [Form(tuple(NAME + token for token in form.tokens), NAMED * form.weight) for form in forms]
        terms.append(Term(tuple(dict.fromkeys(forms)), same[0].weight))
    return tuple(terms)


def _words(reading: WordReading) -> Iterator[str]:
    """Yield the parts of a code without its numbers: langai of langai-3.20."""
    return (part for part in reading.parts if not any(map(str.isdigit, part)))


class _Tokens(dict[str, tuple[str, ...]]):
    """A cache of the tokens of chunks in one language: most words of a text have been seen before."""

    def __init__(self, languages: Sequence[str]) -> None:
        super().__init__()
        self.languages = languages

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        tokens = tuple(dict.fromkeys(_tokens(chunk, self.languages)))
        if len(self) >= REMEMBERED:
            self.clear()
        if len(chunk) <= TOKEN_CHARS:
            self[chunk] = tokens
        return tokens


_KNOWN = {language: _Tokens((language,)) for language in STEMMERS} | {"": _Tokens(COMMON)}


def _tokens(chunk: str, languages: Iterable[str]) -> Iterator[str]:
    for language in languages:
        for reading in _read(chunk, language):
            yield from reading.names
            yield from reading.parts
            yield from reading.smaller


def _read(chunk: str, language: str) -> tuple[WordReading, ...]:
    """Return the readings of a chunk: one for a word or a code, one for each gram of a script without spaces."""
    if UNSPACED.search(chunk):
        return tuple(reading for run in RUN.findall(chunk) for reading in _read_run(run, language))
    if _SPACED.fullmatch(chunk):
        return (WordReading((_cut(number(" ".join(chunk.split()))[0]),), tuple(re.findall(r"\d+", chunk))),)
    atoms = ATOM.findall(_without_elision(chunk))
    if not atoms:
        return ()
    signs = _signs(chunk, atoms)
    is_word = len(atoms) == 1 and not any(signs)
    found = _read_atom(atoms[0], language) if is_word else _read_code(atoms, signs, language)
    return (found._replace(below=tuple(map(_cut, versions_below(chunk)))),)


def _read_run(run: str, language: str) -> Sequence[WordReading]:
    if not UNSPACED.match(run):
        return _read(run, language)
    run = simplified(run)
    pieces, smaller = grams(run)
    found = [
        WordReading((piece,), weight=weight) for piece, weight in zip(pieces, of_grams(run, len(pieces)), strict=True)
    ]
    return [found[0]._replace(smaller=tuple(smaller)), *found[1:]]


def _read_atom(atom: str, language: str) -> WordReading:
    if atom[0].isdecimal():
        whole, *groups = number(atom[:TOKEN_CHARS])
        return WordReading((_cut(whole),), tuple(map(_cut, groups)), tuple(map(_cut, versions_above(whole))))
    if words := humps(atom):
        return WordReading((_cut(folded(atom)),), tuple(_stem(word, language) for word in words))
    word = atom.casefold()[:TOKEN_CHARS]
    names = tuple(map(_cut, stems(word, language)))
    if language != "de":
        return WordReading(names)
    pieces = parts_of(folded(word), noun=atom[0].isupper())
    return WordReading(names, tuple(dict.fromkeys(_stem(piece, language) for piece in pieces)))


def _read_code(atoms: Sequence[str], signs: tuple[str, str], language: str) -> WordReading:
    """Read several words or numbers in one chunk: as one without the signs between them, and each separately."""
    readings = [_read_atom(atom, language) for atom in atoms]
    words = [
        folded(atom) if atom[0].isalpha() else reading.names[0] for atom, reading in zip(atoms, readings, strict=True)
    ]
    # Nobody asks for more than the beginning of a code without an end.
    whole = (signs[0] + _joined(words[:TOKEN_CHARS]) + signs[1])[:TOKEN_CHARS]
    names = stems(whole[:TOKEN_CHARS], language) if whole.isalpha() else (whole,)
    parts = dict.fromkeys(part for reading in readings for part in (*reading.names, *reading.parts) if len(part) > 1)
    above = [*versions_above(whole), *chain.from_iterable(reading.smaller for reading in readings)]
    return WordReading(
        tuple(map(_cut, names)), tuple(part for part in parts if part not in names), tuple(map(_cut, above))
    )


def _joined(words: Sequence[str]) -> str:
    """Join words so that ERR-4711 and ERR4711 are the same, but 10_20 and 1020 are not."""
    return re.sub(r"(?<=\d) (?=\d)", "-", " ".join(words)).replace(" ", "")


def _signs(chunk: str, atoms: Sequence[str]) -> tuple[str, str]:
    """Return the signs that count: § before a number, and ++ or # after a single letter."""
    before = "§" if chunk[0] == "§" else ""
    after = chunk[len(chunk.rstrip("+#")) :]
    return before, after if len(atoms) == 1 and len(atoms[0]) == 1 else ""


def _without_elision(chunk: str) -> str:
    """Remove French and Italian articles and the English 's; don't becomes dont."""
    return _APOSTROPHE.sub("", _ELISION.sub("", chunk))


def _stem(word: str, language: str) -> str:
    return _cut(stems(word.casefold(), language)[0])


def _cut(token: str) -> str:
    return token[:TOKEN_CHARS]
