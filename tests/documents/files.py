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


def ods(rows: Sequence[Sequence[str]], name: str = "Costs") -> bytes:
    """An OpenDocument spreadsheet with one sheet; empty rows and cells go on to the end of it, as programs write it."""
    cells = (
        "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
        + '<table:table-cell table:number-columns-repeated="16000"/>'
        for row in rows
    )
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    rest = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    return _open_document("spreadsheet", f'<table:table table:name="{name}">{lines}{rest}</table:table>')


def odp(*titles: str) -> bytes:
    """An OpenDocument presentation with a slide for each title."""
    slides = "".join(
        f"<drawing:page><drawing:frame><drawing:text-box><text:p>{title}</text:p></drawing:text-box></drawing:frame>"
        "</drawing:page>"
        for title in titles
    )
    return _open_document("presentation", slides)


def _open_document(kind: str, body: str) -> bytes:
    content = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    document = f"<office:document-content {ODT_NAMESPACES}>{content}</office:document-content>"
    return zipped({"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": document})


def epub(*chapters: str) -> bytes:
    """An electronic book with a chapter for each heading."""
    numbers = range(len(chapters))
    items = "".join(f'<item id="c{n}" href="text/c%20{n}.xhtml"/>' for n in reversed(numbers))
    order = "".join(f'<itemref idref="c{n}"/>' for n in numbers)
    package = (
        '<package xmlns="o" xmlns:dc="d"><metadata><dc:title>A book</dc:title></metadata>'
        f"<manifest>{items}</manifest><spine>{order}</spine></package>"
    )
    root = '<container xmlns="c"><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    texts = {
        f"OPS/text/c {n}.xhtml": f"<?xml version='1.0'?><!DOCTYPE html><html><body><h1>{chapters[n]}</h1><p>Words {n}."
        "</p></body></html>"
        for n in numbers
    }
    return zipped(
        {"mimetype": "application/epub+zip", "META-INF/container.xml": root, "OPS/book.opf": package, **texts}
    )


def compound(tree: dict[str, object]) -> bytes:
    """A compound file as old office programs write it: streams of bytes by their names, and folders of more of them."""
    unused, end = 0xFFFFFFFF, 0xFFFFFFFE
    sector, names, entries, data = 512, ["Root Entry"], [[5, unused, unused, unused, end, 0]], bytearray()
    chains: list[tuple[int, int]] = []

    def fill(folder: dict[str, object], parent: int) -> None:
        before = None
        for name, content in folder.items():
            place = len(entries)
            entries.append([1 if isinstance(content, dict) else 2, unused, unused, unused, end, 0])
            names.append(name)
            # The first is the folder's child, each other one the right neighbour of the one before.
            entries[parent if before is None else before][3 if before is None else 2] = place
            before = place
            if isinstance(content, dict):
                fill(content, place)
            elif isinstance(content, bytes):
                # Shorter streams would have a table of their own.
                padded = content.ljust(4096, b"\0")
                entries[place][4:] = [len(data) // sector, len(padded)]
                data.extend(padded.ljust(-(-len(padded) // sector) * sector, b"\0"))
                chains.append((entries[place][4], len(data) // sector))

    fill(tree, 0)
    directory = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBBIII", 2 * len(name) + 2, kind, 1, left, right, child)
        + bytes(36)
        + struct.pack("<III", start, size, 0)
        for name, (kind, left, right, child, start, size) in zip(names, entries, strict=True)
    )
    directory = directory.ljust(-(-len(directory) // sector) * sector, b"\0")
    first = len(data) // sector
    chains.append((first, first + len(directory) // sector))
    table = [unused] * 128
    for begin, stop in chains:
        table[begin:stop] = [*range(begin + 1, stop), end]
    table[chains[-1][1]] = 0xFFFFFFFD
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, first, 0, 4096, end, 0, end, 0)
    header += struct.pack("<I", chains[-1][1]) + b"\xff" * 432
    return header + bytes(data) + directory + struct.pack("<128I", *table)


def msg(
    subject: str, body: str, attached: dict[str, bytes] | None = None, inner: dict[str, object] | None = None
) -> bytes:
    """A mail of Ada's as Outlook saves it, with files, and perhaps another mail in it."""
    return compound(msg_tree(subject, body, attached, inner))


def msg_tree(
    subject: str, body: str, attached: dict[str, bytes] | None = None, inner: dict[str, object] | None = None
) -> dict[str, object]:
    def text(value: str) -> bytes:
        return value.encode("utf-16-le")

    tree: dict[str, object] = {
        "__nameid_version1.0": {},
        "__substg1.0_0037001F": text(subject),
        "__substg1.0_1000001F": text(body),
        "__substg1.0_0C1A001F": text("Ada"),
        "__properties_version1.0": bytes(32),
    }
    for number, (name, data) in enumerate((attached or {}).items()):
        tree[f"__attach_version1.0_#{number:08}"] = {
            "__substg1.0_3707001F": text(name),
            "__substg1.0_37010102": data,
        }
    if inner:
        tree["__attach_version1.0_#00000099"] = {"__substg1.0_3701000D": inner}
    return tree


def xls(rows: Sequence[Sequence[str | float]], name: str = "Costs") -> bytes:
    """An old spreadsheet with one sheet."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def text(value: str, width: str) -> bytes:
        return struct.pack(f"<{width}B", len(value), 1) + value.encode("utf-16-le")

    start = record(0x809, struct.pack("<HHHHII", 0x600, 0x5, 0, 1997, 0, 6))
    sheet = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 1997, 0, 6))
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            place = struct.pack("<HHH", row, column, 0)
            sheet += (
                record(0x204, place + text(cell, "H"))
                if isinstance(cell, str)
                else record(0x203, place + struct.pack("<d", cell))
            )
    sheet += record(0xA, b"")
    named = text(name, "B")
    length = len(start) + len(record(0x85, bytes(6) + named)) + len(record(0xA, b""))
    book = start + record(0x85, struct.pack("<IBB", length, 0, 0) + named) + record(0xA, b"") + sheet
    return compound({"Workbook": book})
