"""Pure: whether a value looks like a secret, or like a word, a name, or the gap in an example."""

import re
from collections import Counter
from math import log2

# The beginning of what stands for a value: a variable, a template's field, a row of stars.
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
# An example's gap is shorter; in this many random characters such a word can stand by chance.
_LONG = 100


def is_placeholder(value: str) -> bool:
    """Whether `value` only shows where a secret would stand."""
    if _REFERENCE.match(value) or _INSIDE.search(value) or _GAP.search(value) or _NAMED.fullmatch(value):
        return True
    return len(set(value)) < 3


def is_varied(value: str) -> bool:
    """Whether a token of known shape may be a real one: enough different characters, and no example's."""
    return len(set(value)) >= _DISTINCT and (len(value) > _LONG or not is_placeholder(value))


def entropy(value: str) -> float:
    """Shannon's, in bits a character."""
    return -sum(times / len(value) * log2(times / len(value)) for times in Counter(value).values())
