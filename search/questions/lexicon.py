"""Pure: small words of several languages, by which a question shows its language and whether it stands alone.

A language that is not here loses little: its short questions are taken with the turn before them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Language:
    """`small`: words that carry no subject. `leaning`: words that point at something said before.

    `opening`: what a question begins with that goes on from another. `polite`: greetings, thanks and the like.
    """

    small: frozenset[str]
    leaning: frozenset[str]
    opening: tuple[str, ...]
    polite: tuple[str, ...]


def _language(small: str, leaning: str, opening: str, polite: str) -> Language:
    """Words are separated by spaces, phrases by semicolons."""
    return Language(frozenset(small.split()), frozenset(leaning.split()), _phrases(opening), _phrases(polite))


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(";"))


LANGUAGES: Mapping[str, Language] = {
    name: _language(**words)
    for name, words in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")).items()
}
