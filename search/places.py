"""Draws where in a document a passage stands. What is stored is English: page 3, slide 4, rows 2 to 40."""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# A part that only counts, and a range of them at the end of a place.
_COUNTED = re.compile(r"(page|slide|sheet|row|line) (\d+)")
_RANGE = re.compile(r"(rows|lines|pages|slides) (\d+) to (\d+)")
_ONE: Mapping[str, Promise] = {
    "page": _("page %(number)s"),
    "slide": _("slide %(number)s"),
    "sheet": _("sheet %(number)s"),
    "row": _("row %(number)s"),
    "line": _("line %(number)s"),
}
_MANY: Mapping[str, Promise] = {
    "pages": _("pages %(first)s to %(last)s"),
    "slides": _("slides %(first)s to %(last)s"),
    "rows": _("rows %(first)s to %(last)s"),
    "lines": _("lines %(first)s to %(last)s"),
}
UNITS: Mapping[str, Promise] = {
    "page": _("Page"),
    "slide": _("Slide"),
    "sheet": _("Sheet"),
    "row": _("Row"),
    "line": _("Line"),
}


def place_text(place: str) -> str:
    """Return a stored place in the language of the page; names that a document gives its parts stay as they are."""
    return ", ".join(map(_part, place.split(", ")))


def page_text(number: int) -> str:
    return str(_ONE["page"]) % {"number": number}


def unit_name(unit: str) -> str:
    """Return the name of what a document counts its parts in: `Page` for page."""
    return str(UNITS[unit]) if unit in UNITS else unit[:1].upper() + unit[1:]


def _part(part: str) -> str:
    if found := _COUNTED.fullmatch(part):
        return str(_ONE[found[1]]) % {"number": found[2]}
    if found := _RANGE.fullmatch(part):
        return str(_MANY[found[1]]) % {"first": found[2], "last": found[3]}
    return part
