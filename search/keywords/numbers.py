"""Pure: numbers, versions and telephone numbers in one form, however they are written."""

import re
import unicodedata
from collections.abc import Iterator

# Signs between thousands; a space is one as well, but only between groups of three digits.
_SIGNS = r"[.,'\u2019 ]"
_THOUSANDS = re.compile(rf"(\d{{1,3}}(?:({_SIGNS})\d{{3}})(?:\2\d{{3}})*|\d{{1,2}}(?:,\d{{2}})+,\d{{3}})(?:[.,](\d+))?")
_DECIMAL = re.compile(r"\d+[.,]\d+")
_ROUND = re.compile(r"(\d+)[.,]00")
# A number with spaces between its thousands, not part of anything longer.
SPACED = r"(?<![\w.,:/'\u2019\-])\d{1,3}(?:\s\d{3})+(?:[.,]\d{1,2})?(?!\w|[.,:/'\u2019\-]\d)"
# A version has two points or more, or a v and one.
_VERSION = re.compile(r"(?:\d+(?:\.\d+){2,}|v\d+(?:\.\d+)+)")
# What versions begin with: 3.20, v3.20, 3.20.x, 3.x, v3.
_PREFIX = re.compile(
    r"(?<![\d.])(\d+(?:\.\d+)+)(?:\.x)?(?![\w.])|(?<![\w.])v?(\d+)\.x(?![\w.])|(?<![\w.])v(\d+)(?![\w.])",
    re.IGNORECASE,
)

# A telephone number begins with a plus, a zero or an area code in brackets, or has the American groups.
_DIGITS = re.compile(r"(?<![\w+.,:/\-])[+(]?\d[\d ()./\-\u2010-\u2015]{5,24}\d(?!\w|[.,:/\-]\d)")
_AMERICAN = re.compile(r"\d{3}[-. ]\d{3}[-. ]\d{4}")
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")
_TRUNK_ZERO = re.compile(r"\(0\)")
SHORTEST, LONGEST = 7, 15
# Last digits by which numbers are compared: with the area, and without it.
WITH_AREA, LOCAL = 9, 7
# No other token begins like this.
MARK = "=t"


def number(atom: str) -> list[str]:
    """Return a number in comparable form, then its parts: 1.000,50 is 1000.50; 2024-05-01 has 2024, 05 and 01."""
    digits = _in_ascii(atom)
    if match := _THOUSANDS.fullmatch(digits):
        whole = "".join(filter(str.isdigit, match[1]))
        return [f"{whole}.{match[3]}" if match[3] and match[3] != "00" else whole]
    if match := _ROUND.fullmatch(digits):
        return [match[1]]
    if _DECIMAL.fullmatch(digits):
        return [digits.replace(",", ".")]
    groups = re.split(r"\D", digits)
    return [re.sub(r"[^\d.:]", "-", digits), *(group for group in groups if len(group) > 1 and len(groups) > 1)]


def _in_ascii(text: str) -> str:
    """Return a text with the digits of every script as 0 to 9."""
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def versions_above(token: str) -> list[str]:
    """Return the marks of the versions that one belongs to: 3.20.1 belongs to "3." and "3.20.", not to "3.2."."""
    if not _VERSION.fullmatch(token):
        return []
    parts = token.removeprefix("v").split(".")
    return [f"{'.'.join(parts[:count])}." for count in range(1, len(parts))]


def versions_below(chunk: str) -> list[str]:
    """Return the marks of all versions that begin with one named in a chunk; its numbers as they are written."""
    found = (next(filter(None, match.groups())) for match in _PREFIX.finditer(_in_ascii(chunk)))
    return [f"{version}." for version in found]


def phones(text: str) -> Iterator[tuple[re.Match[str], list[str]]]:
    """Yield each telephone number with its tokens: of its last digits with the area, if there are so many, and without.

    The country and the zero before the area are written or not, so they do not count.
    """
    for match in _DIGITS.finditer(text):
        written = _TRUNK_ZERO.sub("", _in_ascii(match[0]))
        digits = "".join(filter(str.isdigit, written)).lstrip("0")
        begins = _in_ascii(match[0]).startswith(("+", "0", "(")) or _AMERICAN.fullmatch(match[0])
        if begins and SHORTEST <= len(digits) <= LONGEST and not _DATE.match(match[0]):
            yield match, [MARK + digits[-size:] for size in (WITH_AREA, LOCAL) if len(digits) >= size]
