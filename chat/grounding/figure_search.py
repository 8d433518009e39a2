# ruff: noqa: RUF001 - signs of other scripts belong here
"""Pure: finds the figures of a text: numbers with their units, dates, times, ordinals and codes, however written."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from chat.grounding.figures import CODE, DATE, LESS, MORE, NUMBER, ORDINAL, WEEKDAY, Figure, Value, numbers
from chat.grounding.lists import UNSPACED, Lists, alternation, lists_of, signs, sizes

_DIGIT = re.compile(r"\d")
_SPACES = " \u00a0\u202f"
_DIGITS = re.compile(
    rf"(?<![0-9A-Za-z.,])(?:\d{{1,3}}(?:[.,'’]\d{{3}})+(?:[.,]\d+)?|\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?:[.,]\d+)?(?!\d)"
    rf"|\d+(?:[.,]\d+)?)(?![0-9])"
)
_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}")
_MANY_GROUPS = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})+")
_CODE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]+(?:[-_/.+][A-Za-z0-9]+)*(?![A-Za-z0-9])")
_DIGIT_CODE = re.compile(r"\d+(?:[-/]\d+)+")
_NUMBER_WITH_UNIT = re.compile(r"\d+(?:[.,]\d+)*[-]?[A-Za-z]+(?:-[A-Za-z]+)*|\d{1,2}h\d{2}|[A-Za-z]+(?:-[A-Za-z]+)*")
_LETTER = re.compile(r"(?<![^\s(“„«\u3400-\u9fff])[A-Z](?![\w'’.-]\w|[A-Za-z0-9_])")
_ADDRESS = re.compile(r"https?://\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_POINTS = re.compile(r"(?<![\d.])(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})(?!\d)")
_SLASHES = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\d/])")
_HAN_DATE = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(?:份|(\d{1,2})[日号])?|(?<!\d)((?:19|20)\d\d)年")
_CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2})(?::(\d{2})|\s?h\s?(\d{2})|\.(\d{2})(?=\s?(?:uhr|am|pm)))(?::\d{2})?(?![\d:])"
)
_HALF_DAY = re.compile(r"\s?([ap])\.?m\b\.?|\s?uhr\b|\s?h\b")
_HAN_DIGITS = {char: Fraction(number) for number, char in enumerate("零一二三四五六七八九")} | {"两": Fraction(2)}
_HAN_NUMBER = re.compile("[一二两三四五六七八九十百]+")
_HAN_ORDINAL = re.compile(r"第([一二两三四五六七八九十百]+|\d+)")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_YEAR = re.compile(r"(?:19|20)\d\d")


def figures(text: str, lists: Lists, key: Callable[[str], str]) -> list[Figure]:
    """Return the figures of a text in their order. `key` gives a word its comparable form, "" to a small one."""
    return _Finder(text, lists, key).found()


class _Finder:
    """Finds the figures of one text; `taken` marks the characters that belong to one already."""

    def __init__(self, text: str, lists: Lists, key: Callable[[str], str]) -> None:
        lower = text.lower()
        self.text, self.lower = text, lower if len(lower) == len(text) else text
        self.lists, self.key = lists, key
        self.taken = bytearray(len(text))

    def found(self) -> list[Figure]:
        every: list[Figure] = []
        for finder in self._finders():
            for figure in finder():
                if not any(self.taken[figure.start : figure.end]):
                    self.taken[figure.start : figure.end] = b"\1" * (figure.end - figure.start)
                    every.append(figure)
        return self._shared_units(sorted(every, key=lambda figure: figure.start)) if every else every

    def _finders(self) -> Iterator[Callable[[], Iterator[Figure]]]:
        """Yield what finds one kind of figure each; where it matters, those of longer ones come first."""
        has_digits = bool(_DIGIT.search(self.text))
        if "@" in self.text or "://" in self.text:
            yield self._addresses
        if has_digits:
            yield self._dates_in_digits
        yield self._named_dates
        if has_digits:
            yield from (self._clocks, self._codes)
        yield from (self._letters, self._phrases)
        if has_digits:
            yield self._digits
        yield self._words

    def _addresses(self) -> Iterator[Figure]:
        for match in _ADDRESS.finditer(self.text):
            yield Figure(CODE, frozenset({match[0].lower().rstrip(".,;:)")}), *match.span())

    def _dates_in_digits(self) -> Iterator[Figure]:
        for match in _ISO.finditer(self.text):
            yield self._date(match, (int(match[1]), int(match[2]), int(match[3])))
        for match in _POINTS.finditer(self.text):
            yield self._date(match, (_full_year(match[3]), int(match[2]), int(match[1])))
        for match in _SLASHES.finditer(self.text):
            year, one, two = _full_year(match[3]), int(match[1]), int(match[2])
            yield self._date(match, (year, two, one), (year, one, two))
        if self.lists.language == UNSPACED:
            for match in _HAN_DATE.finditer(self.text):
                yield self._date(match, (int(match[1] or match[4] or 0), int(match[2] or 0), int(match[3] or 0)))

    def _named_dates(self) -> Iterator[Figure]:
        for match in _month_pattern(tuple(self.lists.months)).finditer(self.lower) if self.lists.months else ():
            name, day = match["month"], match["day"] or match["after"]
            if name not in self.lists.ambiguous_months or day or match["year"] or self._is_month(match.start("month")):
                yield self._date(match, (int(match["year"] or 0), self.lists.months[name], int(day or 0)))
        pattern = _named(self.lists.language, "weekdays")
        for match in pattern.finditer(self.lower) if pattern else ():
            yield Figure(WEEKDAY, frozenset({Fraction(self.lists.weekdays[match[0]])}), *match.span())

    def _is_month(self, at: int) -> bool:
        """Return whether a name that is also another word has a capital inside a sentence."""
        return self.text[at].isupper() and bool(self.text[:at].strip()) and self.text[:at].rstrip()[-1] not in ".!?:"

    def _date(self, match: re.Match[str], *values: tuple[int, int, int]) -> Figure:
        return Figure(DATE, frozenset(values), *match.span())

    def _clocks(self) -> Iterator[Figure]:
        for match in _CLOCK.finditer(self.lower):
            after = _HALF_DAY.match(self.lower, match.end())
            minutes = _hour(int(match[1]), (after[1] or "") if after else "") * 60
            minutes += int(match[2] or match[3] or match[4])
            end = after.end() if after else match.end()
            clock = frozenset[Value]({Fraction(minutes)})
            yield Figure(NUMBER, clock, match.start(), end, unit="clock", written="clock")

    def _codes(self) -> Iterator[Figure]:
        for match in _CODE.finditer(self.text):
            code = match[0]
            if _NUMBER_WITH_UNIT.fullmatch(code) or not any(map(str.isdigit, code)):
                continue
            if code.replace(".", "").replace(",", "").isdigit():
                if code.count(".") >= 2 and not _MANY_GROUPS.fullmatch(code):
                    yield Figure(CODE, frozenset({code}), *match.span())
                continue
            if _DIGIT_CODE.fullmatch(code) and _is_range(code):
                continue
            yield Figure(CODE, frozenset({re.sub(r"[-_/+]", "", code).lower()}), *match.span())

    def _letters(self) -> Iterator[Figure]:
        for match in _LETTER.finditer(self.text):
            if match.start() and not (self.lists.language == "en" and match[0] == "I"):
                yield Figure(CODE, frozenset({match[0]}), *match.span())

    def _phrases(self) -> Iterator[Figure]:
        pattern = _named(self.lists.language, "phrases")
        for match in pattern.finditer(self.lower) if pattern else ():
            value, _, unit = self.lists.phrases[match[0]].partition(" ")
            yield self._number(*match.span(), [Fraction(value)], unit)

    def _digits(self) -> Iterator[Figure]:
        for match in _DIGITS.finditer(self.text):
            ending = _WORD.match(self.lower, match.end())
            if ending and ending[0] in self.lists.ordinal_endings:
                values = frozenset[Value]({Fraction(match[0])} if match[0].isdigit() else ())
                yield Figure(ORDINAL, values, match.start(), ending.end(), noun=self._noun(ending.end()))
            else:
                yield self._with_unit(*match.span(), _readings(match[0], self.lists.decimal))

    def _words(self) -> Iterator[Figure]:
        if self.lists.language == UNSPACED:
            for match in _HAN_ORDINAL.finditer(self.text):
                value = Fraction(match[1]) if match[1].isdigit() else _han_value(match[1])
                yield Figure(ORDINAL, frozenset({value}), *match.span(), noun=self.text[match.end() : match.end() + 1])
            for match in _HAN_NUMBER.finditer(self.text):
                unit, _end = self._unit(match.end())
                # "One day" also means "a day".
                if unit and match[0] != "一":
                    yield self._with_unit(*match.span(), [_han_value(match[0])])
            return
        for match in _WORD.finditer(self.lower):
            if match[0] in self.lists.ordinals:
                ordinal = frozenset[Value]({self.lists.ordinals[match[0]]})
                yield Figure(ORDINAL, ordinal, *match.span(), noun=self._noun(match.end()))
            elif number := _word_value(match[0], self.lists):
                yield self._with_unit(*match.span(), [number])

    def _with_unit(self, start: int, end: int, values: list[Fraction]) -> Figure:
        """Return the number with the scale and unit around it; a year on its own is a date."""
        written, is_scaled = self.text[start:end], False
        scale = _after(self.lower, end, self.lists.scales, self.lists.language)
        if scale:
            values, end, is_scaled = [value * self.lists.scales[scale[0]] for value in values], scale[1], True
        unit, after = self._unit(end)
        if not unit:
            unit, start = self._unit_before(start)
        if not unit and not is_scaled and _YEAR.fullmatch(written) and not self._noun(end):
            return Figure(DATE, frozenset({(int(written), 0, 0)}), start, end)
        return self._number(start, max(end, after), values, unit)

    def _number(self, start: int, end: int, values: list[Fraction], unit: str) -> Figure:
        if unit in ("am", "pm"):
            values, unit = [Fraction(_hour(int(value), unit[0])) for value in values], "clock"
        if unit == "clock" and self.lists.language == UNSPACED and re.search("(?:下午|晚上)$", self.text[:start]):
            values = [value + 12 if value < 12 else value for value in values]
        base, size = sizes().get(unit, (unit, Fraction(1)))
        return Figure(
            NUMBER,
            frozenset(value * size for value in values),
            start,
            end,
            unit=base,
            noun="" if base else self._noun(end),
            before="" if base else self._before(start),
            about=self._is_about(start),
            bound=self._bound(start, end),
            written=unit,
        )

    def _bound(self, start: int, end: int) -> str:
        """Return whether "more than" or "less than" stands before a number, or after it, as in Chinese."""
        before, after = self.lower[:start].rstrip(), self.lower[end : end + 3]
        for bound, phrases in ((MORE, self.lists.more), (LESS, self.lists.less)):
            if before.endswith(phrases) or (self.lists.language == UNSPACED and after.startswith(phrases)):
                return bound
        return MORE if self.lower[start:].startswith(self.lists.more) else ""

    def _unit(self, at: int) -> tuple[str, int]:
        """Return the unit that begins here, after a space or hyphen, and where it ends; "" if there is none."""
        sign = _after(self.text, at, signs(), "")
        if sign:
            return signs()[sign[0]], sign[1]
        word = _after(self.lower, at, self.lists.units, self.lists.language)
        return (self.lists.units[word[0]], word[1]) if word else ("", at)

    def _unit_before(self, start: int) -> tuple[str, int]:
        before = self.text[:start].rstrip()
        sign = next((sign for sign in ("€", "$", "£", "¥", "EUR", "USD", "CHF") if before.endswith(sign)), "")
        return (signs()[sign], len(before) - len(sign)) if sign else ("", start)

    def _noun(self, at: int) -> str:
        if self.lists.language == UNSPACED:
            return ""
        match = re.compile(r"[\s-]{1,2}([^\W\d_]+)").match(self.lower, at)
        return self.key(match[1]) if match else ""

    def _before(self, start: int) -> str:
        before = self.lower[:start].rstrip()
        if self.lists.language == UNSPACED:
            return before[-2:]
        words = _WORD.findall(before[-60:])[-3:]
        return next((key for word in reversed(words) if (key := self.key(word))), "")

    def _is_about(self, start: int) -> bool:
        before = self.lower[:start].rstrip()
        if self.lists.language == UNSPACED:
            return before.endswith(tuple(self.lists.approximations))
        return bool(self.lists.approximations.intersection(_WORD.findall(before[-30:])[-2:]))

    def _shared_units(self, every: list[Figure]) -> list[Figure]:
        """Give the first number of a range the unit of the second: in "25 to 28 days" both are days."""
        for at in range(len(every) - 2, -1, -1):
            one, two = every[at : at + 2]
            between = self.lower[one.end : two.start].strip()
            joined = between in self.lists.ranges or between in {"-", "–", "—", "~", "/", ","}
            if one.kind == two.kind == NUMBER and not one.unit and joined and two.unit:
                size = next(
                    (size for base, size in _sizes_in(self.lower[two.start : two.end], self.lists, two.unit)), 1
                )
                values = frozenset(value * size for value in numbers(one))
                every[at] = replace(one, values=values, unit=two.unit, written=two.written, noun="", before="")
        return every


def _sizes_in(written: str, lists: Lists, base: str) -> Iterator[tuple[str, Fraction]]:
    """Yield the sizes of the units that end a number as written."""
    names = [(name, unit) for name, unit in lists.units.items() if written.endswith(name)]
    for _name, unit in sorted(names, key=lambda pair: -len(pair[0])):
        found = sizes().get(unit, (unit, Fraction(1)))
        if found[0] == base:
            yield found


@lru_cache(maxsize=32)
def _named(language: str, table: str) -> re.Pattern[str] | None:
    return alternation(getattr(lists_of(language), table), language)


@lru_cache(maxsize=32)
def _patterns(language: str, names: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    ends = r"(?:\w)" if language == UNSPACED else r"(?!\w)"
    return re.compile(rf"[\s\u00a0-]{{0,2}}({either}){'' if language == UNSPACED else ends}")


def _after(text: str, at: int, names: Collection[str], language: str) -> tuple[str, int] | None:
    """Return which of the names follows, and where it ends."""
    match = _patterns(language, tuple(names)).match(text, at) if names else None
    return (match[1], match.end()) if match else None


@lru_cache(maxsize=8)
def _month_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    months = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(
        rf"(?<![\w.])(?:(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?\s+(?:de\s+|of\s+)?)?(?<!\w)(?P<month>{months})(?!\w)\.?"
        rf"(?:\s+(?P<after>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:.,]\d|\d))?"
        rf"(?:,?\s+(?:de\s+|del\s+|of\s+)?(?P<year>(?:19|20)\d\d)(?!\d))?"
    )


def _full_year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _hour(hour: int, half: str) -> int:
    if half == "p":
        return hour % 12 + 12
    return hour % 12 if half == "a" else hour


def _is_range(code: str) -> bool:
    """Return whether numbers joined by a hyphen are a range: 25-28 is one, 2024-1187 is not."""
    parts = code.split("-")
    return len(parts) == 2 and len(parts[0]) <= len(parts[1]) <= 4 and int(parts[0]) < int(parts[1])


def _readings(written: str, decimal: str) -> list[Fraction]:
    """Return the numbers that digits with separators can mean. 1.248 is two numbers unless the language tells."""
    digits = re.sub(rf"['’{_SPACES}]", "", written)
    if _MANY_GROUPS.fullmatch(digits):
        return [Fraction(re.sub("[.,]", "", digits))]
    if "." in digits and "," in digits:
        point = max(digits.rfind("."), digits.rfind(","))
        return [Fraction(re.sub("[.,]", "", digits[:point]) + "." + digits[point + 1 :])]
    if (match := _GROUPED.fullmatch(digits)) and match[1] != decimal:
        return [Fraction(digits.replace(match[1], ""))]
    return [Fraction(digits.replace(",", "."))]


def _word_value(word: str, lists: Lists) -> Fraction | None:
    """Return the number that a word names, also one such as twenty-five or fünfundzwanzig."""
    if word in lists.numbers:
        return lists.numbers[word]
    parts = word.split("-") if "-" in word else ()
    if parts and all(part in lists.numbers for part in parts):
        return sum((lists.numbers[part] for part in parts), Fraction(0))
    if lists.language == "de" and "und" in word:
        unit, _, tens = word.partition("und")
        ones = Fraction(1) if unit == "ein" else lists.numbers.get(unit)
        return ones + lists.numbers[tens] if ones and tens in lists.numbers else None
    return None


def _han_value(written: str) -> Fraction:
    """Return the value of Chinese numerals below a thousand."""
    total, digit = Fraction(0), Fraction(0)
    for char in written:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = Fraction(0)
        else:
            digit = _HAN_DIGITS[char]
    return total + digit
