"""Decodes bytes to text, whatever their encoding."""

import codecs
import re
from pathlib import Path

from documents.extraction.types import ExtractionError

SAMPLE_BYTES = 200_000
NOT_TEXT = (
    "This does not look like a text file. If it is of another type, correct its file extension and upload it again."
)
UNKNOWN = "The text of this file is in an encoding that is not known. Save it as UTF-8 and upload that."

# UTF-32 first: its little-endian mark starts with UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The encodings that files commonly have. Of the hundred that Python knows, many decode any bytes to something.
COMMON = [
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp850", "cp874"),
    *("koi8_r", "mac_roman", "cp932", "euc_jp", "gb18030", "big5", "cp949"),
]
WESTERN = "cp1252"
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
WITH_LETTERS = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")


def read_text(path: Path, declared: str = "") -> str:
    """Return the file's text, its line ends as `\\n`. Raises ExtractionError if it is not text."""
    return clean(decode(path.read_bytes(), declared))


def decode(data: bytes, declared: str = "") -> str:
    """Return `data` as text: by its byte order mark, as UTF-8, as `declared`, or as its letters suggest."""
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "") or _wide(data)
    if not encoding and (b"\0" in data or data.startswith(b"%PDF-")):
        raise ExtractionError(NOT_TEXT)
    for candidate in [encoding] if encoding else _candidates(data, declared):
        text = decoded(data, candidate)
        if text is not None:
            return _checked(text)
    return _checked(_nearly_utf8(data) or _guessed(data))


def decoded(data: bytes, encoding: str) -> str | None:
    """Return `data` in `encoding`, or None if that does not fit or is unknown."""
    try:
        return data.decode(encoding) if encoding else None
    except (UnicodeError, LookupError):
        return None


def clean(text: str) -> str:
    """Return `text` with `\\n` for every line end and without characters that databases or pages cannot hold."""
    return CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n"))


def _wide(data: bytes) -> str:
    """Detect UTF-16 without a mark: in most languages every other byte of line ends, spaces and digits is zero."""
    even, odd = data[:SAMPLE_BYTES:2].count(0), data[1:SAMPLE_BYTES:2].count(0)
    half = min(len(data), SAMPLE_BYTES) // 2
    if min(even, odd) > half // 50 or max(even, odd) < half // 3 + 1:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _candidates(data: bytes, declared: str) -> list[str]:
    """Return encodings to try. Those that switch with escape characters are also valid UTF-8, so they come first."""
    return [declared, "iso2022_jp_2", "utf-8"] if b"\x1b$" in data[:SAMPLE_BYTES] else ["utf-8", declared]


def _nearly_utf8(data: bytes) -> str:
    """Return UTF-8 with a few bad bytes among many good letters, as programs that cut texts leave it; otherwise ""."""
    text = data.decode(errors="replace")
    bad = text.count("\ufffd")
    letters = sum(not character.isascii() for character in text[:SAMPLE_BYTES])
    return text if bad * 10 < letters else ""


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes

    telling = b"".join(match[0] for match in WITH_LETTERS.finditer(data[: 50 * SAMPLE_BYTES]))[:SAMPLE_BYTES]
    matches = from_bytes(telling or data[:SAMPLE_BYTES], cp_isolation=COMMON)
    best = matches.best()
    if best is None:
        raise ExtractionError(UNKNOWN)
    ties = [match for match in matches if (match.chaos, match.coherence) == (best.chaos, best.coherence)]
    # Short texts fit several encodings equally well; most are Western.
    western = any(WESTERN in match.could_be_from_charset for match in ties)
    text = decoded(data, WESTERN if western else best.encoding)
    if text is None:
        raise ExtractionError(UNKNOWN)
    return text


def _checked(text: str) -> str:
    """Return the text. Raise ExtractionError for binary data, which often decodes but has many control characters."""
    sample = text[:SAMPLE_BYTES]
    if len(CONTROLS.findall(sample)) > len(sample) // 100 + 1:
        raise ExtractionError(NOT_TEXT)
    return text
