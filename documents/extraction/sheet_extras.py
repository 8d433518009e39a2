"""Reads what a spreadsheet's library leaves out of its rows: which cells are merged, and what people remarked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from documents.extraction.grids import LONGEST_REPEATED, REPEATED_CHARACTERS, TALLEST_CELL, WIDEST_CELL, Merged
from documents.extraction.package import MAX_TREE_MB, MB, Element, Package, attribute, below, child, local

MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
MAX_MERGED = MAX_COMMENTS = 100_000
# Written into the older kind of comment for programs that do not know threads.
THREADED = "[Threaded comment]"

Place = tuple[int, int]


@dataclass(frozen=True)
class SheetExtras:
    """The merged cells of a sheet, and the comments on its cells by (row, column)."""

    merged: tuple[Merged, ...] = ()
    comments: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)

    def writer(self) -> "RowWriter":
        return RowWriter(self)


NOTHING = SheetExtras()


class RowWriter:
    """Completes the rows of a sheet, one after the other."""

    def __init__(self, extras: SheetExtras) -> None:
        self._starts: dict[int, list[Merged]] = {}
        for merged in extras.merged:
            if merged.last_row > merged.row:
                self._starts.setdefault(merged.row, []).append(merged)
        self._covering: dict[int, tuple[int, str]] = {}
        self._left = REPEATED_CHARACTERS
        self._comments: dict[int, dict[int, tuple[str, ...]]] = {}
        for (row, column), texts in extras.comments.items():
            self._comments.setdefault(row, {})[column] = texts

    def row(self, number: int, cells: list[str]) -> list[str]:
        """Return a row with the words of merged cells in each of their rows, and with comments behind their cells."""
        if not (self._covering or number in self._starts or number in self._comments):
            return cells
        for column, (last, text) in list(self._covering.items()):
            if last < number:
                del self._covering[column]
            elif self._left > len(text):
                self._left -= len(text) + 1
                _put(cells, column, text)
        for merged in self._starts.get(number, ()):
            text = cells[merged.column - 1] if merged.column <= len(cells) else ""
            if text and len(text) <= LONGEST_REPEATED and merged.last_row - number < TALLEST_CELL:
                self._covering[merged.column] = (merged.last_row, text)
        for column, texts in self._comments.pop(number, {}).items():
            _put(cells, column, " ".join([*cells[column - 1 : column], *(f"(Comment: {text})" for text in texts)]))
        return cells

    def rest(self) -> Iterator[list[str]]:
        """Yield the comments on cells below the last row."""
        for row, columns in sorted(self._comments.items()):
            yield [f"Comment on row {row}: {text}" for _, texts in sorted(columns.items()) for text in texts]
        self._comments = {}


def _put(cells: list[str], column: int, text: str) -> None:
    cells.extend([""] * (column - len(cells)))
    cells[column - 1] = text


def read(package: Package) -> dict[str, SheetExtras]:
    """Return the extras of each sheet by its title; sheets without any are left out."""
    main = package.first_related("", "officeDocument")
    sheets = child(package.tree(main), "sheets") if main else None
    found: dict[str, SheetExtras] = {}
    for sheet in sheets if sheets is not None else ():
        reference = next((value for key, value in sheet.items() if key.endswith("}id")), "")
        _, name = package.related(main).get(reference, ("", ""))
        if name in package:
            extras = SheetExtras(_merged(package, name), _comments(package, name))
            found |= {attribute(sheet, "name"): extras} if extras != NOTHING else {}
    return found


def _merged(package: Package, sheet: str) -> tuple[Merged, ...]:
    if package.size(sheet) > MAX_TREE_MB * MB:
        return ()
    found: list[Merged] = []
    for match in MERGED.finditer(package.read(sheet)):
        first, row, last, last_row = (part.decode() for part in match.groups())
        if len(found) == MAX_MERGED:
            break
        found.append(Merged(int(row), _column(first), int(last_row), min(_column(last), _column(first) + WIDEST_CELL)))
    return tuple(found)


def _comments(package: Package, sheet: str) -> dict[Place, tuple[str, ...]]:
    """Return the comments on a sheet's cells; of those in threads, which are stored twice, the threads."""
    parts = [(kind, name) for kind, name in package.related(sheet).values() if name in package]
    found: dict[Place, tuple[str, ...]] = {}
    for wanted in ("threadedComment", "comments"):
        earlier = set(found)
        for name in (name for kind, name in parts if kind == wanted):
            for comment in below(package.tree(name), whole=("comment", "threadedComment")):
                place, text = _place(attribute(comment, "ref")), _words(comment)
                if place and text and place not in earlier and len(found) < MAX_COMMENTS:
                    found[place] = (*found.get(place, ()), text)
    return found


def _words(comment: Element) -> str:
    """Return a comment's words, without those that only say it is a thread."""
    words = "".join(part.text or "" for part in below(comment) if local(part) in ("t", "text"))
    words = words.rpartition("Comment:")[2] if words.startswith(THREADED) else words
    return " ".join(words.split())


def _place(reference: str) -> Place | None:
    found = PLACE.fullmatch(reference)
    return (int(found[2]), _column(found[1])) if found else None


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
