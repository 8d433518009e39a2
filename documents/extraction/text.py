"""Plain text, and what every format made of text shares: decoding, cleaning, cutting into pages."""

import codecs
import re
from collections.abc import Iterable
from pathlib import Path

from documents.extraction.types import Extracted, ExtractionError, Heading, Limits

# A page is shown whole beside a citation, so a long text is cut into several.
PAGE_CHARACTERS = 50_000
SAMPLE_BYTES = 200_000
NOT_TEXT = (
    "This does not look like a text file. If it is of another type, give it its right ending and upload it again."
)

# UTF-32 first: its little-endian mark starts with UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def extract(path: Path, limits: Limits) -> Extracted:
    return paged(clean(decode(path.read_bytes())))


def decode(data: bytes, declared: str = "") -> str:
    """Return `data` as text: by its byte order mark, as UTF-8, as `declared`, or as its letters suggest."""
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "")
    if not encoding and (b"\0" in data or data.startswith(b"%PDF-")):
        raise ExtractionError(NOT_TEXT)
    for candidate in [encoding] if encoding else ["utf-8", declared]:
        text = _decoded(data, candidate)
        if text is not None:
            return _checked(text)
    return _checked(_guessed(data))


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding) if encoding else None
    except (UnicodeError, LookupError):
        return None


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SAMPLE_BYTES]).best()
    text = _decoded(data, best.encoding) if best else None
    if text is None:
        raise ExtractionError("The text of this file is in an encoding that is not known. Save it as UTF-8.")
    return text


def _checked(text: str) -> str:
    """Binary data often decodes as something; letters for devices give it away."""
    sample = text[:SAMPLE_BYTES]
    if len(CONTROLS.findall(sample)) > len(sample) // 100 + 1:
        raise ExtractionError(NOT_TEXT)
    return text


def clean(text: str) -> str:
    """Return `text` with `\\n` for every line end and without characters that no database or page can hold."""
    return CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n"))


def paged(text: str, headings: Iterable[tuple[int, str]] = (), title: str = "") -> Extracted:
    """Cut `text` into pages at line ends; `headings` are given by their character in the whole text."""
    starts = [0]
    while len(text) - starts[-1] > PAGE_CHARACTERS:
        starts.append(_cut(text, starts[-1]))
    ends = [*starts[1:], len(text)]
    pages = tuple(text[start:end] for start, end in zip(starts, ends, strict=True))
    return Extracted(title[:300], pages, tuple(_placed(headings, ends)))


def _cut(text: str, start: int) -> int:
    """The best place to end the page that starts at `start`: a blank line, a line end, a space, anywhere."""
    limit = start + PAGE_CHARACTERS
    for mark in ("\n\n", "\n", " "):
        found = text.rfind(mark, start + PAGE_CHARACTERS // 2, limit)
        if found > 0:
            return found + len(mark)
    return limit


def _placed(headings: Iterable[tuple[int, str]], ends: list[int]) -> Iterable[Heading]:
    page = 0
    for start, text in headings:
        while start >= ends[page]:
            page += 1
        yield Heading(page + 1, start - (ends[page - 1] if page else 0), text[:300])
