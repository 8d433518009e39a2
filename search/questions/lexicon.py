"""Pure: small words of several languages. They show the language of a question and whether it stands alone.

A language that is missing here loses little: its short questions are searched together with the turn before them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Language:
    """`small`: words without a subject. `leaning`: words that refer to something said before.

    `opening`: how a question begins that continues another. `polite`: greetings, thanks and the like.
    """

    small: frozenset[str]
    leaning: frozenset[str]
    opening: tuple[str, ...]
    polite: tuple[str, ...]


def _language(small: str, leaning: str, opening: str, polite: str) -> Language:
    """Return a language. Words are separated by spaces, phrases by semicolons."""
    return Language(frozenset(small.split()), frozenset(leaning.split()), _phrases(opening), _phrases(polite))


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(";"))


LANGUAGES: Mapping[str, Language] = {
    name: _language(**words)
    for name, words in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")).items()
}
