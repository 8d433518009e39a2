"""Writes the text of an RTF document: paragraphs, items, rows, notes and text boxes."""

import re

from documents.extraction.grids import Cell, Grid
from documents.extraction.layout import PageDraft

BODY_LEVEL = 10
# A list mark that is not a number: a dot, or a letter of a symbol font.
BULLET = re.compile(r"\W*|[o\u00a7\u00d8]")


class RtfWriter:
    """Collects words, and writes each paragraph to the draft when it ends."""

    def __init__(self, draft: PageDraft) -> None:
        self._draft = draft
        self._words: list[str] = []
        # The words that open asides have interrupted, the outermost first.
        self._interrupted: list[list[str]] = []
        self._level, self._in_table, self._mark, self._after_item = BODY_LEVEL, False, "", False
        self._cells: list[str] = []
        self._grid = Grid()
        self._boxes: list[str] = []
        self._notes: list[str] = []

    def add(self, text: str) -> None:
        self._words.append(text)

    def reset(self) -> None:
        """Return to a paragraph of plain text."""
        self._level, self._in_table = BODY_LEVEL, False

    def set_level(self, level: int) -> None:
        self._level = level

    def enter_table(self) -> None:
        self._in_table = True

    def open_aside(self) -> None:
        self._interrupted.append(self._words)
        self._words = []

    def close_aside(self, kind: str) -> None:
        text = self._taken()
        if self._interrupted:
            self._words = self._interrupted.pop()
        if kind == "mark":
            self._mark = "-" if BULLET.fullmatch(text) else text
        elif kind == "box":
            self._boxes.append(text)
        elif text:
            self._notes.append(text)
            self._words.append(f"[{len(self._notes)}]")

    def end_paragraph(self) -> None:
        if self._interrupted:
            self._words.append("\n")
        elif self._in_table:
            self._words.append(" ")
        else:
            self._end_table()
            self._write(self._taken())

    def end_cell(self) -> None:
        self._cells.append(self._taken())

    def end_row(self) -> None:
        self._grid.add([Cell(text) for text in self._cells])
        self._cells = []

    def finish(self) -> None:
        self._end_table()
        self._write(self._taken())
        for number, note in enumerate(self._notes, start=1):
            self._draft.add(f"[{number}] {note}")

    def _write(self, text: str) -> None:
        item, self._mark = self._mark, ""
        if self._level < BODY_LEVEL:
            self._draft.heading(text, self._level)
        elif item and text:
            self._draft.add(f"{item} {text}", "\n" if self._after_item else "\n\n")
        else:
            self._draft.add(text)
        self._after_item = bool(item)
        for box in self._boxes:
            self._draft.add(box)
        self._boxes = []

    def _end_table(self) -> None:
        if self._cells:
            self.end_row()
        laid_out = self._grid.table()
        self._draft.table(laid_out.lines, laid_out.header, laid_out.names)
        self._grid = Grid()

    def _taken(self) -> str:
        """Return the words so far and clear them. Characters beyond 16 bits come as pairs."""
        text = "".join(self._words).strip()
        self._words = []
        return text.encode("utf-16-le", errors="surrogatepass").decode("utf-16-le", errors="replace")
