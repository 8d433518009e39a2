"""Takes the words of a PDF page with their places, line by line, in the order in which people read them."""

import ctypes
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import pypdfium2
from pypdfium2 import raw

from documents.extraction.bidirectional import in_logical_order, logical_letters, runs_left

# PDFium's mark for a hyphen at the end of a line; it puts the next line directly after it.
LINE_HYPHENS = "\x02\ufffe"
# Stands where a character takes two of PDFium's.
NOTHING = "\u200b"
# More characters than this on a page are not placed: only their order in the file counts then.
MOST_PLACED = 60_000
# A row of more words is not one of text.
MOST_IN_ROW = 200
# Lines are turned by quarters; a slope below this is a drawing's or a stamp's.
QUARTER = math.pi / 2
# So many of a page's characters are asked for their direction.
ASKED_FOR_ANGLE = 40


@dataclass(frozen=True)
class PdfWord:
    """A word and its box, in points, in a frame in which text runs to the right and the next line is below."""

    text: str
    left: float
    right: float
    bottom: float
    top: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def height(self) -> float:
        return self.top - self.bottom


Line = list[PdfWord]


@dataclass(frozen=True)
class PageWords:
    """The words of a page by lines, and by how many quarters its text is turned against the page's coordinates.

    `text` is everything in the order of the file, to compare with; `unmapped` counts characters without a meaning.
    """

    lines: list[Line]
    quarters: int
    text: str
    unmapped: int


def words_of(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage) -> PageWords:
    count = text_page.count_chars()
    text = _characters(text_page, count)
    unmapped = _unmapped(text_page, text)
    if count > MOST_PLACED:
        return PageWords([], 0, text, unmapped)
    quarters = _quarters(text_page, text)
    lines = [_placed_line(text_page, text, start, end, quarters) for start, end in _lines(text)]
    return PageWords(_in_order([line for line in lines if line]), quarters, text, unmapped)


def _unmapped(text_page: pypdfium2.PdfTextPage, text: str) -> int:
    """Count the characters for which the page's font has a shape, but no meaning: what PDFium gives is a guess."""
    asked = [index for index, character in enumerate(text[:MOST_PLACED]) if not character.isspace()]
    return sum(raw.FPDFText_HasUnicodeMapError(text_page, index) == 1 for index in asked)


def _characters(text_page: pypdfium2.PdfTextPage, count: int) -> str:
    """Return a character for each of PDFium's, so that both have the same numbers."""
    text: str = text_page.get_text_range() if count else ""
    if len(text) == count:
        return text
    codes = [raw.FPDFText_GetUnicode(text_page, index) for index in range(count)]
    characters = [chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd" for code in codes]
    for index, (high, low) in enumerate(pairwise(codes)):
        if 0xD800 <= high < 0xDC00 <= low < 0xE000:
            characters[index : index + 2] = [chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00), NOTHING]
    return "".join(characters)


def _quarters(text_page: pypdfium2.PdfTextPage, text: str) -> int:
    """Return by how many quarter turns, counter-clockwise, most of the text runs in the page's coordinates."""
    letters = [index for index, character in enumerate(text) if character.isalnum()]
    step = max(1, len(letters) // ASKED_FOR_ANGLE)
    angles = [raw.FPDFText_GetCharAngle(text_page, index) for index in letters[::step]]
    # PDFium counts them clockwise.
    turns = [-round(angle / QUARTER) % 4 for angle in angles if angle >= 0]
    return max(set(turns), key=turns.count) if turns else 0


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each line; a hyphen that breaks a word ends one."""
    start = 0
    for index, character in enumerate(text):
        if character in "\r\n" or character in LINE_HYPHENS:
            end = index + (character in LINE_HYPHENS)
            if end > start:
                yield start, end
            start = index + 1
    if start < len(text):
        yield start, len(text)


def _placed_line(text_page: pypdfium2.PdfTextPage, text: str, start: int, end: int, quarters: int) -> Line:
    if runs_left(text[start:end]):
        return in_logical_order(_words_from_right(text_page, text, start, end, quarters))
    words = [_word(text_page, text, first, last, quarters) for first, last in _spans(text, start, end)]
    # On a page that lies upside down, PDFium has the columns from the right.
    goes_back = any(after.right < before.left for before, after in pairwise(words))
    return sorted(words, key=lambda word: word.left) if goes_back else words


def _word(text_page: pypdfium2.PdfTextPage, text: str, first: int, last: int, quarters: int) -> PdfWord:
    one = _box(text_page, first, quarters)
    other = _box(text_page, last - 1, quarters)
    return PdfWord(
        text[first:last], min(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), max(one[3], other[3])
    )


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each word."""
    first = None
    for index in range(start, end + 1):
        inside = index < end and not text[index].isspace()
        if inside and first is None:
            first = index
        elif not inside and first is not None:
            yield first, index
            first = None


def _box(text_page: pypdfium2.PdfTextPage, index: int, quarters: int) -> tuple[float, float, float, float]:
    """Return (left, right, bottom, top) of a character, in the frame of the text."""
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text_page, index, ctypes.byref(box))
    return turned((box.left, box.right, box.bottom, box.top), quarters)


def turned(box: tuple[float, float, float, float], quarters: int) -> tuple[float, float, float, float]:
    """Return a box (left, right, bottom, top) as it is after turning the page by `quarters`, clockwise."""
    left, right, bottom, top = box
    if quarters == 1:
        return bottom, top, -right, -left
    if quarters == 2:
        return -right, -left, -top, -bottom
    if quarters == 3:
        return -top, -bottom, left, right
    return box


Letter = tuple[tuple[float, float, float, float], str]


def _words_from_right(
    text_page: pypdfium2.PdfTextPage, text: str, start: int, end: int, quarters: int
) -> Sequence[PdfWord]:
    """Return the words of a line with right-to-left words, each with its letters in the order of reading."""
    letters = [(_box(text_page, index, quarters), text[index]) for index in range(start, end)]
    if _are_apart(letters):
        # PDFium may have a bracket or a full stop in the wrong word, so words are parted by where their letters stand.
        letters.sort(key=lambda letter: letter[0][0])
        text, start, end = "".join(character for _, character in letters), 0, len(letters)
    offset = start
    return [_word_of_letters(letters[first - offset : last - offset]) for first, last in _spans(text, start, end)]


def _are_apart(letters: Sequence[Letter]) -> bool:
    """Return whether each letter, and each space, has a place of its own.

    Ligatures and marks share theirs with another letter: only PDFium knows their order.
    """
    places = {box[0] for box, _ in letters}
    return len(places) == len(letters) and not any(unicodedata.combining(letter) for _, letter in letters)


def _word_of_letters(places: Sequence[Letter]) -> PdfWord:
    """Return a word of a line with right-to-left words: its letters in the order of reading, by where they stand."""
    boxes = [box for box, _ in places]
    letters = "".join(character for _, character in places)
    if _are_apart(places):
        letters = logical_letters([character for _, character in sorted(places, key=lambda place: place[0][0])])
    return PdfWord(
        letters,
        min(box[0] for box in boxes),
        max(box[1] for box in boxes),
        min(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _in_order(lines: list[Line]) -> list[Line]:
    """Return rows from top to bottom where PDFium has them upside down, and pieces of one row as one line."""
    if len(lines) > 2:
        upwards = sum(after[0].bottom > before[0].top for before, after in pairwise(lines))
        if upwards == len(lines) - 1:
            lines = lines[::-1]
    rows: list[Line] = []
    for line in lines:
        if rows and len(rows[-1]) < MOST_IN_ROW and _beside(rows[-1], line):
            rows[-1] = sorted([*rows[-1], *line], key=lambda word: word.left)
        else:
            rows.append(line)
    return rows


def _beside(row: Line, line: Line) -> bool:
    """Return whether a line is a piece of a row: at the same height, with a gap between them."""
    overlap = min(row[-1].top, line[0].top) - max(row[-1].bottom, line[0].bottom)
    if overlap <= 0.5 * min(row[-1].height, line[0].height) or row[-1].text[-1:] in LINE_HYPHENS:
        return False
    gap = min(word.left for word in line) - max(word.right for word in row)
    # On a page that lies upside down, PDFium has the pieces of a row from the right.
    gap = max(gap, min(word.left for word in row) - max(word.right for word in line))
    return gap > 0 and not any(runs_left(word.text) for word in (*row, *line))


def line_height(lines: Sequence[Line]) -> float:
    """Return the usual height of a word, in points."""
    heights = [word.height for line in lines for word in line if word.height > 0]
    return median(heights) if heights else 10.0
