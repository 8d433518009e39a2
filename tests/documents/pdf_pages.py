"""PDF pages drawn by hand: text at any place and angle, lines, form fields and notes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.documents.files import pdf_of

A4 = (0, 0, 595, 842)


@dataclass(frozen=True)
class Page:
    """A page: what is drawn on it, further keys of its dictionary, and its annotations, each a dictionary's inside."""

    content: str
    keys: str = ""
    box: Sequence[float] = A4
    annotations: Sequence[str] = ()


def text(x: float, y: float, words: str, *, size: float = 11, angle: float = 0) -> str:
    """`words` from a point on, running at `angle` degrees against the clock."""
    a, b = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    shown = words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /F1 {size} Tf {a:.4f} {b:.4f} {-b:.4f} {a:.4f} {x} {y} Tm ({shown}) Tj ET\n"


def column(x: float, top: float, lines: Iterable[str], step: float = 14) -> str:
    return "".join(text(x, top - number * step, line) for number, line in enumerate(lines))


def line(x0: float, y0: float, x1: float, y1: float) -> str:
    return f"{x0} {y0} m {x1} {y1} l S\n"


def table(x: float, top: float, widths: Sequence[float], rows: Sequence[Sequence[str]], height: float = 20) -> str:
    """A table with ruled lines around its cells."""
    right, bottom = x + sum(widths), top - height * len(rows)
    places = [x + sum(widths[:number]) for number in range(len(widths) + 1)]
    rules = [line(x, top - number * height, right, top - number * height) for number in range(len(rows) + 1)]
    rules += [line(place, top, place, bottom) for place in places]
    cells = [
        text(place + 4, top - number * height - 14, cell)
        for number, row in enumerate(rows)
        for place, cell in zip(places, row, strict=False)
    ]
    return "".join([*rules, *cells])


def pages_pdf(*pages: Page, form: bool = False) -> bytes:
    """A PDF of these pages; `form`: its annotations of the kind Widget are the fields of its form."""
    count = len(pages)
    kids = " ".join(f"{3 + number} 0 R" for number in range(count))
    objects = ["", f"<</Type/Pages/Count {count}/Kids[{kids}]>>", *[""] * count]
    objects.append("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    font, widgets = len(objects), []
    for number, page in enumerate(pages):
        stream = page.content.encode("cp1252").decode("latin-1")
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
        content, annotations = len(objects), []
        for annotation in page.annotations:
            objects.append(f"<</Type/Annot{annotation}>>")
            annotations.append(f"{len(objects)} 0 R")
            widgets += [annotations[-1]] if "/Widget" in annotation else []
        box = " ".join(map(str, page.box))
        objects[2 + number] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Resources<</Font<</F1 {font} 0 R>>>>/Contents {content} 0 R"
            f"/Annots[{' '.join(annotations)}]{page.keys}>>"
        )
    fields = f"/AcroForm<</Fields[{' '.join(widgets)}]/DA(/F1 11 Tf)/DR<</Font<</F1 {font} 0 R>>>>>>" if form else ""
    objects[0] = f"<</Type/Catalog/Pages 2 0 R{fields}>>"
    return pdf_of([content.encode("latin-1") for content in objects])
