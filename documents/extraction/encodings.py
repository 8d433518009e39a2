"""Decodes bytes to text, whatever their encoding."""

# ruff: noqa: RUF001

import codecs
import re
import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

from documents.encoding_choices import LETTERS_TELL
from documents.extraction.reading import chosen_encoding, note
from documents.extraction.types import ExtractionError, Unread
from langai_site.words import gettext_noop

SAMPLE_BYTES = 200_000
# This share of a text's characters is of its own letters and of ASCII.
MOSTLY = 0.95
NOT_TEXT = gettext_noop(
    "This does not look like a text file. If it is of another type, correct its file extension and upload it again."
)
UNKNOWN = gettext_noop("The text of this file is in an encoding that is not known. Save it as UTF-8 and upload that.")

# UTF-32 first: its little-endian mark starts with UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Most files in which no letter tells anything, because they have only a currency sign or a dash, are Western.
WESTERN = "cp1252"
# It writes the tones of Vietnamese as characters of their own.
WITH_TONES_APART = "cp1258"
# How near its letters must come to the likeliest other encoding to be taken for Western: most such files are.
WESTERN_SHARE = 0.6
# In the Western encoding, few languages have them; in others, their bytes are letters of Turkish and the Baltic ones.
RARE_LETTERS = re.compile("[ðþÐÞ]")
# Signs of units, numbers and ordinals, which count as letters elsewhere.
SIGNS = "ªºµ¹²³¼½¾"
LETTER = rf"[^\W\d_{SIGNS}]"
WORD = re.compile(LETTER + "{2,}")
# Characters that hardly any text has, or not there: in the middle of a word, or as a part of a frame or
# a mark beside one; only the bars between the cells of a table stand there.
ODD_SIGN = re.compile(
    rf"[\x80-\x9f¤]|(?<={LETTER})[±×÷¬¦©®°¢£¥€™¼½¾ªº¶§«»‹›‚„†‡¿¡](?={LETTER})"
    rf"|£(?={LETTER})|(?<={LETTER})[¼½¾]|(?<={LETTER})[“”‘•](?={LETTER})|(?<={LETTER})[£¢¡¿•](?!\w)"
    r"|[\u2500-\u259f](?<![│║])(?=\w)|(?<=\w)[\u2500-\u259f˛¸˝ˇ˘˙¨](?<![│║])"
)
# Signs beyond ASCII that may touch a letter: after one, before one, between two. Others are letters of other encodings.
AFTER, BEFORE, BETWEEN = "’”“‘»›…™®©²³¹°ºª–—\xa0", "“‘’«‹„‚¿¡§©°µ•·…–—\xa0", "’–—·²³\xa0"
# What must come after an opening sign, and before another one.
CLOSED_BY = {"„": "“”", "‚": "‘’"}
OPENED_AFTER = frozenset(" \t\n\r\xa0(\"'“‘«„-–—/¿¡")
# In a text with so few bytes beyond ASCII, a dash between letters, or a space that ends a word, may be one, too.
FEW_BYTES = 3
DASHED = re.compile(rf"(?<={LETTER})[–—](?={LETTER})|(?<={LETTER})\xa0(?=[\s.,;:!?)]|$)")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
WITH_LETTERS = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")


def read_text(path: Path, declared: str = "") -> str:
    """Return the file's text, its line ends as `\\n`. Raises ExtractionError if it is not text."""
    return clean(decode(path.read_bytes(), declared))


def decode(data: bytes, declared: str = "") -> str:
    """Return `data` as text: as a person chose, by its byte order mark, as UTF-8, as `declared`, or as its letters
    suggest. A note says if that is a guess, or if characters were lost.
    """
    if chosen := chosen_encoding():
        return _checked(_forced(data, chosen))
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "") or _wide(data) or _wide_letters(data)
    if not encoding and (b"\0" in data or data.startswith(b"%PDF-")):
        raise ExtractionError(NOT_TEXT)
    for candidate in [encoding] if encoding else _candidates(data, declared):
        text = decoded(data, candidate)
        if text is not None and not _is_chance(text):
            return _checked(text)
    return _checked(_nearly_utf8(data) or _guessed(data))


def _is_chance(text: str) -> bool:
    """Return whether all that is beyond ASCII is one rare character, which four bytes of another encoding also make."""
    beyond = [character for character in text[:SAMPLE_BYTES] if not character.isascii()]
    return len(beyond) == 1 and 0x20000 <= ord(beyond[0]) < 0x40000


def _forced(data: bytes, encoding: str) -> str:
    text = data.decode(encoding, errors="replace").removeprefix("\ufeff")
    if lost := text.count("\ufffd"):
        note(Unread.LOST_CHARACTERS, count=lost)
    return _composed(text, encoding)


def _composed(text: str, encoding: str) -> str:
    """Return Vietnamese as everybody types it in a question, with each tone and its letter as one character."""
    return unicodedata.normalize("NFC", text) if encoding == WITH_TONES_APART else text


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


def _wide_letters(data: bytes) -> str:
    """Detect UTF-16 without a mark in languages of other letters: only their spaces, digits and line ends have zeros.

    Read in the right order of bytes, nearly all is letters of two blocks of Unicode or ASCII.
    """
    if b"\0" not in data[:SAMPLE_BYTES] or len(data) % 2:
        return ""
    for encoding in ("utf-16-le", "utf-16-be"):
        sample = decoded(data[:SAMPLE_BYTES], encoding) or ""
        known = [letter for letter in sample if letter.isprintable() or letter in "\r\n\t"]
        spaces = sum(letter in " \r\n\u3000\u3002" for letter in sample)
        blocks = Counter("cjk" if "\u2e80" <= letter <= "\ud7ff" else ord(letter) >> 8 for letter in known)
        common = sum(count for _, count in blocks.most_common(2))
        if known and len(known) == len(sample) and spaces and common >= MOSTLY * len(sample) and 0 in blocks:
            return encoding
    return ""


def _candidates(data: bytes, declared: str) -> list[str]:
    """Return encodings to try. Those that switch with escape characters are also valid UTF-8, so they come first."""
    return [declared, "iso2022_jp_2", "utf-8"] if b"\x1b$" in data[:SAMPLE_BYTES] else ["utf-8", declared]


def _nearly_utf8(data: bytes) -> str:
    """Return UTF-8 with a few bad bytes among many good letters, as programs that cut texts leave it; otherwise ""."""
    text = data.decode(errors="replace")
    bad = text.count("\ufffd")
    letters = sum(not character.isascii() for character in text[:SAMPLE_BYTES])
    if bad * 10 >= letters:
        return ""
    note(Unread.LOST_CHARACTERS, count=bad)
    return text


def _guessed(data: bytes) -> str:
    """Return the text in the encoding in which it is most like some language."""
    sample = b"".join(match[0] for match in WITH_LETTERS.finditer(data[: 50 * SAMPLE_BYTES]))[:SAMPLE_BYTES]
    if _only_signs(sample) and (text := decoded(data, WESTERN)) is not None:
        if sum(byte > 0x7F for byte in sample) <= FEW_BYTES and DASHED.search(text):
            note(Unread.GUESSED_ENCODING, WESTERN)
        return text
    texts = [(name, text) for name in _by_language(sample) if (text := decoded(data, name)) is not None]
    if not texts:
        raise ExtractionError(UNKNOWN)
    # Of encodings in which equally few words and signs are odd, min() takes the first.
    encoding, text = min(texts, key=lambda found: _oddness(found[1][:SAMPLE_BYTES]))
    note(Unread.GUESSED_ENCODING, encoding)
    return _composed(text, encoding)


def _only_signs(sample: bytes) -> bool:
    """Return whether all beyond ASCII are dashes, quotes and currency signs, which most encodings of Windows share."""
    text = decoded(sample, WESTERN)
    if text is None or _oddness(text.replace("¤", "")):
        return False
    around = zip(f" {text}", text, f"{text[1:]} ", strict=False)
    return all(sign.isascii() or _is_in_place(sign, before, after, text) for before, sign, after in around)


def _is_in_place(sign: str, before: str, after: str, text: str) -> bool:
    """Return whether a sign beyond ASCII stands where Western texts have it, beside these two characters."""
    if _is_letter(sign):
        return False
    if (sign in "¿¡" and before not in OPENED_AFTER) or (sign in "ªº" and not before.isalnum()):
        return False
    if _is_letter(before):
        return sign in (BETWEEN if _is_letter(after) else AFTER)
    closing = CLOSED_BY.get(sign, "")
    return not _is_letter(after) or (sign in BEFORE and (not closing or any(each in text for each in closing)))


def _is_letter(character: str) -> bool:
    return character.isalpha() and character not in SIGNS


def _by_language(sample: bytes) -> list[str]:
    """Return encodings by how well the pairs of letters fit a language that is written in them, best first.

    The Western one comes before those that are hardly better.
    """
    from chardet import detect_all

    # A few bytes at the end may be half a character.
    found = detect_all(sample, compat_names=False, include_encodings=LETTERS_TELL, no_match_encoding=WESTERN)
    fits = {match["encoding"] or WESTERN: match["confidence"] for match in found}
    names = [name for name in fits if name != WESTERN]
    share = 1 if RARE_LETTERS.search(decoded(sample, WESTERN) or "") else WESTERN_SHARE
    best, western = max(fits.values(), default=0), fits.get(WESTERN, 0)
    better = [name for name in names if western < share * best and fits[name] >= western]
    return [*better, WESTERN, *(name for name in names if name not in better)]


def _oddness(text: str) -> int:
    """Count what hints at a wrong guess: signs in odd places, and words beyond ASCII that mix alphabets or have
    capitals after small letters.
    """
    words = sum(_is_odd(word[0]) for word in WORD.finditer(text) if not word[0].isascii())
    return words + sum(1 for _ in ODD_SIGN.finditer(text))


def _is_odd(word: str) -> bool:
    latin = sum(_is_latin(letter) for letter in word)
    return 0 < latin < len(word) or any(before.islower() and after.isupper() for before, after in pairwise(word))


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")


def _checked(text: str) -> str:
    """Return the text. Raise ExtractionError for binary data, which often decodes but has many control characters."""
    sample = text[:SAMPLE_BYTES]
    if len(CONTROLS.findall(sample)) > len(sample) // 100 + 1:
        raise ExtractionError(NOT_TEXT)
    return text
