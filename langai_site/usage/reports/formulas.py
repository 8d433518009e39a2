"""Pure: protects names in files for spreadsheets, which compute everything that begins like a formula.

An apostrophe before such a name makes it text. Spreadsheets skip blanks and invisible characters, read full-width
signs, and some take a semicolon, a tab or a line end in the middle of a name for the end of its cell.
"""

import re
import unicodedata
from collections.abc import Callable

from langai_site.detectors.plain import plain

# As `plain` writes them. In old spreadsheets, a cell with | calls a program.
SIGNS = tuple("=+-@|")
BREAKS = "\t\r\n"
APOSTROPHE = "'"
# Begins with a letter or digit and has no second beginning: most names do.
_SAFE = re.compile(rf"[A-Za-z0-9][^;{BREAKS}]*")
_PARTS = re.compile(rf"([;{BREAKS}])")


def as_text(name: str) -> str:
    """Return `name` so that no spreadsheet computes any of it; `original` undoes that."""
    return name if not name or _SAFE.fullmatch(name) else _each(name, _guarded)


def original(cell: str) -> str:
    """Return the name that `as_text` wrote as `cell`."""
    return _each(cell, _unguarded)


def _each(text: str, change: Callable[[str, str], str]) -> str:
    """Return `text` with each part that begins a cell, or might, changed; `change` also gets what follows the part."""
    parts = [*_PARTS.split(text), ""]
    return "".join(change(part, after) + after for part, after in zip(parts[::2], parts[1::2], strict=True))


def _guarded(part: str, after: str) -> str:
    return APOSTROPHE + part if _would_run(part, after) else part


def _unguarded(part: str, after: str) -> str:
    is_guarded = part.startswith(APOSTROPHE) and _would_run(part[1:], after)
    return part[1:] if is_guarded else part


def _would_run(part: str, after: str) -> bool:
    """Return whether it begins like a formula, even after apostrophes: guarded and original names must differ."""
    bare = part.lstrip(APOSTROPHE)
    start = _seen(bare)
    return start.startswith(SIGNS) or (not bare and after != "" and after in BREAKS)


def _seen(text: str) -> str:
    """Return `text` from its first visible character, in plain form."""
    shown = plain(text)
    first = next((place for place, char in enumerate(shown) if unicodedata.category(char)[0] not in "ZC"), len(shown))
    return shown[first:]
