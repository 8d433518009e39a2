"""Files as people upload them, good and bad."""

import io
import struct
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from fpdf import FPDF

from documents.extraction.types import Limits

LIMITS = Limits(memory_mb=1024, seconds=30, max_pages=100, max_chars=1_000_000)
PIXEL_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)
ODT_TYPE = "application/vnd.oasis.opendocument.text"
ODT_NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "style", "drawing")
)


def pdf(*pages: str, password: str = "") -> bytes:
    """A PDF with a page for each text."""
    document = FPDF()
    document.set_font("helvetica", size=12)
    if password:
        document.set_encryption(owner_password="owner", user_password=password)
    for text in pages:
        document.add_page()
        document.multi_cell(0, 6, text)
    return bytes(document.output())


def scanned_pdf() -> bytes:
    """A PDF whose one page is a picture."""
    document = FPDF()
    document.add_page()
    document.image(io.BytesIO(PIXEL_PNG), w=100)
    return bytes(document.output())


def mixed_pdf(*pages: str | None) -> bytes:
    """A PDF with a page for each text.

    One that begins with `scan:` is only a picture of it, one that begins with `rule:` a line, and None is blank.
    """
    document = FPDF()
    document.set_font("helvetica", size=12)
    for text in pages:
        document.add_page()
        if text and text.startswith("scan:"):
            document.image(io.BytesIO(photograph(text.removeprefix("scan:"))), x=0, y=0, w=document.w)
        elif text and text.startswith("rule:"):
            document.line(10, 10, 200, 10)
        elif text:
            document.multi_cell(0, 6, text)
    return bytes(document.output())


def long_pdf(pages: int) -> bytes:
    """A PDF of many empty pages, written by hand: no library makes one in a moment."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>"]
    kids = b" ".join(b"%d 0 R" % number for number in range(3, pages + 3))
    objects.append(b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids))
    objects += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"] * pages
    return pdf_of(objects)


def pdf_of(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, whose catalogue is the first."""
    parts, places = [b"%PDF-1.4\n"], []
    length = len(parts[0])
    for number, content in enumerate(objects, start=1):
        places.append(length)
        parts.append(b"%d 0 obj%s endobj\n" % (number, content))
        length += len(parts[-1])
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, length)
    return b"".join([*parts, b"xref\n0 %d\n0000000000 65535 f \n" % size, table, end])


def photograph(text: str) -> bytes:
    """A page with `text` as a scanner sees it, 150 dots an inch."""
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("L", (1240, 1754), 250)
    ImageDraw.Draw(page).multiline_text((120, 150), text, fill=10, font=ImageFont.load_default(size=36), spacing=16)
    kept = io.BytesIO()
    page.save(kept, "PNG")
    return kept.getvalue()


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    """What a library's document writes when it is saved."""
    kept = io.BytesIO()
    save(kept)
    return kept.getvalue()


def docx(*paragraphs: str) -> bytes:
    import docx as library

    document = library.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    return saved(document.save)


def pptx(*titles: str) -> bytes:
    import pptx as library

    presentation = library.Presentation()
    for title in titles:
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = title
    return saved(presentation.save)


def xlsx(**sheets: Iterable[Sequence[object]]) -> bytes:
    """A spreadsheet with the rows of each sheet."""
    import openpyxl

    workbook = openpyxl.Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return saved(workbook.save)


def odt(body: str, styles: str = "", parts: dict[str, str | bytes] | None = None) -> bytes:
    """An OpenDocument text with `body` as its content, and perhaps other parts."""
    content = (
        f"<office:document-content {ODT_NAMESPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return zipped({"mimetype": ODT_TYPE, "content.xml": content, **(parts or {})})


def zipped(parts: dict[str, str | bytes]) -> bytes:
    def save(file: io.BytesIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in parts.items():
                archive.writestr(name, data)

    return saved(save)


def part(package: bytes, ending: str) -> bytes:
    """The part of a zipped file whose name ends so."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(ending)]
        return archive.read(name)


def changed(package: bytes, ending: str, data: bytes) -> bytes:
    """A zipped file with another content of the part whose name ends so."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    (name,) = [name for name in kept if name.endswith(ending)]
    return zipped({**kept, name: data})


def added(package: bytes, name: str, data: str) -> bytes:
    """A zipped file with one more part."""
    kept = io.BytesIO(package)
    with zipfile.ZipFile(kept, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return kept.getvalue()


def container(*streams: str) -> bytes:
    """A compound file as old office programs write it, with empty streams of these names."""
    unused, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0) + b"\xff" * 432
    table = struct.pack("<II", fat, end) + struct.pack("<I", unused) * 126
    names = [("Root Entry", 5), *((name, 2) for name in streams)]
    entries = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<HBB", 2 * len(name) + 2, kind, 1) + bytes(60)
        for name, kind in names
    )
    return header + table + entries.ljust(512, b"\0")


def written(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path
