"""Pure: the word lists of each language that is checked, as words/*.toml has them."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from search.keywords.languages import small_words
from search.keywords.letters import folded

FOLDER = Path(__file__).parent / "words"
LANGUAGES = ("en", "de", "fr", "es", "zh", "ar")
# The language that is written without spaces.
UNSPACED = "zh"


@dataclass(frozen=True)
class Lists:
    """The lists of one language. Its patterns expect text in lower case."""

    language: str
    decimal: str
    months: Mapping[str, int]
    ambiguous_months: frozenset[str]
    weekdays: Mapping[str, int]
    numbers: Mapping[str, Fraction]
    ordinals: Mapping[str, Fraction]
    ordinal_endings: tuple[str, ...]
    scales: Mapping[str, Fraction]
    negations: frozenset[str]
    no_negations: re.Pattern[str] | None
    cancels_negation: str
    limits: frozenset[str]
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    approximations: frozenset[str]
    ranges: frozenset[str]
    more: tuple[str, ...]
    less: tuple[str, ...]
    small: frozenset[str]
    abbreviations: frozenset[str]
    phrases: Mapping[str, str]
    units: Mapping[str, str]


@lru_cache(maxsize=len(LANGUAGES))
def lists_of(language: str) -> Lists:
    """Return the lists of one of LANGUAGES."""
    found: Mapping[str, Any] = tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))
    small = found["small"] if language == UNSPACED else found["small"].split()
    return Lists(
        language=language,
        decimal=found["decimal"],
        months=_numbered(found["months"]),
        ambiguous_months=frozenset(found["ambiguous_months"].split()),
        weekdays=_numbered(found["weekdays"]),
        numbers=_values(found["numbers"]),
        ordinals=_values(found["ordinals"]),
        ordinal_endings=tuple(found["ordinal_endings"].split()),
        scales=_values(found["scales"]),
        negations=frozenset(found["negations"].split()),
        no_negations=alternation(found["no_negations"], language),
        cancels_negation=found["cancels_negation"],
        limits=frozenset(found["limits"].split()),
        before=alternation(found["before"], language),
        after=alternation(found["after"], language),
        approximations=frozenset(found["approximations"].split()),
        ranges=frozenset(found["ranges"].split()),
        more=tuple(found["more"]),
        less=tuple(found["less"]),
        small=frozenset(map(folded, small)) | (frozenset() if language == UNSPACED else small_words(language)),
        abbreviations=frozenset(found["abbreviations"].split()),
        phrases=found["phrases"],
        units=found["units"],
    )


@lru_cache(maxsize=1)
def signs() -> Mapping[str, str]:
    """Return the units that are written alike everywhere, as written."""
    found: dict[str, str] = tomllib.loads((FOLDER / "units.toml").read_text("utf-8"))["signs"]
    return found


@lru_cache(maxsize=1)
def sizes() -> Mapping[str, tuple[str, Fraction]]:
    """Return the smallest unit of each unit's kind, and how many of it make one."""
    found: dict[str, str] = tomllib.loads((FOLDER / "units.toml").read_text("utf-8"))["sizes"]
    pairs = {unit: text.split() for unit, text in found.items()}
    return {unit: (base, Fraction(count)) for unit, (base, count) in pairs.items()}


def alternation(phrases: Iterable[str], language: str) -> re.Pattern[str] | None:
    """Return a pattern that finds any of the phrases as whole words, the longest first; None without phrases."""
    if not phrases:
        return None
    either = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return re.compile(either if language == UNSPACED else rf"(?<!\w)(?:{either})(?!\w)")


def _numbered(names: Iterable[str]) -> dict[str, int]:
    return {name.replace("_", " "): number for number, line in enumerate(names, 1) for name in line.split()}


def _values(text: str) -> dict[str, Fraction]:
    pairs = (pair.rpartition("=") for pair in text.split())
    return {word: Fraction(value) for word, _, value in pairs}
