"""Detects payment cards: by an issuer's range, the length it uses, and the check digit.

Every tenth number has the right check digit. So a number must also be written as cards are: in one piece or in the
groups that are printed on them. Other ways of writing count only if a word nearby mentions a card.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from stdnum import luhn

from langai_site.detectors.regexes import compiled, near
from langai_site.detectors.types import Detection, confidential

# First digits from, to, and lengths.
_ISSUERS = tuple(
    (known["first"], known["last"], tuple(known["lengths"]))
    for known in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["ranges"]
)
_LENGTHS = range(13, 20)
# As printed on cards.
_PLAIN = {(16,), (15,)}
_PRINTED = {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4)}
_RARER = {(13,), (14,), (17,), (18,), (19,), (8, 8), *((4, 4, 4, 4, last) for last in (1, 2, 3)), (6, 13), (4, 4, 4, 1)}
# In a longer row without a word about cards, four groups of four are more likely arbitrary numbers.
_ROW = 6
_MOST_GROUPS = 6

_DIGITS = re.compile(r"[0-9]+")
_BETWEEN = re.compile(r"[ \t\n._-]{1,3}")
_STICKS_BEFORE = re.compile(r"[A-Za-z_+/]")
_STICKS_AFTER = re.compile(r"[A-Za-z_]")
_CARD_WORDS = compiled(
    r"card|karte|carte|tarjeta|cartão|\bcarta\b|kaart|kort\b|karta|kart\b|карт|カード|卡|카드"
    r"|visa|mastercard|amex|american express|maestro|diners|\bjcb\b|unionpay|\bcv[vc]2?\b"
)


class _Group(NamedTuple):
    start: int
    end: int


def find(text: str) -> Iterable[Detection]:
    numbers = {number for run in _runs(text) for number in _Run(text, run).cards()}
    return confidential("payment_card", len(numbers))


def _runs(text: str) -> Iterator[list[_Group]]:
    """Yield groups of digits with only a space, dash or the like between them."""
    run: list[_Group] = []
    for match in _DIGITS.finditer(text):
        group = _Group(*match.span())
        if run and not _BETWEEN.fullmatch(text, run[-1].end, group.start):
            yield run
            run = []
        run.append(group)
    yield run


class _Run:
    """Neighbouring groups of digits, and the cards among them."""

    def __init__(self, text: str, groups: Sequence[_Group]) -> None:
        self._text = text
        self._groups = groups
        self._lengths = tuple(group.end - group.start for group in groups)

    def cards(self) -> Iterator[str]:
        if sum(self._lengths) < _LENGTHS.start or self._sticks_to_a_word():
            return
        first = 0
        while first < len(self._groups):
            taken = next(self._at(first), 0)
            if taken:
                yield self._number(first, taken)
            first += taken or 1

    def _sticks_to_a_word(self) -> bool:
        """Return whether it is part of a code such as an IBAN or a hash, an address, or a telephone number with +."""
        start, end = self._groups[0].start, self._groups[-1].end
        return bool(_STICKS_BEFORE.search(self._text, max(start - 1, 0), start) or _STICKS_AFTER.match(self._text, end))

    def _at(self, first: int) -> Iterator[int]:
        """Yield how many groups from `first` make a card."""
        digits = 0
        for count, length in enumerate(self._lengths[first : first + _MOST_GROUPS], 1):
            digits += length
            if digits in _LENGTHS and _is_card(self._number(first, count)) and self._is_shaped(first, count):
                yield count
        if self._is_spelled(first) and _is_card(self._number(0, len(self._groups))):
            yield len(self._groups)

    def _is_shaped(self, first: int, count: int) -> bool:
        lengths = self._lengths[first : first + count]
        if lengths in _PLAIN:
            return not self._is_fraction(first) or self._has_word(first, count)
        if lengths in _PRINTED:
            return self._stands_alone(first, count) or self._has_word(first, count)
        return (lengths in _RARER or self._is_broken(first, count)) and self._has_word(first, count)

    def _is_broken(self, first: int, count: int) -> bool:
        """Return whether one line end splits a group, or a number in one piece."""
        ends = [index for index in range(first, first + count - 1) if "\n" in self._between(index)]
        if len(ends) != 1:
            return False
        at = ends[0] - first
        lengths = self._lengths[first : first + count]
        return (*lengths[:at], lengths[at] + lengths[at + 1], *lengths[at + 2 :]) in _PLAIN | _PRINTED

    def _is_spelled(self, first: int) -> bool:
        """Return whether the whole run is one number, written one digit at a time."""
        count = len(self._groups)
        return first == 0 and count in _LENGTHS and set(self._lengths) == {1} and self._has_word(0, count)

    def _stands_alone(self, first: int, count: int) -> bool:
        if len({self._between(index) for index in range(first, first + count - 1)} - {"\n"}) > 1:
            return False
        last = first + count - 1
        begins = first == 0 or "\n" in self._between(first - 1)
        ends = last == len(self._groups) - 1 or "\n" in self._between(last)
        return len(self._groups) <= _ROW or (begins and ends) or self._is_row_of_cards

    @cached_property
    def _is_row_of_cards(self) -> bool:
        firsts = range(0, len(self._groups), 4)
        return set(self._lengths) == {4} and all(_is_card(self._number(first, 4)) for first in firsts)

    def _is_fraction(self, first: int) -> bool:
        start = self._groups[first].start
        return self._text[max(start - 1, 0) : start] == "." or self._text[max(start - 2, 0) : start] == "0,"

    def _has_word(self, first: int, count: int) -> bool:
        return near(_CARD_WORDS, self._text, self._groups[first].start, self._groups[first + count - 1].end)

    def _between(self, index: int) -> str:
        return self._text[self._groups[index].end : self._groups[index + 1].start]

    def _number(self, first: int, count: int) -> str:
        return "".join(self._text[group.start : group.end] for group in self._groups[first : first + count])


def _is_card(number: str) -> bool:
    return _is_issued(number) and luhn.is_valid(number)


def _is_issued(number: str) -> bool:
    return any(
        low <= number[: len(low)] <= high and len(number) in lengths and len(set(number)) > 1
        for low, high, lengths in _ISSUERS
    )
