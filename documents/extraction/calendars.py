"""Reads calendars: each event with when, where and with whom it is."""

import re
from collections.abc import Iterator
from pathlib import Path

from documents.extraction.encodings import clean, read_text
from documents.extraction.layout import PageDraft
from documents.extraction.types import Extracted, ExtractionError, Limits
from langai_site.words import gettext_noop

NOT_ONE = gettext_noop("This is not a calendar, though its name says so. Export it again as .ics.")
KINDS = {"VEVENT": "Event", "VTODO": "Task", "VJOURNAL": "Entry"}
SHOWN = {
    **{"DTSTART": "Begins", "DTEND": "Ends", "DUE": "Due", "DURATION": "Takes", "RRULE": "Repeats"},
    **{"LOCATION": "Where", "ORGANIZER": "Organizer", "ATTENDEE": "Attendee", "STATUS": "Status", "URL": "Link"},
    **{"DESCRIPTION": "Description", "COMMENT": "Comment", "CATEGORIES": "Categories"},
}
LINE = re.compile(r"(?P<name>[A-Za-z-]+)(?P<options>(?:;[^:;=\n]+=(?:\"[^\"\n]*\"|[^:;\n]*))*):(?P<value>.*)")
MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
NAMED = re.compile(r"CN=(?:\"([^\"]*)\"|([^;:]*))", re.IGNORECASE)
ESCAPED = re.compile(r"\\(.)")


def extract(path: Path, limits: Limits) -> Extracted:
    text = clean(read_text(path))
    if "BEGIN:VCALENDAR" not in text.upper():
        raise ExtractionError(NOT_ONE)
    draft, lines, title, kind = PageDraft(limits), list[str](), "", ""
    for name, options, value in _properties(text):
        if name == "BEGIN" and value in KINDS:
            kind, lines, title = value, [], ""
        elif name == "END" and value == kind and kind:
            draft.heading(title or KINDS[kind], 2)
            draft.add("\n".join(lines), "\n")
            kind = ""
        elif kind and name == "SUMMARY":
            title = value
        elif kind and name in SHOWN and value:
            lines.append(f"{SHOWN[name]}: {_shown(name, options, value)}")
    return draft.extracted()


def _properties(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (name, options, value) of each line; a line that begins with a space continues the one before."""
    for line in re.sub(r"\n[ \t]", "", text).split("\n"):
        if found := LINE.fullmatch(line.rstrip()):
            unescaped = ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], found["value"])
            yield found["name"].upper(), found["options"], unescaped.strip()


def _shown(name: str, options: str, value: str) -> str:
    if name in ("ORGANIZER", "ATTENDEE"):
        named, address = NAMED.search(options), re.sub("(?i)^mailto:", "", value)
        return f"{named[1] or named[2]} <{address}>" if named else address
    if name in ("DTSTART", "DTEND", "DUE") and (found := MOMENT.fullmatch(value)):
        year, month, day, hour, minute, universal = found.groups()
        return f"{year}-{month}-{day}" + (f" {hour}:{minute}{' UTC' if universal else ''}" if hour else "")
    return value
