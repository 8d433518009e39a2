"""Pure: shows numbers as spreadsheet programs do, by the format of their cells: `00000`, `#,##0.00 "EUR"`, `[h]:mm`.

Separators are those of the format itself: a comma between thousands, a point before decimals.
"""

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal

from documents.extraction.date_formats import DATE_PART, shown_date

Kind = Literal["digit", "point", "comma", "percent", "exponent", "slash", "text", "literal", "general", "date"]

TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]?'
    rf"|(?P<general>General)|(?P<date>{DATE_PART})|(?P<exponent>[Ee][+-])|(?P<digit>[0#?])|(?P<rest>.)",
    re.DOTALL | re.IGNORECASE,
)
SECTION = re.compile(r'(?:"[^"]*"?|\\.|\[[^\]]*\]?|[^;"\\\[])*', re.DOTALL)
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[\d.]+)")
CURRENCY = re.compile(r"\$([^-]*)")
ELAPSED = re.compile("h+|m+|s+", re.IGNORECASE)
# Excel works with so many digits.
DIGITS = 15
MOST_DECIMALS = 30


@dataclass(frozen=True)
class Token:
    """A part of a format, and what it says."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class FormatSection:
    """One of the up to four formats in a format: for positive and negative numbers, for zero, for text.

    `condition`: the operator and the number that say which numbers it is for instead.
    """

    tokens: tuple[Token, ...]
    condition: tuple[str, Decimal] | None = None

    def has(self, *kinds: Kind) -> bool:
        return any(token.kind in kinds for token in self.tokens)

    def is_for(self, value: Decimal) -> bool:
        if self.condition is None:
            return True
        operator, limit = self.condition
        return {
            "<": value < limit,
            "<=": value <= limit,
            ">": value > limit,
            ">=": value >= limit,
            "=": value == limit,
            "<>": value != limit,
        }[operator]


def shown_number(value: float, code: str, *, since_1904: bool = False) -> str:
    """Return a number as a cell with the format `code` shows it; days that no calendar has stay a number."""
    if code.lower() in ("", "general", "@", "standard"):
        return plain(value)
    try:
        number = Decimal(plain(value))
        section, signed = _chosen(sections_of(code), number)
        if section.has("date"):
            return shown_date(value, tuple((t.kind, t.text) for t in section.tokens), since_1904=since_1904)
        text = _number(section, abs(number))
    except (ArithmeticError, InvalidOperation, ValueError, OverflowError):
        return plain(value)
    return f"-{text}" if signed and number < 0 and any(c in "123456789" for c in text) else text


def shown_text(value: str, code: str) -> str:
    """Return a text as a cell with the format `code` shows it, such as `"No. "@`."""
    if "@" not in code:
        return value
    section = next((s for s in reversed(sections_of(code)) if s.has("text")), None)
    if section is None:
        return value
    return "".join(value if token.kind == "text" else token.text for token in section.tokens).strip()


def plain(value: float) -> str:
    """Return a number with the digits that spreadsheets keep, and without an exponent if that is not too long."""
    text = f"{value:.{DIGITS}g}"
    return f"{Decimal(text):f}" if "e" in text and math.isfinite(value) and 1e-9 < abs(value) < 1e21 else text


@lru_cache(maxsize=2000)
def sections_of(code: str) -> tuple[FormatSection, ...]:
    parts, start = list[str](), 0
    while len(parts) < 4:
        found = SECTION.match(code, start)
        end = found.end() if found else len(code)
        parts.append(code[start:end])
        if end >= len(code):
            break
        start = end + 1
    return tuple(map(_section, parts))


def _section(code: str) -> FormatSection:
    tokens, condition = list[Token](), None
    for match in TOKEN.finditer(code):
        if match["bracket"] is not None:
            found = CONDITION.match(match["bracket"])
            condition = _condition(*found.groups()) if found else condition
            tokens += _bracket(match["bracket"]) if not found else []
        elif match["quoted"] is not None or match["escaped"] is not None:
            tokens.append(Token("literal", match["quoted"] if match["quoted"] is not None else match["escaped"]))
        elif match["general"]:
            tokens.append(Token("general", ""))
        elif match["date"]:
            tokens.append(Token("date", match["date"]))
        elif match["exponent"]:
            tokens.append(Token("exponent", match["exponent"]))
        elif match["digit"]:
            tokens.append(Token("digit", match["digit"]))
        elif match["rest"]:
            tokens.append(Token(KINDS.get(match["rest"], "literal"), match["rest"]))
    return FormatSection(tuple(tokens), condition)


def _condition(operator: str, number: str) -> tuple[str, Decimal] | None:
    try:
        return operator, Decimal(number)
    except InvalidOperation:
        return None


KINDS: dict[str, Kind] = {".": "point", ",": "comma", "%": "percent", "/": "slash", "@": "text"}


def _bracket(inner: str) -> list[Token]:
    """Return what is in brackets: elapsed time or a currency; colours and languages show nothing."""
    if ELAPSED.fullmatch(inner):
        return [Token("date", f"[{inner}]")]
    currency = CURRENCY.match(inner)
    return [Token("literal", currency[1])] if currency else []


def _chosen(sections: tuple[FormatSection, ...], number: Decimal) -> tuple[FormatSection, bool]:
    """Return the section for a number, and whether it shows the sign: one for negative numbers alone does not."""
    numeric = [section for section in sections[:3] if not section.has("text")] or list(sections[:1])
    if any(section.condition for section in numeric):
        found = next((section for section in numeric if section.is_for(number)), numeric[-1])
        negative = found.condition is not None and found.condition[0] in ("<", "<=") and found.condition[1] <= 0
        return found, not negative
    if len(numeric) > 1 and number < 0:
        return numeric[1], False
    return numeric[2] if len(numeric) > 2 and number == 0 else numeric[0], True


def _number(section: FormatSection, number: Decimal) -> str:
    if not section.has("digit"):
        parts = (plain(float(number)) if token.kind == "general" else token.text for token in section.tokens)
        return "".join(parts).strip()
    tokens = list(section.tokens)
    number *= Decimal(100) ** sum(token.kind == "percent" for token in tokens)
    slash = next((at for at, token in enumerate(tokens) if token.kind == "slash"), -1)
    if slash > 0 and any(token.kind == "digit" for token in tokens[:slash]):
        return _fraction(tokens, slash, number)
    exponent = next((at for at, token in enumerate(tokens) if token.kind == "exponent"), -1)
    if exponent > 0:
        return _scientific(tokens, exponent, number)
    return _decimal(tokens, number)


def _decimal(tokens: list[Token], number: Decimal) -> str:
    point = next((at for at, token in enumerate(tokens) if token.kind == "point"), len(tokens))
    whole, rest = tokens[:point], tokens[point + 1 :]
    places = [at for at, token in enumerate(whole) if token.kind == "digit"]
    # Commas after the last digit divide by thousands; those between digits group them.
    last = places[-1] if places else -1
    scaled = sum(token.kind == "comma" for token in [*whole[last + 1 :], *rest])
    grouped = bool(places) and any(token.kind == "comma" for token in whole[places[0] : last])
    decimals = [token.text for token in rest if token.kind == "digit"][:MOST_DECIMALS]
    rounded = (number / Decimal(1000) ** scaled).quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    digits, _, fraction = f"{rounded:f}".partition(".")
    shown = _filled(whole, digits.lstrip("0"), grouped=grouped)
    tail = _fraction_digits(rest, fraction)
    return (shown + tail).strip()


def _fraction_digits(tokens: list[Token], fraction: str) -> str:
    """Return what follows the point, with it: optional digits at the end only as far as they are not zero."""
    needed = len(fraction.rstrip("0"))
    texts, used, point = list[str](), 0, ""
    for token in tokens:
        if token.kind == "digit" and used < len(fraction):
            if token.text == "0" or used < needed:
                texts.append(fraction[used])
                point = "."
            used += 1
        elif token.kind != "comma":
            texts.append(token.text)
    return point + "".join(texts)


def _filled(tokens: list[Token], digits: str, *, grouped: bool = False) -> str:
    """Return the digits of a whole number in the places of a format, from the right, with the text between them."""
    parts, left, done = list[str](), digits, 0
    first = next((at for at, token in enumerate(tokens) if token.kind == "digit"), -1)
    for at in range(len(tokens) - 1, -1, -1):
        token = tokens[at]
        if token.kind != "digit":
            parts.append("" if token.kind == "comma" else token.text)
            continue
        here = left[-1:] or ("0" if token.text == "0" else "")
        left = left[:-1]
        here = left + here if at == first else here
        for digit in reversed(here):
            parts.append("," if grouped and done and done % 3 == 0 else "")
            parts.append(digit)
            done += 1
    return "".join(reversed(parts)) if first >= 0 or not digits else "".join(reversed(parts)) + digits


def _scientific(tokens: list[Token], at: int, number: Decimal) -> str:
    places = max(1, _whole_places(tokens[:at]))
    exponent = number.adjusted() if number else 0
    exponent -= exponent % places if places > 1 else 0
    mantissa = _decimal(tokens[:at], number.scaleb(-exponent))
    digits = [token for token in tokens[at + 1 :] if token.kind == "digit"]
    sign = "-" if exponent < 0 else "+" if "+" in tokens[at].text else ""
    after = "".join(token.text for token in tokens[at + 1 :] if token.kind == "literal")
    return f"{mantissa}E{sign}{_filled(digits, str(abs(exponent)).lstrip('0'))}{after}".strip()


def _whole_places(tokens: list[Token]) -> int:
    point = next((place for place, token in enumerate(tokens) if token.kind == "point"), len(tokens))
    return sum(token.kind == "digit" for token in tokens[:point])


def _fraction(tokens: list[Token], slash: int, number: Decimal) -> str:
    """Return a number as a fraction: `1 1/2` by `# ?/?`, `3/2` by `?/?`, `1 4/8` by `# ?/8`."""
    after = "".join(token.text for token in tokens[slash + 1 :] if token.kind in ("digit", "literal"))
    fixed = re.match(r"\s*([1-9]\d*)", after)
    places = sum(token.kind == "digit" for token in tokens[slash + 1 :])
    before = tokens[:slash]
    mixed = any(
        token.kind == "literal" and any(t.kind == "digit" for t in before[:at]) for at, token in enumerate(before)
    )
    above, below = _nearest(number, int(fixed[1]) if fixed else 0, 10 ** min(places, 4) - 1)
    whole = above // below if mixed else 0
    above -= whole * below
    parts = [str(whole) if whole or (mixed and not above) else "", f"{above}/{below}" if above or not mixed else ""]
    return " ".join(filter(None, parts))


def _nearest(number: Decimal, below: int, most: int) -> tuple[int, int]:
    from fractions import Fraction

    if below:
        return int((number * below).to_integral_value(ROUND_HALF_UP)), below
    found = Fraction(number).limit_denominator(max(1, most))
    return found.numerator, found.denominator
