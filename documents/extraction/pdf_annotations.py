"""Reads what people put onto PDF pages afterwards: values of form fields, free text, notes and stamps."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pypdfium2
from pypdfium2 import raw

from documents.extraction.pdf_words import Line, PdfWord, turned

# What the contents of an annotation are called; others (links, pop-up windows, films) say nothing of their own.
NAMES = {
    raw.FPDF_ANNOT_TEXT: "Note",
    raw.FPDF_ANNOT_FREETEXT: "Text",
    raw.FPDF_ANNOT_STAMP: "Stamp",
    raw.FPDF_ANNOT_HIGHLIGHT: "Note on a highlighted text",
    raw.FPDF_ANNOT_UNDERLINE: "Note on an underlined text",
    raw.FPDF_ANNOT_SQUIGGLY: "Note on an underlined text",
    raw.FPDF_ANNOT_STRIKEOUT: "Note on a deleted text",
    raw.FPDF_ANNOT_CARET: "Note",
    raw.FPDF_ANNOT_INK: "Note on a drawing",
    raw.FPDF_ANNOT_LINE: "Note on a drawing",
    raw.FPDF_ANNOT_SQUARE: "Note on a drawing",
    raw.FPDF_ANNOT_CIRCLE: "Note on a drawing",
    raw.FPDF_ANNOT_POLYGON: "Note on a drawing",
    raw.FPDF_ANNOT_POLYLINE: "Note on a drawing",
    raw.FPDF_ANNOT_FILEATTACHMENT: "Note on an attachment",
}
MARKED = (
    raw.FPDF_ANNOT_HIGHLIGHT,
    raw.FPDF_ANNOT_UNDERLINE,
    raw.FPDF_ANNOT_SQUIGGLY,
    raw.FPDF_ANNOT_STRIKEOUT,
)
HIDDEN = raw.FPDF_ANNOT_FLAG_HIDDEN
PASSWORD_FIELD = 1 << 13
MOST_ANNOTATIONS, MOST_CHARACTERS, MOST_OPTIONS = 1000, 100_000, 1000
CHECKED, NOT_CHECKED = "[x]", "[ ]"

Form = Any


@dataclass(frozen=True)
class Annotations:
    """`fields` are the values of form fields at their places, each with the field's name; `notes` are lines of text
    that belong to the whole page.
    """

    fields: list[tuple[PdfWord, str]]
    notes: list[str]


def annotations_of(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, form: Form, quarters: int) -> Annotations:
    """Return what was added to the page; `form` is PDFium's handle of the document's form, or None without one."""
    fields: list[tuple[PdfWord, str]] = []
    notes: list[str] = []
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), MOST_ANNOTATIONS)):
        with _annotation(page, index) as annotation:
            if not annotation or raw.FPDFAnnot_GetFlags(annotation) & HIDDEN:
                continue
            kind = raw.FPDFAnnot_GetSubtype(annotation)
            if kind == raw.FPDF_ANNOT_WIDGET:
                if form and (value := _value(form, annotation)):
                    fields.append((PdfWord(value, *turned(_box(annotation), quarters)), _name(form, annotation)))
            elif kind in NAMES and (contents := _string(annotation, b"Contents")):
                marked = _marked(annotation, text_page) if kind in MARKED else ""
                notes.append(_note(NAMES[kind], contents, marked, _string(annotation, b"T")))
    return Annotations(fields, notes)


def with_fields(lines: list[Line], fields: list[tuple[PdfWord, str]]) -> list[Line]:
    """Return the lines with each field's value in the line beside it, or with its name as a line at its height."""
    lines = [list(line) for line in lines]
    for field, name in sorted(fields, key=lambda item: (-item[0].top, item[0].left)):
        middle = (field.top + field.bottom) / 2
        beside = next((line for line in lines if _covers(line, middle)), None)
        if beside is not None:
            place = next((at for at, word in enumerate(beside) if word.left > field.middle), len(beside))
            beside.insert(place, field)
        else:
            below = next((at for at, line in enumerate(lines) if line[0].top < middle), len(lines))
            lines.insert(below, [replace(field, text=f"{name}: {field.text}") if name else field])
    return lines


def _covers(line: Line, height: float) -> bool:
    return min(word.bottom for word in line) <= height <= max(word.top for word in line)


@contextmanager
def _annotation(page: pypdfium2.PdfPage, index: int) -> Iterator[Any]:
    annotation = raw.FPDFPage_GetAnnot(page, index)
    try:
        yield annotation
    finally:
        if annotation:
            raw.FPDFPage_CloseAnnot(annotation)


def _note(name: str, contents: str, marked: str, author: str) -> str:
    on = f" “{marked}”" if marked else ""
    by = f" ({author})" if author else ""
    return f"{name}{on}{by}: {contents}"


def _value(form: Form, annotation: Any) -> str:  # noqa: ANN401
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
        return CHECKED if raw.FPDFAnnot_IsChecked(form, annotation) else NOT_CHECKED
    if kind in (raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX) and (chosen := _chosen(form, annotation)):
        return chosen
    secret = raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & PASSWORD_FIELD
    if kind == raw.FPDF_FORMFIELD_PUSHBUTTON or (kind == raw.FPDF_FORMFIELD_TEXTFIELD and secret):
        return ""
    return _text(partial(raw.FPDFAnnot_GetFormFieldValue, form, annotation))


def _name(form: Form, annotation: Any) -> str:  # noqa: ANN401
    """Return what the field asks for, as its maker put it for people, or its technical name."""
    alternate = _text(partial(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation))
    return alternate or _text(partial(raw.FPDFAnnot_GetFormFieldName, form, annotation))


def _chosen(form: Form, annotation: Any) -> str:  # noqa: ANN401
    """Return the labels of the chosen options; their values are often numbers."""
    count = min(raw.FPDFAnnot_GetOptionCount(form, annotation), MOST_OPTIONS)
    chosen = [index for index in range(count) if raw.FPDFAnnot_IsOptionSelected(form, annotation, index)]
    labels = (_text(partial(raw.FPDFAnnot_GetOptionLabel, form, annotation, index)) for index in chosen)
    return ", ".join(filter(None, labels))


def _marked(annotation: Any, text_page: pypdfium2.PdfTextPage) -> str:  # noqa: ANN401
    left, right, bottom, top = _box(annotation)
    return " ".join(text_page.get_text_bounded(left, bottom, right, top).split())[:MOST_CHARACTERS]


def _box(annotation: Any) -> tuple[float, float, float, float]:  # noqa: ANN401
    box = raw.FS_RECTF()
    raw.FPDFAnnot_GetRect(annotation, ctypes.byref(box))
    return (
        min(box.left, box.right),
        max(box.left, box.right),
        min(box.bottom, box.top),
        max(box.bottom, box.top),
    )


def _string(annotation: Any, key: bytes) -> str:  # noqa: ANN401
    return _text(partial(raw.FPDFAnnot_GetStringValue, annotation, key))


def _text(get: Callable[[Any, int], int]) -> str:
    """Return a text of PDFium's, which first tells its size in bytes and then fills a buffer with UTF-16."""
    size = min(get(None, 0), 2 * MOST_CHARACTERS)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    get(ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    text = buffer.raw[: size - 2].decode("utf-16-le", errors="ignore")
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.replace("\r", "\n").split("\n"))))
