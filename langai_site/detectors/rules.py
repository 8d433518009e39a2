"""Pure: the admins' own rules, words and patterns: checks, compiles and applies them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Literal, get_args

from django.utils.translation import gettext as _

from langai_site.detectors import regexes, words
from langai_site.detectors.namings import OF_RULE
from langai_site.detectors.types import Detection
from langai_site.errors import InvalidError
from langai_site.numbers import grouped
from langai_site.sensitivity import Sensitivity

Kind = Literal["word", "regex"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# Characters of a rule's words or pattern together.
MAX_CHARS = 2_000
# Steps of a compiled pattern: the largest that is allowed reads a long passage in about a twentieth of a second.
MAX_SIZE = 5_000
_MEMORY = 1 << 20
# Texts that no pattern may match: it would match every text.
_EMPTY = ("", "a", " ", "1", "a b")


@dataclass(frozen=True)
class DetectorRule:
    """A rule. `pattern`: for words, one a line; for a regex, in RE2's syntax."""

    name: str
    kind: Kind
    pattern: str
    label: Sensitivity

    def count(self, text: str, folded: str) -> int:
        """Return how often it is in `text`, which is given in both forms; at most `words.MOST`.

        A pattern that cannot be compiled, which no form accepts, counts as found once: a label too high does
        less harm than one too low.
        """
        try:
            found = _finder(self.kind, self.pattern)
        except InvalidError:
            return 1
        if isinstance(found, tuple):
            return min(sum(words.count_word(word, folded) for word in found), words.MOST)
        return sum(1 for match in islice(found.finditer(text), words.MOST) if match.group())


def check(kind: Kind, pattern: str) -> None:
    """Raise InvalidError, with a sentence for the author of the pattern, if it cannot be used."""
    if len(pattern) > MAX_CHARS:
        refusal = _("Words and patterns have at most %(most)s characters. Split it in two.")
        raise InvalidError(refusal % {"most": grouped(MAX_CHARS)})
    _finder(kind, pattern)


def detect(rules: Sequence[DetectorRule], text: str) -> list[Detection]:
    """Return what the rules find in `text`, which must be in `plain` form."""
    if not rules:
        return []
    folded = words.folded(text)
    counts = [(rule, rule.count(text, folded)) for rule in rules]
    return [_detection(rule, count) for rule, count in counts if count]


def _detection(rule: DetectorRule, count: int) -> Detection:
    return Detection(rule.kind, rule.label, OF_RULE(name=rule.name), count)


@lru_cache(maxsize=2_000)
def _finder(kind: Kind, pattern: str) -> tuple[str, ...] | re.Pattern[str]:
    return _words(pattern) if kind == "word" else _regex(pattern)


def _words(pattern: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(filter(None, (words.folded(line).strip() for line in pattern.splitlines()))))
    if not found or not all(any(map(str.isalnum, word)) for word in found):
        raise InvalidError(_("Write one word or phrase per line, each with a letter or a digit."))
    if any(word.isascii() and len(word) < 2 for word in found):
        raise InvalidError(_("A single letter or digit is in nearly every text. Write longer words."))
    return found


def _regex(pattern: str) -> re.Pattern[str]:
    try:
        compiled = regexes.compiled(pattern, memory=_MEMORY)
    except regexes.BadPatternError as error:
        refusal = _("This pattern cannot be read: %(reason)s. Use the syntax of RE2.")
        raise InvalidError(refusal % {"reason": error}) from None
    if regexes.size(compiled) > MAX_SIZE:
        raise InvalidError(_("This pattern is too large. Repeat less in it, or split it in two."))
    if any(match and not match.group() for match in map(compiled.search, _EMPTY)):
        raise InvalidError(_("This pattern matches empty text, and so every text. Include at least one character."))
    return compiled
