"""How well the check of cited sentences decides: statements about passages, written by hand before its rules were."""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
LANGUAGES = ("en", "de", "fr", "es", "zh", "ar")
NAMES = dict(zip(LANGUAGES, ("English", "German", "French", "Spanish", "Chinese", "Arabic"), strict=True))
# Kinds of true statements: in the passage's words, and only by inference from it.
LITERAL, INFERENCE = "literal", "inference"


@dataclass(frozen=True)
class Statement:
    """What an answer says of a passage. `kind`: how a true one follows from it, or what a false one changes."""

    language: str
    passage: str
    text: str
    kind: str
    is_true: bool

    @property
    def is_held_out(self) -> bool:
        """Return whether the statement is in the third on which no rule may be tuned. It depends on its text alone."""
        digest = hashlib.sha256(f"{self.language} {self.text}".encode()).digest()
        return int.from_bytes(digest[:8]) % 3 == 0


@cache
def statements() -> tuple[Statement, ...]:
    return tuple(statement for language in LANGUAGES for statement in _of(language))


def _of(language: str) -> Iterator[Statement]:
    for section in tomllib.loads((DATA / f"{language}.toml").read_text())["section"]:
        for kind in (LITERAL, INFERENCE):
            yield from (Statement(language, section["passage"], text, kind, True) for text in section[kind])
        yield from (Statement(language, section["passage"], text, kind, False) for kind, text in section["false"])


@cache
def everyday() -> tuple[tuple[str, str, str], ...]:
    """Return true statements with their language and passage; they are apart from the set, and all may be tuned on."""
    found = tomllib.loads((DATA.parent / "everyday.toml").read_text())
    return tuple((language, *pair) for language in LANGUAGES for pair in found[language])
