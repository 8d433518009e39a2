"""Pure: finds what is new in some HTML, so that only that has to be sent."""

import re

CLOSER = re.compile(r"</([a-z0-9]+)>")
TAG = re.compile(r"<(/?)([a-z0-9]+)[^>]*>")
VOID = {"br", "hr", "input"}
# Parsed alone, their children would not become the same elements. Rows can be parsed inside a table body.
NEEDS_PARENT = {"table", "thead", "tr"}


def grown(old: str, new: str) -> tuple[str, str] | None:
    """Return what to insert where, if `new` is `old` with something inserted before its last closing tags.

    Returns the CSS path, below the container, of the element to append to, and the piece. None if there is no such way.
    """
    if len(new) < len(old):
        return None
    for at in [*reversed(_trailing_closers(old)), len(old)]:
        piece = new[at : len(new) - len(old) + at]
        if old[:at] == new[:at] and new.endswith(old[at:]) and _balanced(piece):
            return _path(old[at:], piece)
    return None


def _trailing_closers(html: str) -> list[int]:
    """Return the positions of the closing tags at the end of `html`, the last first."""
    found: list[int] = []
    end = len(html)
    while True:
        end = len(html[:end].rstrip())
        at = html.rfind("</", 0, end)
        if at < 0 or not CLOSER.fullmatch(html, at, end):
            return found
        found.append(at)
        end = at


def _balanced(piece: str) -> bool:
    """Return whether `piece` closes what it opens, and nothing else."""
    opened: list[str] = []
    for closing, name in TAG.findall(piece):
        if not closing:
            opened += [] if name in VOID else [name]
        elif not opened or opened.pop() != name:
            return False
    return not opened


def _path(ends: str, piece: str) -> tuple[str, str] | None:
    names = CLOSER.findall(ends)
    if (names and names[0] in NEEDS_PARENT) or "math" in names:
        return None
    return "".join(f">{name}:last-child" for name in reversed(names)), piece
