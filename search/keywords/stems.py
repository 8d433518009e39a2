# ruff: noqa: RUF001 - letters of other scripts belong here
"""Stems words by the rules of each language; Arabic by its prefixes and suffixes."""

import re
import threading
from typing import Any

import Stemmer

from search.keywords.languages import STEMMERS
from search.keywords.letters import folded

# Scripts that one stemmer serves, whatever the text's language.
_BY_SCRIPT = (
    (re.compile(r"[\u0400-\u052f]"), "russian"),
    (re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"), "greek"),
    (re.compile(r"[\u0900-\u097f]"), "hindi"),
    (re.compile(r"[\u0b80-\u0bff]"), "tamil"),
    (re.compile(r"[\u0530-\u058f]"), "armenian"),
)
_ARABIC = re.compile(r"[\u0600-\u06ff\u0750-\u077f]")
# Variants of a letter mapped to one: Alef, Yeh and Teh Marbuta, Persian Yeh and Kaf. Tatweel is removed.
_ARABIC_LETTERS = str.maketrans("أإآٱىیئةکؤ", "اااايييهكو", "\u0640")
_ARTICLES = ("وال", "بال", "كال", "فال", "ال", "لل")
_ENDINGS = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
# Letters that must remain.
_AFTER_AND, _AFTER_ARTICLE, _BEFORE_ENDING = 3, 2, 2

_own = threading.local()


def stems(word: str, language: str) -> tuple[str, ...]:
    """Return the folded stem of a word in lower case, and a second one if it is stemmed differently without accents.

    So a question without accents finds a text with them, and vice versa.
    """
    if word.isascii():
        return (_stemmed(word, STEMMERS[language]),)
    if _ARABIC.search(word):
        return (_arabic_stem(folded(word).translate(_ARABIC_LETTERS)),)
    stemmer = next((name for script, name in _BY_SCRIPT if script.search(word)), STEMMERS[language])
    return tuple(dict.fromkeys((folded(_stemmed(word, stemmer)), _stemmed(folded(word), stemmer))))


def _stemmed(word: str, stemmer: str) -> str:
    """Stem with this thread's stemmer: the library's stemmers must not be shared between threads."""
    mine: dict[str, Any] = _own.__dict__
    if stemmer not in mine:
        mine[stemmer] = Stemmer.Stemmer(stemmer, 0)
    stem: str = mine[stemmer].stemWord(word)
    return stem or word


def _arabic_stem(word: str) -> str:
    """Stem lightly: remove "and", the article with what is joined to it, and endings of gender, number and owner."""
    if word.startswith("و") and len(word) > _AFTER_AND:
        word = word[1:]
    article = next((a for a in _ARTICLES if word.startswith(a) and len(word) >= len(a) + _AFTER_ARTICLE), "")
    word = word[len(article) :]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) >= len(ending) + _BEFORE_ENDING:
            word = word[: -len(ending)]
    return word
