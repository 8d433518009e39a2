"""Pure: finds phrases in the quotation marks of any language."""

import re
import unicodedata

# Characters of a phrase: a single letter is not one, and a longer text is not searched word by word.
SHORTEST, LONGEST = 2, 200
# Phrases of a question that are searched.
PHRASES = 4

_PAIRS = ("“”", "„“", "„”", "””", "«»", "»«", "‹›", "「」", "『』", "《》", '""', "‟”", "＂＂")  # noqa: RUF001
_QUOTED = re.compile("|".join(f"{pair[0]}([^{pair}\n]{{{SHORTEST},{LONGEST}}}){pair[1]}" for pair in _PAIRS))
_BLANKS = re.compile(r"\s+")


def quoted(text: str) -> list[str]:
    """Return the phrases in quotation marks, each once."""
    found = (next(filter(None, match.groups())).strip() for match in _QUOTED.finditer(text))
    return list(dict.fromkeys(phrase for phrase in found if len(phrase) >= SHORTEST))[:PHRASES]


def comparable(text: str) -> str:
    """Return a text in which only letters, digits and signs count: not case, width, and kind of blanks."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text)).casefold()


def holds(text: str, phrase: str) -> bool:
    """Return whether a text has a phrase exactly, not as a part of longer words."""
    wanted = comparable(phrase).strip()
    before, after = (r"(?<!\w)" if _is_spaced(wanted[0]) else ""), (r"(?!\w)" if _is_spaced(wanted[-1]) else "")
    return bool(wanted) and re.search(before + re.escape(wanted) + after, comparable(text)) is not None


def _is_spaced(char: str) -> bool:
    """Return whether a character belongs to words that have spaces between them."""
    return char.isalnum() and not "\u3040" <= char <= "\u9fff" and not "\u0e00" <= char <= "\u0eff"
