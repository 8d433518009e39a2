"""Pure: finds what abbreviations stand for in texts, and puts one for the other in a question.

Texts say it in two ways: "PTO (paid time off)" and "paid time off (PTO)".
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Other ways of asking that are searched as well.
VARIANTS = 3
# More words than letters that a meaning may have: small words are often left out.
MORE_WORDS = 2

_SHORT = re.compile(r"(?<![\w-])[A-ZÄÖÜ][\w&]{0,6}[A-ZÄÖÜ][\w&]{0,3}(?![\w-])")
_BEFORE = re.compile(rf"({_SHORT.pattern})\s?\(([^()\n]{{4,80}})\)")
_AFTER = re.compile(rf"(?<![\w'\u2019-])((?:[\w'\u2019-]+,?[ ]){{1,8}}[\w'\u2019-]+)\s?\(({_SHORT.pattern})\)")


class Abbreviation(NamedTuple):
    """An abbreviation with the words that it stands for."""

    short: str
    words: str


def meanings(text: str) -> Iterator[Abbreviation]:
    """Yield the abbreviations that a text explains."""
    for match in _BEFORE.finditer(text):
        if _stands_for(match[1], match[2]):
            yield Abbreviation(match[1], " ".join(match[2].split()))
    for match in _AFTER.finditer(text):
        words = match[1].split()
        # The shortest one that fits: "we grant paid time off (PTO)" explains three words.
        found = (" ".join(words[-count:]) for count in range(2, len(words) + 1))
        if fitting := next((words for words in found if _stands_for(match[2], words)), ""):
            yield Abbreviation(match[2], fitting)


def _stands_for(short: str, words: str) -> bool:
    """Return whether the letters come in this order in the words, the first one first, each word bringing one."""
    letters = [letter for letter in short.casefold() if letter.isalpha()]
    parts = re.findall(r"\w+", words.casefold())
    if not parts or not len(letters) >= 2 or len(parts) > len(letters) + MORE_WORDS or parts[0][0] != letters[0]:
        return False
    initials = iter("".join(part[0] for part in parts))
    rest = iter("".join(parts))
    return all(letter in initials for letter in letters) or (len(parts) > 1 and all(x in rest for x in letters))


def has_short(text: str) -> bool:
    """Return whether a question has something that looks like an abbreviation."""
    return _SHORT.search(text) is not None


def variants(question: str, texts: Iterable[str]) -> list[str]:
    """Return the question with what its abbreviations stand for, or the other way round, as the texts say."""
    found: list[str] = []
    for meaning in dict.fromkeys(meaning for text in texts for meaning in meanings(text)):
        found += (
            re.sub(rf"(?<!\w){re.escape(meaning.short)}(?!\w)", _literal(meaning.words), question),
            re.sub(rf"(?<!\w){re.escape(meaning.words)}(?!\w)", _literal(meaning.short), question, flags=re.IGNORECASE),
        )
    return [changed for changed in dict.fromkeys(found) if changed != question][:VARIANTS]


def _literal(text: str) -> str:
    """Return a text as a replacement in which nothing has a special meaning."""
    return text.replace("\\", r"\\")
