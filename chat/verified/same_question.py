"""Pure: decides whether two questions ask the same, so that the verified answer to one answers the other.

Search by meaning finds a verified answer, but it cannot decide: "after probation" is nearer to "during probation" than
most other wordings are. So words decide. Two questions are the same if neither has a figure, a name or another content
word that is not in the other, if both deny or neither does, and if they ask for the same: who, when, where or why.
Other wordings are added to an answer as variants.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from chat.grounding.figures import is_same
from chat.grounding.lists import LANGUAGES, UNSPACED
from chat.grounding.words import Segment, segment
from search.keywords.letters import plain
from search.keywords.scripts import language_of_text

# A longer text says more than a question, and what it adds may change the answer.
LONGEST = 500


def is_answered_by(question: str, phrasings: Iterable[str]) -> bool:
    """Return whether one of the phrasings asks the same as the question."""
    return len(question) <= LONGEST and any(asks_the_same(question, phrasing) for phrasing in phrasings)


def asks_the_same(one: str, other: str) -> bool:
    """Return whether two questions ask the same. In languages without word lists only the same words do."""
    if _bare(one) == _bare(other):
        return bool(_bare(one))
    languages = {language_of_text(one), language_of_text(other)} - {""}
    language = languages.pop() if len(languages) == 1 else ""
    if language not in LANGUAGES:
        return False
    first, second = segment(one, language), segment(other, language)
    return (
        first.is_denied == second.is_denied
        and first.limits == second.limits
        and _turns(first) == _turns(second)
        and _says_all(first, second)
        and _says_all(second, first)
        and bool(second.content or second.figures)
    )


def _bare(text: str) -> str:
    """Return the text without case, blanks and signs around words: only letters and digits, with single spaces."""
    kept = (sign if sign.isalnum() else " " for sign in plain(text).casefold())
    return " ".join("".join(kept).split())


def _says_all(said: Segment, other: Segment) -> bool:
    """Return whether `other` has every figure and content word of `said`."""
    known = frozenset[str]().union(*(word.keys | word.parts for word in other.words))
    turning = _groups(said.language)
    words = (word for word in said.content if word.text.casefold() not in turning)
    figures = all(any(is_same(figure, found) for found in other.figures) for figure in said.figures)
    return figures and all(word.keys & known or (word.parts and word.parts <= known) for word in words)


def _turns(part: Segment) -> frozenset[int]:
    """Return the groups of meaning-changing small words that a question has."""
    groups = _groups(part.language)
    if part.language == UNSPACED:
        return frozenset(group for word, group in groups.items() if word in part.text)
    return frozenset(groups[word.text.casefold()] for word in part.words if word.text.casefold() in groups)


@lru_cache(maxsize=len(LANGUAGES))
def _groups(language: str) -> Mapping[str, int]:
    with (Path(__file__).parent / "question_words.toml").open("rb") as file:
        found = tomllib.load(file)[language]
    groups = [*found["asks"], *found["turns"]]
    return {word.casefold(): number for number, words in enumerate(groups) for word in words.split()}
