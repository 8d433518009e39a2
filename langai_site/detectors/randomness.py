"""Pure: judges whether a value looks like a secret, or like a word, a name, or the placeholder in an example."""

import re
from collections import Counter
from math import log2

# The beginning of a reference to a value: a variable, a template's field, a row of stars.
_REFERENCE = re.compile(
    r"[$%<{(\[*•…]|(?:os|process|env|self|this|settings|config|secrets|vault|var|vars|args|ctx|data|params)[.:(\[]",
    re.IGNORECASE,
)
_INSIDE = re.compile(r"\$\{|\{\{|\(|<|>|\*{3}|://|x{4}", re.IGNORECASE)
_GAP = re.compile(
    r"example|change.?me|placeholder|redacted|dummy|replace|insert|(?<![a-z])your|abcdefgh|12345678|01234567"
    r"|(?:^|[-_])(?:here|todo|fake)$",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:(?:my|your|the|new|old|some|test|user|username|db|database|root|admin|super)[-_]?)*"
    r"(?:password|passwort|passwd|pass|pwd|pw|secret|key|token|user|admin|root|test|guest|none|null|true|false"
    r"|undefined|string|required|optional|hidden|empty|value)[-_]?\d{0,3}",
    re.IGNORECASE,
)
_DISTINCT = 8
# A placeholder is shorter; this many random characters can contain such a word by chance.
_LONG = 100


def is_placeholder(value: str) -> bool:
    """Return whether `value` only shows where a secret would be."""
    if _REFERENCE.match(value) or _INSIDE.search(value) or _GAP.search(value) or _NAMED.fullmatch(value):
        return True
    return len(set(value)) < 3


def is_varied(value: str) -> bool:
    """Return whether a token of a known shape may be real: enough different characters, and not an example's."""
    return len(set(value)) >= _DISTINCT and (len(value) > _LONG or not is_placeholder(value))


def entropy(value: str) -> float:
    """Return Shannon's entropy, in bits per character."""
    return -sum(times / len(value) * log2(times / len(value)) for times in Counter(value).values())
