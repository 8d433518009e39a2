"""Pure: shows dates, times and durations, which spreadsheets store as days, by the format of their cells."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

# What stands for a part of a date in a format. Elapsed time, in brackets, is recognised by those who read brackets.
DATE_PART = r"AM/PM|A/P|y+|m+|d+|h+|s+(?:\.0+)?|e+(?![+-])"
SECONDS_A_DAY = 86400
# The first date of a spreadsheet is day 1; that 1900 had no 29 February is a mistake that all programs keep.
DAY_0, DAY_0_BEFORE_MARCH, DAY_0_SINCE_1904 = datetime(1899, 12, 30), datetime(1899, 12, 31), datetime(1904, 1, 1)
MARCH = 60
WIDE = re.compile(r"s+\.(0+)", re.IGNORECASE)

Parts = Sequence[tuple[str, str]]


def shown_date(value: float, parts: Parts, *, since_1904: bool) -> str:
    """Return days as a date or a duration; `parts` are (kind, text), those of the kind "date" stand for a part of it.

    Raises ValueError or OverflowError for days that the calendar does not have.
    """
    if any(text.startswith("[") for kind, text in parts if kind == "date"):
        return _duration(value, parts)
    decimals = max((len(found[1]) for _, text in parts if (found := WIDE.match(text))), default=0)
    moment = _moment(value, since_1904=since_1904, decimals=min(decimals, 6))
    halves = any(text.upper() in ("AM/PM", "A/P") for kind, text in parts if kind == "date")
    shown = []
    for at, (kind, text) in enumerate(parts):
        if kind != "date":
            shown.append(text)
        elif text[0] in "mM" and _is_minute(parts, at):
            shown.append(f"{moment.minute:02}" if len(text) > 1 else str(moment.minute))
        else:
            shown.append(_part(moment, text, halves=halves))
    return "".join(shown).strip()


def _moment(value: float, *, since_1904: bool, decimals: int) -> datetime:
    if value < 0:
        raise ValueError("There are no negative dates.")
    day_0 = DAY_0_SINCE_1904 if since_1904 else DAY_0 if value >= MARCH else DAY_0_BEFORE_MARCH
    days = int(value)
    # Days as fractions are not exact, so seconds are rounded.
    seconds = round((value - days) * SECONDS_A_DAY, decimals)
    return day_0 + timedelta(days=days, seconds=seconds)


def _is_minute(parts: Parts, at: int) -> bool:
    """Return whether an m stands for minutes: after hours or before seconds; otherwise for months."""
    before = next((text for kind, text in reversed(parts[:at]) if kind == "date"), "")
    after = next((text for kind, text in parts[at + 1 :] if kind == "date"), "")
    return len(parts[at][1]) < 3 and (before.strip("[")[:1].lower() == "h" or after[:1].lower() == "s")


def _part(moment: datetime, text: str, *, halves: bool) -> str:
    letter, width = text[0].lower(), len(text)
    if letter == "a":
        return ("AM" if moment.hour < 12 else "PM")[: 2 if width > 3 else 1]
    if letter in "ye":
        return f"{moment.year % 100:02}" if letter == "y" and width < 3 else str(moment.year)
    if letter == "s":
        whole, _, fraction = text.partition(".")
        seconds = f"{moment.second:02}" if len(whole) > 1 else str(moment.second)
        return f"{seconds}.{moment.microsecond:06}"[: len(seconds) + 1 + len(fraction)] if fraction else seconds
    if letter == "h":
        hour = (moment.hour - 1) % 12 + 1 if halves else moment.hour
        return f"{hour:02}" if width > 1 else str(hour)
    names = {"m": ("%b", "%B"), "d": ("%a", "%A")}[letter]
    if width > 4 and letter == "m":
        return moment.strftime("%B")[0]
    if width > 2:
        return moment.strftime(names[width > 3])
    number = moment.month if letter == "m" else moment.day
    return f"{number:02}" if width > 1 else str(number)


def _duration(value: float, parts: Parts) -> str:
    """Return days as hours, minutes and seconds that went by; the first of them is not limited to a day."""
    decimals = max((len(found[1]) for _, text in parts if (found := WIDE.match(text))), default=0)
    seconds = round(abs(value) * SECONDS_A_DAY, decimals)
    units = {"h": 3600, "m": 60, "s": 1}
    shown, largest = list[str](), True
    for kind, text in parts:
        letters = text.strip("[]")
        letter = letters[0].lower() if letters else ""
        if kind != "date" or letter not in units:
            shown.append(text)
            continue
        number = int(seconds // units[letter])
        number = number if largest or text.startswith("[") else number % (24 if letter == "h" else 60)
        fraction = f"{seconds % 1:.{decimals}f}"[1:] if letter == "s" and decimals else ""
        shown.append(f"{number:0{len(letters.partition('.')[0])}}{fraction}")
        largest = False
    return ("-" if value < 0 else "") + "".join(shown).strip()
