"""Files made to keep a reader busy: for each kind, a function of its size in bytes (of packed ones: unpacked)."""

import struct
import zlib
from collections.abc import Callable

from tests.documents import files

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
DRAWN = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATED = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
NAMED = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
PARAGRAPH = "<w:p><w:r><w:t>x</w:t></w:r></w:p>"
CELL, FORMATTED = "<c><v>1</v></c>", "<c s='0'><v>1</v></c>"
SHAPE = "<p:sp><p:txBody><a:p><a:r><a:t>x</a:t></a:r></a:p></p:txBody></p:sp>"
DOCX, PPTX, XLSX = files.docx("Words."), files.pptx("Title"), files.xlsx(A=[[1]])


def filled(piece: str, size: int) -> str:
    return piece * max(1, size // len(piece))


def numbered(piece: str, size: int) -> str:
    """`piece` with other numbers each time."""
    return "".join(piece.replace("N", f"{number:07}") for number in range(size // (len(piece) + 6)))


def nested(opening: str, closing: str, size: int, inside: str = "x") -> str:
    times = size // (len(opening) + len(closing))
    return opening * times + inside + closing * times


def docx(body: str) -> bytes:
    content = f"<w:document {WORD}><w:body>{body}</w:body></w:document>"
    return files.changed(DOCX, "word/document.xml", content.encode())


def docx_notes(size: int) -> bytes:
    """One long note that is referred to again and again."""
    references = filled("<w:r><w:footnoteReference w:id='1'/></w:r>", size // 2)
    relations = "<Relationships><Relationship Id='a' Type='x/footnotes' Target='footnotes.xml'/></Relationships>"
    note = f"<w:footnote w:id='1'><w:p><w:r><w:t>{filled('word ', size // 2)}</w:t></w:r></w:p></w:footnote>"
    package = files.changed(docx(f"<w:p>{references}</w:p>"), "word/_rels/document.xml.rels", relations.encode())
    return files.added(package, "word/footnotes.xml", f"<w:footnotes {WORD}>{note}</w:footnotes>")


def docx_styles(size: int) -> bytes:
    """A huge style, and many that are based on it."""
    huge = f"<w:style w:styleId='a'>{filled('<a/>', size // 2)}</w:style>"
    others = numbered("<w:style w:styleId='N'><w:basedOn w:val='a'/></w:style>", size // 2)
    return files.changed(DOCX, "word/styles.xml", f"<w:styles {WORD}>{huge}{others}</w:styles>".encode())


def docx_parts(size: int) -> bytes:
    parts = {f"x/{number}": b"" for number in range(size // 100)}
    return files.zipped({**parts, "word/document.xml": b"<a/>", "[Content_Types].xml": b"<a/>"})


def pptx(shapes: str) -> bytes:
    slide = f"<p:sld {DRAWN}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
    return files.changed(PPTX, "slides/slide1.xml", slide.encode())


def pptx_chart(references: str, series: str) -> bytes:
    relation = '<Relationship Id="one" Type="x/chart" Target="../charts/chart.xml"/>'
    relations = f"<Relationships {RELATED}>{relation}</Relationships>"
    package = files.changed(pptx(references), "slides/_rels/slide1.xml.rels", relations.encode())
    chart = f'<c:chartSpace xmlns:c="c" {DRAWN}><c:chart><c:plotArea>{series}</c:plotArea></c:chart></c:chartSpace>'
    return files.added(package, "ppt/charts/chart.xml", chart)


CHART = (
    "<p:graphicFrame><a:graphic><a:graphicData>"
    '<c:chart xmlns:c="c" xmlns:r="r" r:id="one"/></a:graphicData></a:graphic></p:graphicFrame>'
)
POINTS = "<c:ser><c:cat>{}</c:cat></c:ser>"


def xlsx(rows: str) -> bytes:
    sheet = f"<worksheet {SHEET}><sheetData>{rows}</sheetData></worksheet>"
    return files.changed(XLSX, "sheets/sheet1.xml", sheet.encode())


def xlsx_sheets(size: int) -> bytes:
    sheets = numbered('<sheet name="sN" sheetId="N" r:id="rId1"/>', size)
    return files.changed(
        XLSX, "xl/workbook.xml", f"<workbook {SHEET} {NAMED}><sheets>{sheets}</sheets></workbook>".encode()
    )


def xlsx_styles(size: int) -> bytes:
    styles = f"<styleSheet {SHEET}><cellXfs>{filled('<xf/>', size)}</cellXfs></styleSheet>"
    return files.changed(XLSX, "xl/styles.xml", styles.encode())


def xlsx_number_format(code: str, cells: int) -> bytes:
    """One format of numbers, and so many formats of cells with it."""
    number = f"<numFmts count='1'><numFmt numFmtId='200' formatCode='{code}'/></numFmts>"
    parts = "<fonts><font/></fonts><fills><fill/></fills><borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs>"
    formats = "<xf numFmtId='200'/>" * cells
    styles = f"<styleSheet {SHEET}>{number}{parts}<cellXfs>{formats}</cellXfs></styleSheet>"
    return files.changed(XLSX, "xl/styles.xml", styles.encode())


def odt_table(cells: str) -> bytes:
    return files.odt(f"<table:table><table:table-row>{cells}</table:table-row></table:table>")


def rtf(content: str) -> str:
    return f"{{\\rtf1 {content}}}"


def mail(headers: str = "", body: str = "Hello") -> str:
    return f"Subject: a\nFrom: a@b\n{headers}\n{body}"


def mail_in_mail(size: int) -> str:
    levels = range(size // 70)
    start = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in levels)
    return f"Subject: a\nFrom: a@b\n{start}Content-Type: text/plain\n\nHello\n" + "".join(
        f"--b{n}--\n" for n in reversed(levels)
    )


def pdf(content: bytes, more: str = "") -> bytes:
    """One page that is drawn as `content` says."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        more.encode() or b"null",
    ]
    return files.pdf_of(objects)


def pdf_words(size: int, place: Callable[[int], tuple[int, int]]) -> bytes:
    parts = ("BT /F1 9 Tf 1 0 0 1 {} {} Tm (ab) Tj ET ".format(*place(number)) for number in range(size // 38))
    return "".join(parts).encode()


def pdf_columns(size: int) -> bytes:
    """As many lines and columns of words as there is room for."""
    return pdf(pdf_words(size, lambda number: (number % 40 * 15, 790 - number // 40 * 2 % 780)))


def pdf_grid(size: int) -> bytes:
    half = size // 50
    level = "".join(f"0 {number % 800} m 600 {number % 800} l S " for number in range(half))
    upright = "".join(f"{number % 600} 0 m {number % 600} 800 l S " for number in range(half))
    return pdf((level + upright).encode() + pdf_words(size // 4, lambda number: (number % 590, number % 790)))


def pdf_notes(size: int) -> bytes:
    note = "<</Type/Annot/Subtype/Text/Contents(x)/Rect[1 1 9 9]>>"
    page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Annots[{}]>>"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>"]
    objects.append(page.format(filled(note, size)).encode())
    return files.pdf_of([*objects, b"<</Length 1>>stream\nq\nendstream"])


def png_of_size(width: int, height: int, size: int) -> bytes:
    """A picture that says it has these pixels, and has not."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(size))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def tiff_loop(size: int) -> bytes:
    """Pages of a dot each, of which the last leads back to the first."""
    count = size // 60
    entries = [(256, 1), (257, 1), (262, 1), (273, 8)]
    tags = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    length = 2 + len(tags) + 4
    pages = b"".join(
        struct.pack("<H", len(entries)) + tags + struct.pack("<I", 10 + (number + 1) % count * length)
        for number in range(count)
    )
    return b"II*\0" + struct.pack("<I", 10) + b"\x80\0" + pages


INLINE = "q 9 0 0 9 1 1 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q "
TEXT = b" BT /F1 9 Tf (x) Tj ET"

CODE_CELL = '{"cell_type": "code", "source": "a", "outputs": [{"text": "b"}]}'
KINDS: dict[str, tuple[str, Callable[[int], bytes | str]]] = {
    "html: nested blocks": ("a.html", lambda size: filled("<div>", size) + "x"),
    "html: nested lists": ("a.html", lambda size: filled("<ul><li>a", size)),
    "html: nested inline elements, then ends of others": (
        "a.html",
        lambda size: filled("<span>", size // 2) + filled("</q>", size // 2) + "x",
    ),
    "html: nested tables": ("a.html", lambda size: filled("<table><tr><td>", size) + "x"),
    "html: blocks before a table": ("a.html", lambda size: "<table>" + filled("<div>x", size)),
    "html: formats that are never closed": ("a.html", lambda size: filled("<p><b>x", size)),
    "html: formats closed in the wrong order": ("a.html", lambda size: filled("<b><i></b></i>x", size)),
    "html: many attributes": ("a.html", lambda size: f"<p {numbered('aN=1 ', size)}>x"),
    "html: attributes for the body": ("a.html", lambda size: f"x{numbered('<body aN=1>', size)}"),
    "html: a huge attribute": ("a.html", lambda size: f"<p style='{filled('display ', size)}'>x"),
    "html: comments that do not end": ("a.html", lambda size: "x" + filled("<!--", size)),
    "html: tags that do not end": ("a.html", lambda size: "x" + filled("<a b='", size)),
    "html: entities": ("a.html", lambda size: filled("&amp;&no", size)),
    "html: one line": ("a.html", lambda size: "x" * size),
    "html: headings": ("a.html", lambda size: filled("<h1>a</h1>", size)),
    "html: cells": ("a.html", lambda size: "<table><tr>" + filled("<td>a", size)),
    "html: a list to choose from": ("a.html", lambda size: "x<select>" + filled("<option>a", size)),
    "html: tags hidden in a script": (
        "a.html",
        lambda size: "x" + filled("<div><script><!--<script></script></div>--></script>", size),
    ),
    "json: nested lists": ("a.json", lambda size: nested("[", "]", size, "1")),
    "json: deep and wide": ("a.json", lambda size: nested("[", "]", 900, filled('{"b":[[1]]},', size) + "1")),
    "json: numbers": ("a.json", lambda size: f"[{filled('1,', size)}1]"),
    "json: names": ("a.json", lambda size: f'{{{numbered(chr(34) + "N" + chr(34) + ":1,", size)}"a":1}}'),
    "csv: one row": ("a.csv", lambda size: filled("a,", size)),
    "csv: rows": ("a.csv", lambda size: filled("a,b\n", size)),
    "csv: empty rows": ("a.csv", lambda size: "\n" * size + "a,b"),
    "csv: empty cells": ("a.csv", lambda size: filled(",,,,,,,,,\n", size) + "a"),
    "csv: a huge cell": ("a.csv", lambda size: "a," + "b" * size),
    "csv: a quote that does not end": ("a.csv", lambda size: '"' + filled("a,b\n", size)),
    "md: headings": ("a.md", lambda size: filled("# a\n", size)),
    "md: a heading of spaces": ("a.md", lambda size: "# a" + " " * size + "b"),
    "md: code blocks": ("a.md", lambda size: filled("```\n", size)),
    "rst: titles": ("a.rst", lambda size: filled("a\n==\n", size)),
    "rst: one rule": ("a.rst", lambda size: "=" * size + "x\n"),
    "txt: lines": ("a.txt", lambda size: filled("a\n", size)),
    "txt: spaces": ("a.txt", lambda size: "a" + " " * size + "b"),
    "rtf: nested groups": ("a.rtf", lambda size: rtf(nested("{", "}", size))),
    "rtf: nested notes": ("a.rtf", lambda size: rtf(nested("{\\footnote a{\\shptxt b", "}}", size))),
    "rtf: paragraphs": ("a.rtf", lambda size: rtf(filled("a\\par ", size))),
    "rtf: cells": ("a.rtf", lambda size: rtf("\\intbl " + filled("\\cell ", size) + "x\\row")),
    "rtf: fonts": ("a.rtf", lambda size: "{\\rtf1{\\fonttbl" + numbered("{\\fN\\fcharset128 A;}", size) + "}x}"),
    "eml: mails in mails": ("a.eml", mail_in_mail),
    "eml: parts": (
        "a.eml",
        lambda size: mail("Content-Type: multipart/mixed; boundary=b\n", filled("--b\n\na\n", size) + "--b--\n"),
    ),
    "eml: addresses": ("a.eml", lambda size: mail(f"To: {filled('a@b, ', size)}c@d\n")),
    "eml: quotes in addresses": ("a.eml", lambda size: mail(f"To: {filled(chr(34), size)}c@d\n")),
    "eml: parameters": ("a.eml", lambda size: mail(f"Content-Type: text/plain; {numbered('aN=1; ', size)}\n")),
    "eml: encoded words": ("a.eml", lambda size: f"Subject: {filled('=?utf-8?q?a?= ', size)}\n\nHello"),
    "eml: headers": ("a.eml", lambda size: mail(numbered("X-N: a\n", size))),
    "eml: attached files": (
        "a.eml",
        lambda size: mail(
            "Content-Type: multipart/mixed; boundary=b\n",
            (f"--b\nContent-Disposition: attachment; filename=a.csv\n\n{filled('a,b' + chr(10), size // 300)}\n" * 300)
            + "--b--\n",
        ),
    ),
    "eml: quoted mails": ("a.eml", lambda size: mail(body=filled("From: a@b\nSubject: c\n", size))),
    "eml: senders alone": ("a.eml", lambda size: mail(body=filled("From: a@b\n", size) + " " * size + "x")),
    "eml: html": ("a.eml", lambda size: mail("Content-Type: text/html\n", filled("<div>", size) + "x")),
    "docx: nested insertions": ("a.docx", lambda size: docx(nested("<w:ins>", "</w:ins>", size, PARAGRAPH))),
    "docx: paragraphs": ("a.docx", lambda size: docx(filled(PARAGRAPH, size))),
    "docx: empty paragraphs": ("a.docx", lambda size: docx(filled("<w:p/>", size) + PARAGRAPH)),
    "docx: attributes": ("a.docx", lambda size: docx("<w:p " + numbered("aN='1' ", size) + "/>" + PARAGRAPH)),
    "docx: one note for all": ("a.docx", docx_notes),
    "docx: parts": ("a.docx", docx_parts),
    "docx: styles based on a huge one": ("a.docx", docx_styles),
    "odt: nested sections": (
        "a.odt",
        lambda size: files.odt(nested("<text:section>", "</text:section>", size, "<text:p>x</text:p>")),
    ),
    "odt: repeated cells in repeated cells": (
        "a.odt",
        lambda size: files.odt(
            nested(
                "<table:table><table:table-row><table:table-cell table:number-columns-repeated='99'>",
                "</table:table-cell></table:table-row></table:table>",
                min(size, 6000),
                f"<text:p>{'x' * 100}</text:p>",
            )
        ),
    ),
    "odt: spaces": (
        "a.odt",
        lambda size: files.odt("<text:p>" + filled('x<text:s text:c="9"/>', size) + "</text:p>"),
    ),
    "pptx: nested groups": ("a.pptx", lambda size: pptx(nested("<p:grpSp>", "</p:grpSp>", size, SHAPE))),
    "pptx: nested paragraphs": (
        "a.pptx",
        lambda size: pptx(
            "<p:sp><p:txBody>"
            + nested("<a:p>", "</a:p>", 2000, filled("<a:r><a:t>x</a:t></a:r>", size))
            + "</p:txBody></p:sp>"
        ),
    ),
    "pptx: shapes": ("a.pptx", lambda size: pptx(filled(SHAPE, size))),
    "pptx: one chart for all": (
        "a.pptx",
        lambda size: pptx_chart(
            filled(CHART, size // 2), POINTS.format(filled('<c:pt idx="1"><c:v>1</c:v></c:pt>', size // 2))
        ),
    ),
    "pptx: rows of a chart": (
        "a.pptx",
        lambda size: pptx_chart(
            CHART,
            POINTS.format(numbered('<c:pt idx="N"><c:v>1</c:v></c:pt>', size // 2)) + filled("<c:ser/>", size // 2),
        ),
    ),
    "xlsx: one row": ("a.xlsx", lambda size: xlsx(f"<row>{filled(CELL, size)}</row>")),
    "xlsx: rows": ("a.xlsx", lambda size: xlsx(filled(f"<row>{CELL}</row>", size))),
    "xlsx: empty cells": (
        "a.xlsx",
        lambda size: xlsx(filled(f"<row>{'<c/>' * 20}</row>", size) + f"<row>{CELL}</row>"),
    ),
    "xlsx: the last row": ("a.xlsx", lambda size: xlsx('<row r="1048576"><c r="A1048576"><v>1</v></c></row>')),
    "xlsx: nested elements": ("a.xlsx", lambda size: xlsx(nested("<x>", "</x>", size, f"<row>{CELL}</row>"))),
    "xlsx: merged cells": (
        "a.xlsx",
        lambda size: files.changed(
            XLSX,
            "sheets/sheet1.xml",
            f"<worksheet {SHEET}><sheetData>{filled(f'<row>{CELL}</row>', size // 2)}</sheetData><mergeCells>"
            f"{filled('<mergeCell ref=' + chr(34) + 'A1:ZZ900000' + chr(34) + '/>', size // 2)}"
            "</mergeCells></worksheet>".encode(),
        ),
    ),
    "xlsx: a format of digits for all": (
        "a.xlsx",
        lambda size: files.changed(
            xlsx_number_format("#," * 127, 1),
            "sheets/sheet1.xml",
            f"<worksheet {SHEET}><sheetData><row>{filled(FORMATTED, size)}</row></sheetData></worksheet>".encode(),
        ),
    ),
    "xlsx: sheets": ("a.xlsx", xlsx_sheets),
    "xlsx: formats": ("a.xlsx", xlsx_styles),
    "xlsx: a huge format of numbers": ("a.xlsx", lambda size: xlsx_number_format("[" * size, 1)),
    "xlsx: a format of numbers for all": ("a.xlsx", lambda size: xlsx_number_format("[" * 255, size // 20)),
    "pdf: nested arrays": ("a.pdf", lambda size: pdf(TEXT, "[" * (size // 2) + "]" * (size // 2))),
    "pdf: saved states": ("a.pdf", lambda size: pdf(b"q " * (size // 2) + TEXT)),
    "pdf: strings": ("a.pdf", lambda size: pdf(b"BT /F1 9 Tf " + b"(x) Tj " * (size // 7) + b" ET")),
    "pdf: lines": ("a.pdf", lambda size: pdf(b"1 1 m 2 2 l S " * (size // 14) + TEXT)),
    "pdf: a grid": ("a.pdf", pdf_grid),
    "pdf: one large path": ("a.pdf", lambda size: pdf(b"1 1 m " + b"9 9 l 9 1 l " * (size // 12) + b"S" + TEXT)),
    "pdf: words in columns": ("a.pdf", pdf_columns),
    "pdf: words side by side": ("a.pdf", lambda size: pdf(pdf_words(size, lambda n: (n % 600, 400 + n % 3)))),
    "pdf: notes": ("a.pdf", pdf_notes),
    "pdf: pictures": ("a.pdf", lambda size: pdf(filled(INLINE, size).encode() + TEXT)),
    "png: a huge size": ("a.png", lambda size: png_of_size(30_000, 30_000, size)),
    "tiff: pages that lead to each other": ("a.tiff", tiff_loop),
    "ods: rows": ("a.ods", lambda size: files.ods([["a", "b"]] * (size // 150))),
    "ods: repeated cells": (
        "a.ods",
        lambda size: files.changed(
            files.ods([["a"]]),
            "content.xml",
            files.part(files.ods([["a"]]), "content.xml").replace(
                b"<table:table-row>",
                filled(
                    "<table:table-row table:number-rows-repeated='1000'><table:table-cell "
                    "table:number-columns-repeated='16384'><text:p>x</text:p></table:table-cell></table:table-row>",
                    size,
                ).encode()
                + b"<table:table-row>",
                1,
            ),
        ),
    ),
    "odp: slides": ("a.odp", lambda size: files.odp(*["a"] * (size // 150))),
    "epub: chapters": ("a.epub", lambda size: files.epub(*["a"] * (size // 500))),
    "epub: nested blocks": ("a.epub", lambda size: files.epub(filled("<div>", size))),
    "mbox: mails": ("a.mbox", lambda size: filled("From a\nSubject: b\nFrom: c@d\n\nHello\n\n", size)),
    "mbox: starts": ("a.mbox", lambda size: filled("From a\n\n", size)),
    "ics: events": ("a.ics", lambda size: "BEGIN:VCALENDAR\n" + filled("BEGIN:VEVENT\nSUMMARY:a\nEND:VEVENT\n", size)),
    "ics: options": (
        "a.ics",
        lambda size: f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTENDEE{filled(';a=b', size)}:c\nEND:VEVENT",
    ),
    "ics: one long line": ("a.ics", lambda size: "BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + filled("SUMMARY:a\n b", size)),
    "ipynb: cells": (
        "a.ipynb",
        lambda size: f'{{"cells": [{filled(CODE_CELL + ",", size)}{CODE_CELL}]}}',
    ),
    "ipynb: nested lists": ("a.ipynb", lambda size: nested("[", "]", size, "1")),
    "srt: lines": ("a.srt", lambda size: filled("1\n00:01:05,000 --> 00:01:07,000\nHello\n\n", size)),
    "srt: tags": ("a.srt", lambda size: "1\n00:01:05,000 --> 00:01:07,000\n" + filled("<c.a", size) + "x"),
    "tex: sections": ("a.tex", lambda size: filled("\\section{a}\n", size)),
    "tex: braces": ("a.tex", lambda size: filled("\\section[", size) + filled("{", size)),
    "org: blocks": ("a.org", lambda size: filled("#+begin_src\n* a\n", size)),
    "code: definitions": ("a.py", lambda size: filled("def a():\n", size)),
    "code: words before a definition": (
        "a.js",
        lambda size: filled(filled("export default async ", 290) + "\n", size),
    ),
    "code: one line": ("a.js", lambda size: "x" * size),
    "msg: text": ("a.msg", lambda size: files.msg("a", "b" * min(size // 2, 20_000))),
    "xls: cells": ("a.xls", lambda size: files.xls([[1.0] * 20] * min(size // 500, 90))),
}
