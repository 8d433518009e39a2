"""Finds pages and pictures of a PDF whose text is only drawn, and draws them for text recognition."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

import pypdfium2
from PIL import Image, ImageDraw
from pypdfium2 import raw

from documents.extraction.ocr import DPI

POINTS_AN_INCH = 72
# A larger page is recognised at fewer dots per inch.
MOST_PIXELS = 25_000_000
# A picture, or several strips of one, that could hold a page of text.
PAGE_PIXELS = 250_000
# Ink is compared at this many dots per inch; a dot darker than this is ink.
INK_DPI, INK = 50, 160
# Pictures smaller than this, in points and pixels, show no text that is worth reading.
LEAST_WIDTH, LEAST_HEIGHT, LEAST_PIXELS = 40, 10, 4000
# A smaller part of the page than this is a sign or a letterhead: read once, although it is on every page.
SMALL_PART = 0.1
# Less ink than this part of the pictures' area that no text explains is a speck. A line of small print has more.
LEAST_INK = 0.0008
# Text explains so much of the ink on a page that was scanned and recognised before.
EXPLAINED = 0.75
# Boxes of text are widened by this many points: those of recognised text fit loosely.
MARGIN = 2.0
MOST_IMAGES, MOST_OBJECTS = 2000, 20_000

Box = tuple[float, float, float, float]


@dataclass
class PictureFinder:
    """Finds the pictures on the pages of one file that text recognition should see."""

    _seen: set[tuple[int, ...]] = field(default_factory=set)
    _backgrounds: set[bytes] = field(default_factory=set)

    def to_read(self, page: pypdfium2.PdfPage, text_boxes: Sequence[Box]) -> list[Box]:
        """Return the boxes (left, right, bottom, top) of pictures that hold ink which the text layer does not explain.

        `text_boxes` are those of the text, in the page's coordinates.
        """
        width, height = page.get_size()
        boxes = list(self._new_pictures(page, width * height))
        if not boxes:
            return []
        typed = list(_typed_over(page))
        with _hidden(typed):
            ink = _ink_in(page, boxes, text_boxes)
        if ink.rest <= max(LEAST_INK * ink.area, (1 - EXPLAINED) * (ink.rest + ink.under_text)):
            return []
        # A letterhead that letters were typed on is on all their pages: it is read once.
        is_new = self._is_new_picture(page)
        typed_on = typed and any(_touch(box, text) for box in boxes for text in text_boxes)
        return boxes if is_new or not typed_on else []

    def _is_new_picture(self, page: pypdfium2.PdfPage) -> bool:
        """Return whether the largest picture on the page was not on an earlier one."""
        data = max((bytes(picture.get_data()) for picture in _pictures(page)), key=len, default=b"")
        digest = sha256(data).digest()
        is_new = digest not in self._backgrounds
        self._backgrounds.add(digest)
        return is_new

    def _new_pictures(self, page: pypdfium2.PdfPage, area: float) -> Iterator[Box]:
        for pixels, box in pictures_of(page):
            left, right, bottom, top = box
            if right - left < LEAST_WIDTH or top - bottom < LEAST_HEIGHT or pixels[0] * pixels[1] < LEAST_PIXELS:
                continue
            if (right - left) * (top - bottom) < SMALL_PART * area:
                kind = (*pixels, *(round(place) for place in box))
                if kind in self._seen:
                    continue
                self._seen.add(kind)
            yield box


def pictures_of(page: pypdfium2.PdfPage) -> Iterator[tuple[tuple[int, int], Box]]:
    """Yield size in pixels and box (left, right, bottom, top) of each picture on the page."""
    for picture in _pictures(page):
        left, bottom, right, top = picture.get_bounds()
        yield picture.get_px_size(), (left, right, bottom, top)


def _pictures(page: pypdfium2.PdfPage) -> Iterator[pypdfium2.PdfImage]:
    return islice(page.get_objects([raw.FPDF_PAGEOBJ_IMAGE], max_depth=3), MOST_IMAGES)


def is_picture(page: pypdfium2.PdfPage) -> bool:
    """Return whether the pictures on the page could hold a page of text."""
    return sum(width * height for (width, height), _ in pictures_of(page)) >= PAGE_PIXELS


def is_drawn_on(page: pypdfium2.PdfPage) -> bool:
    return next(page.get_objects(), None) is not None


def drawn(page: pypdfium2.PdfPage, boxes: Sequence[Box] = (), without: Sequence[Box] = ()) -> Image.Image:
    """Return the page in grey: only what is in `boxes` if there are any, and nothing of what is in `without`."""
    width, height = page.get_size()
    scale = min(DPI / POINTS_AN_INCH, (MOST_PIXELS / max(width * height, 1)) ** 0.5)
    return _masked(_grey(page, scale), page, boxes, without)


def _grey(page: pypdfium2.PdfPage, scale: float) -> Image.Image:
    drawing = page.render(scale=scale, grayscale=True, may_draw_forms=False)
    try:
        picture: Image.Image = drawing.to_pil().convert("L").copy()
        return picture
    finally:
        drawing.close()


def _masked(picture: Image.Image, page: pypdfium2.PdfPage, boxes: Sequence[Box], without: Sequence[Box]) -> Image.Image:
    if boxes:
        paper = Image.new("L", picture.size, 255)
        for box in boxes:
            area = _pixels(page, picture, box, 0)
            paper.paste(picture.crop(area), area[:2])
        picture = paper
    draw = ImageDraw.Draw(picture)
    for box in without:
        draw.rectangle(_pixels(page, picture, box, MARGIN), fill=255)
    return picture


def _pixels(page: pypdfium2.PdfPage, picture: Image.Image, box: Box, margin: float) -> tuple[int, int, int, int]:
    """Return where a box of the page is on its drawing: left, top, right, bottom; turned and cut as the page is."""
    left, right, bottom, top = box
    start = _point(page, picture, left - margin, bottom - margin)
    end = _point(page, picture, right + margin, top + margin)
    return (
        max(0, min(start[0], end[0])),
        max(0, min(start[1], end[1])),
        min(picture.width, max(start[0], end[0])),
        min(picture.height, max(start[1], end[1])),
    )


def _point(page: pypdfium2.PdfPage, picture: Image.Image, x: float, y: float) -> tuple[int, int]:
    from ctypes import byref, c_int

    across, down = c_int(), c_int()
    raw.FPDF_PageToDevice(page, 0, 0, picture.width, picture.height, 0, x, y, byref(across), byref(down))
    return across.value, down.value


class Ink(NamedTuple):
    """The dark dots in pictures under the text over them, the rest of them, and all dots of the pictures."""

    under_text: int
    rest: int
    area: int


def _ink_in(page: pypdfium2.PdfPage, boxes: Sequence[Box], text_boxes: Sequence[Box]) -> Ink:
    plain = _grey(page, INK_DPI / POINTS_AN_INCH)
    all_ink = _ink(_masked(plain, page, boxes, ()))
    rest = _ink(_masked(plain, page, boxes, text_boxes))
    area = sum(
        (across - left) * (low - top) for left, top, across, low in (_pixels(page, plain, box, 0) for box in boxes)
    )
    return Ink(all_ink - rest, rest, max(area, 1))


def _typed_over(page: pypdfium2.PdfPage) -> Iterator[pypdfium2.PdfObject]:
    """Yield the texts that are seen over a picture: their ink is not the picture's.

    The text of a scanner lies under the picture, or is invisible.
    """
    over = False
    for thing in islice(page.get_objects(max_depth=3), MOST_OBJECTS):
        if thing.type == raw.FPDF_PAGEOBJ_IMAGE:
            over = True
        elif over and thing.type == raw.FPDF_PAGEOBJ_TEXT and not _is_invisible(thing):
            yield thing


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _is_invisible(text: pypdfium2.PdfObject) -> bool:
    return bool(raw.FPDFTextObj_GetTextRenderMode(text) == raw.FPDF_TEXTRENDERMODE_INVISIBLE)


@contextmanager
def _hidden(things: Sequence[pypdfium2.PdfObject]) -> Iterator[None]:
    """Draw pages without these objects."""
    for thing in things:
        raw.FPDFPageObj_SetIsActive(thing, False)
    try:
        yield
    finally:
        for thing in things:
            raw.FPDFPageObj_SetIsActive(thing, True)


def _ink(picture: Image.Image) -> int:
    return sum(picture.histogram()[:INK])
