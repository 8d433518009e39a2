"""Tells the language of a question by its first word. Pure: `openings.toml` holds the words."""

import tomllib
from pathlib import Path

_WORDS = {
    language: frozenset(words.split())
    for language, words in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")).items()
}


def opens_in(language: str, text: str) -> bool:
    """Return whether a text of several words begins as questions in this language do, and in English do not."""
    first, *others = text.casefold().split() or [""]
    return bool(others) and first.strip("¿¡\"'(") in _WORDS.get(language, ())
