"""Pure: writes formulas of web pages (MathML) and Word documents as people type them: `(a+b)/2`, `10^6`, `√(x)`."""

import re
from collections.abc import Sequence

# These stand beside a sign without brackets.
SHORT = re.compile(r"[\w.,\u2032]*")
# A number that is raised beside another one.
POWER = re.compile(r"[-+\u2212]?\d{1,3}")
# The names of the same form in MathML and in Word documents.
FRACTIONS, POWERS, INDICES = ("mfrac", "f"), ("msup", "sSup", "mover", "limUpp"), ("msub", "sSub", "munder", "limLow")
BOTH = ("msubsup", "sSubSup", "munderover")
ROOTS = ("msqrt", "mroot", "rad")


def written(name: str, parts: Sequence[str]) -> str:
    """Return the formula of an element's `parts`: the base first, then what is below it, then what is above."""
    if name in FRACTIONS and len(parts) == 2:
        return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
    if name in POWERS and len(parts) == 2:
        return _raised(_grouped(parts[0]), parts[1])
    if name in INDICES and len(parts) == 2:
        return _lowered(_grouped(parts[0]), parts[1])
    if name in BOTH and len(parts) == 3:
        return _raised(_lowered(_grouped(parts[0]), parts[1]), parts[2])
    if name in ROOTS and parts:
        degree = parts[1] if name == "mroot" and len(parts) == 2 else ""
        inner = parts[0] if name == "mroot" else "".join(parts)
        return f"{degree}√{_grouped(inner)}"
    return "".join(parts)


def power_mark(before: str, raised: str) -> str:
    """Return the sign of a power if a number is raised beside a number: 10 with a small 6 is not 106; otherwise ""."""
    return "^" if before[-1:].isdecimal() and POWER.fullmatch(raised.strip()) else ""


def _raised(base: str, power: str) -> str:
    return f"{base}^{_grouped(power)}" if power else base


def _lowered(base: str, index: str) -> str:
    return f"{base}_{_grouped(index)}" if index else base


def _grouped(text: str) -> str:
    return text if SHORT.fullmatch(text) or len(text) == 1 else f"({text})"
