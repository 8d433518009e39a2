"""Pure: digests by which a text is recognised again, without keeping it.

A text is cut into runs of RUN words. Their salted digests say whether the same words stand somewhere else; they do not
say what the words are.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

RUN = 6
# Digests kept of one text. Of longer ones every window of runs keeps one, so that a longer remainder is still found.
MOST = 500
_WORD = re.compile(r"\w+")
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])", re.I)
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[nrtbf\"/\\])")


def readable(raw: bytes) -> str:
    """Return the text in the bytes of a file, also that of JSON in it."""
    text = raw.decode(errors="replace")
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else " ", text)


def runs(text: str) -> list[str]:
    """Return all runs of RUN words of a text, in order; none if it is shorter."""
    words = _WORD.findall(text.lower())
    return [" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)]


def ids(text: str) -> Iterator[str]:
    """Return the ids (UUIDs) that stand in a text, each written the same."""
    return (f"id {found.replace('-', '').lower()}" for found in _ID.findall(text))


def digest(mark: str, salt: str) -> str:
    return hashlib.blake2b(mark.encode(errors="replace"), key=salt.encode(), digest_size=8).hexdigest()


def kept(text: str, salt: str) -> set[str]:
    """Return the digests to keep of a text: at least one of each window, so that no longer part goes unnoticed."""
    every = [digest(run, salt) for run in runs(text)]
    window = max(1, -(-len(every) // MOST))
    return {min(every[at : at + window]) for at in range(0, len(every), window)}


def digests(marks: Iterable[str], salts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return the digests of marks by each of the salts, with the salt."""
    return ((salt, digest(mark, salt)) for mark in marks for salt in salts)
