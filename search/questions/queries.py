"""Pure: works out what a question asks for. A follow-up ("and the second one?") is searched with the turns before it.

It works offline, by small words alone (search/questions/lexicon.py): it calls no model and sends nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from search.questions.lexicon import LANGUAGES
from search.questions.quotes import quoted
from search.questions.requests import REQUESTS

# Characters of one turn that are searched for: a long message has its question at the start or at the end.
TURN_CHARS = 1000
# A text longer than this says more than thanks.
SMALL_TALK_CHARS = 200
# How many turns back a follow-up of a follow-up may refer.
TURNS = 3
# Up to this many words with a subject, a question with a sign of leaning needs the turns before it. With more, it is
# clear enough alone.
OPENED_WORDS, POINTING_WORDS, FEW_WORDS = 4, 2, 2
# A question that may or may not need the turns before it is searched both ways. The one with them counts more.
ALONE, IN_CONTEXT = 1.0, 1.5

_WORD = re.compile(r"\w+(?:['-]\w+)*")
_SCRIPTS = (
    (re.compile(r"[\u3040-\u30ff]"), "ja"),
    (re.compile(r"[\u3400-\u9fff\uf900-\ufaff]"), "zh"),
    (re.compile(r"[\u0600-\u06ff]"), "ar"),
    (re.compile(r"[\u0400-\u04ff]"), "ru"),
    (re.compile(r"[¿¡]"), "es"),
)
# What asks about something, and not only for another form of the answer: "Is the text in German?"
_QUESTIONING = re.compile(
    r"\b(?:what|what's|which|who|is|are|does|was|were|ist|sind|welche\w*|wer|heisst|bedeutet|qué|está|quel\w*|est|sont)\b"
)
_LATIN = ("en", "de", "fr", "es", "it", "pt", "nl")
_UNSPACED = ("zh", "ja")
_ARABIC_MARKS = re.compile(r"[\u0640\u064b-\u065f\u0670]")
_ARABIC_FORMS = str.maketrans("أإآٱىة", "اااايه")


class Leaning(IntEnum):
    """How much a question needs the turns before it to be understood."""

    NONE, PERHAPS, CLEARLY = range(3)


@dataclass(frozen=True)
class SearchQuestion:
    """The texts to search for, with how much each counts; and phrases that passages should have exactly so."""

    texts: tuple[tuple[str, float], ...]
    phrases: tuple[str, ...] = ()


def asked(question: str, history: Sequence[str] = ()) -> SearchQuestion:
    """Return what to search for, given what the same person asked before, oldest first."""
    text, before = _gist(question), _before(history)
    leaning = leaning_of(text) if before else Leaning.NONE
    whole = "\n".join((*before, text))
    if leaning is Leaning.PERHAPS:
        return SearchQuestion(((text, ALONE), (whole, IN_CONTEXT)), tuple(quoted(text)))
    return SearchQuestion(((whole if leaning else text, ALONE),), tuple(quoted(text)))


def _gist(turn: str) -> str:
    turn = turn.strip()
    return turn if len(turn) <= TURN_CHARS else f"{turn[: TURN_CHARS // 2]}\n{turn[-TURN_CHARS // 2 :]}"


def _before(history: Sequence[str]) -> list[str]:
    """Return the turns that a follow-up needs: back to one that stands alone."""
    found: list[str] = []
    asking = [t for n, t in enumerate(history) if t.strip() and not needs_no_search(t, history[:n])]
    for turn in reversed([_gist(turn) for turn in asking]):
        found.insert(0, turn)
        if len(found) == TURNS or leaning_of(turn) is not Leaning.CLEARLY:
            break
    return found


def leaning_of(question: str) -> Leaning:
    """Judge a question by how it opens, what it refers to, and how much it says itself."""
    language = language_of(question) or "en"
    text = folded(question)
    subjects, pointing = _sorted_words(text, language)
    if not subjects or (_opening(language).match(text) and len(subjects) <= OPENED_WORDS):
        return Leaning.CLEARLY
    if pointing and len(subjects) <= OPENED_WORDS:
        return Leaning.CLEARLY if len(subjects) <= POINTING_WORDS else Leaning.PERHAPS
    return Leaning.PERHAPS if len(subjects) <= FEW_WORDS and not _names(question, language) else Leaning.NONE


def is_small_talk(text: str) -> bool:
    """Return whether a text says only hello, thanks and the like, in one of the known languages."""
    if len(text) > SMALL_TALK_CHARS:
        return False
    text = " ".join(_WORD.findall(folded(text)))
    return not text or any(_is_polite(text, language) for language in LANGUAGES)


def _is_polite(text: str, language: str) -> bool:
    rest = _polite(language).sub(" ", text)
    return rest != text and not any(_sorted_words(rest, language))


def is_about_answer(text: str) -> bool:
    """Return whether a text only asks something of the last answer: to translate or shorten it, why, and so on."""
    if len(text) > SMALL_TALK_CHARS or quoted(text):
        return False
    text = " ".join(_WORD.findall(folded(text)))
    return any(_only_requests(text, language) for language in REQUESTS)


def needs_no_search(text: str, history: Sequence[str] = ()) -> bool:
    """Return whether a text has no subject that documents could be searched for, after these earlier messages."""
    return is_small_talk(text) or (any(map(str.strip, history)) and is_about_answer(text))


def _only_requests(text: str, language: str) -> bool:
    rest = _asks(language).sub(" ", text)
    if rest == text:
        return False
    if not _QUESTIONING.search(text):
        rest = _beside(language).sub(" ", rest)
    rest = _polite(language).sub(" ", rest)
    subjects, _pointing_words = _sorted_words(rest, language)
    return not subjects


def topic(text: str, language: str) -> list[str]:
    """Return the words of a text with a subject, beside those that only say how to answer."""
    text = " ".join(_WORD.findall(folded(text)))
    for pattern in (_asks, _beside):
        text = pattern(language).sub(" ", text)
    return _sorted_words(_polite(language).sub(" ", text), language)[0]


def has_subject_beside(text: str, phrases: Iterable[str]) -> bool:
    """Return whether a text has words with a subject beside these phrases."""
    for phrase in phrases:
        text = text.replace(phrase, " ")
    return bool(_sorted_words(folded(text), language_of(text) or "en")[0])


def language_of(text: str) -> str:
    """Return the two-letter code of the language that a question is probably in; "" if nothing shows it."""
    text = folded(text)
    for script, language in _SCRIPTS:
        if script.search(text):
            return language
    words = _WORD.findall(text)
    known = {language: sum(word in _known(language) for word in words) for language in _LATIN}
    best = max(known, key=lambda language: known[language])
    return best if known[best] else ""


def folded(text: str) -> str:
    """Return lower case without typographic and Arabic variants, for comparison with the lexicon."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'").strip()
    return _ARABIC_MARKS.sub("", text).translate(_ARABIC_FORMS)


def _sorted_words(text: str, language: str) -> tuple[list[str], list[str]]:
    """Return the words of a folded text that have a subject, and those that refer to something said before."""
    if language not in _UNSPACED:
        words = _WORD.findall(text)
        return [w for w in words if w not in _known(language)], [w for w in words if w in _pointing(language)]
    small = _small_pieces(language)
    rest = "".join(_WORD.findall(small.sub(" ", text)))
    # Most words of these languages have two characters.
    return [rest[i : i + 2] for i in range(0, len(rest), 2)], [
        w for w in small.findall(text) if w in _pointing(language)
    ]


def _names(question: str, language: str) -> list[str]:
    """Return what looks like a name or a number: a question that has one stands alone more often."""
    first, *others = _WORD.findall(question) or [""]
    capitals = [] if language == "de" else [word for word in others if word[0].isupper() and len(word) > 1]
    codes = [word for word in (first, *others) if word[1:] != word[1:].lower() or any(map(str.isdigit, word))]
    latin = [word for word in (first, *others) if word.isascii()] if language not in _LATIN else []
    return capitals + codes + latin


# The lexicon, folded for look-ups.


@lru_cache(maxsize=len(LANGUAGES))
def _pointing(language: str) -> frozenset[str]:
    return frozenset(map(folded, LANGUAGES[language].leaning))


@lru_cache(maxsize=len(LANGUAGES))
def _known(language: str) -> frozenset[str]:
    return _pointing(language) | frozenset(map(folded, LANGUAGES[language].small))


@lru_cache(maxsize=len(_UNSPACED))
def _small_pieces(language: str) -> re.Pattern[str]:
    return _any_of(_known(language), "")


@lru_cache(maxsize=len(LANGUAGES))
def _opening(language: str) -> re.Pattern[str]:
    return _any_of(map(folded, LANGUAGES[language].opening), "" if language in _UNSPACED else r"\b")


@lru_cache(maxsize=len(LANGUAGES))
def _polite(language: str) -> re.Pattern[str]:
    return _any_of(map(folded, LANGUAGES[language].polite), "" if language in _UNSPACED else r"\b")


@lru_cache(maxsize=len(REQUESTS))
def _asks(language: str) -> re.Pattern[str]:
    return _any_of(_in_words(REQUESTS[language].asks), "" if language in _UNSPACED else r"\b")


@lru_cache(maxsize=len(REQUESTS))
def _beside(language: str) -> re.Pattern[str]:
    return _any_of(_in_words(REQUESTS[language].beside), "" if language in _UNSPACED else r"\b")


def _in_words(phrases: Iterable[str]) -> list[str]:
    """Return the phrases folded and without punctuation, like the texts in which they are searched."""
    return [" ".join(_WORD.findall(folded(phrase))) for phrase in phrases]


def _any_of(phrases: Iterable[str], edge: str) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"\W*{edge}(?:{'|'.join(map(re.escape, longest_first))}){edge}")
