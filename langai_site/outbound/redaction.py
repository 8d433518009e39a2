"""Pure: shortens a server's own words about a failure, without people's text and without secrets."""

import re
from collections.abc import Iterable

LONGEST = 200
HIDDEN = "…"
# This many consecutive characters that are also in the prompt are a quotation; fewer are words that everybody uses.
QUOTATION = 16
# A shorter whole text is hidden too, unless it is hardly more than a letter.
SHORTEST = 4
QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|`[^`]*`|(?<!\w)'[^']*'(?!\w)")
# Names of parameters, roles and models, which say what is wrong.
NAME = re.compile(r"[A-Za-z][\w.\[\]:/-]{0,60}")
# Addresses, and what looks like a key: long, with digits and letters.
SECRET = re.compile(r"\w+://\S+|\S+@\S+|\bsk-\S+|\bBearer\s+\S+|(?=\S*\d)(?=\S*[A-Za-z])\S{20,}", re.IGNORECASE)


def redacted(message: str, texts: Iterable[str]) -> str:
    """Return the beginning of `message` without quotations from `texts`, other quoted text, addresses and keys."""
    words = " ".join(message[: 4 * LONGEST].split())
    words = SECRET.sub(HIDDEN, words)
    words = QUOTED.sub(lambda found: found[0] if NAME.fullmatch(found[0][1:-1]) else HIDDEN, words)
    written = [" ".join(text.split()) for text in texts]
    for short in (text for text in written if SHORTEST <= len(text) < QUOTATION):
        words = re.sub(re.escape(short), HIDDEN, words, flags=re.IGNORECASE)
    words = _without_quotations(words, " ".join(written).casefold())
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + HIDDEN


def _without_quotations(words: str, written: str) -> str:
    kept, at = [], 0
    folded = words.casefold()
    if len(folded) != len(words):
        # Some letters fold to two, so that positions would not match.
        folded = words.lower() if len(words.lower()) == len(words) else words
    while at < len(words):
        size = QUOTATION
        if folded[at : at + size] not in written or at + size > len(words):
            kept.append(words[at])
            at += 1
            continue
        while at + size < len(words) and folded[at : at + size + 1] in written:
            size += 1
        kept.append(HIDDEN)
        at += size
    return "".join(kept)
