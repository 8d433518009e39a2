"""Detects international bank account numbers, by their country's form and their two check digits."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from stdnum import iban, numdb

from langai_site.detectors.types import Detection, confidential

_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}")
_LETTERS = {ord(letter): str(number) for number, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 10)}


def find(text: str) -> Iterable[Detection]:
    return confidential("iban", len(set(_numbers(text))))


def _numbers(text: str) -> Iterator[str]:
    for start in _START.finditer(text):
        form = _form(start.group()[:2].upper())
        if form and (match := form.match(text, start.start())):
            number = re.sub(r"[ \n\t.-]", "", match.group()).upper()
            if _checks(number) and iban.is_valid(number):
                yield number


@cache
def _form(country: str) -> re.Pattern[str] | None:
    """Return a pattern for a number of that country's length, in groups or not; None for unknown country codes."""
    known = numdb.get("iban").info(country)[0][1]
    if "bban" not in known:
        return None
    length = 2 + sum(map(int, re.findall(r"(\d+)!", known["bban"])))
    return re.compile(rf"[A-Za-z]{{2}}(?:[ \n\t.-]{{0,2}}[A-Za-z0-9]){{{length}}}(?![A-Za-z0-9])")


def _checks(number: str) -> bool:
    """Return whether the check digits are right, which is quicker to test than the country's form."""
    return int((number[4:] + number[:4]).translate(_LETTERS)) % 97 == 1
