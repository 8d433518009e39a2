"""Reads rich text (RTF): paragraphs, headings, lists, tables, text boxes and notes, in any of its code pages."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from documents.extraction.layout import PageDraft
from documents.extraction.rtf_writer import BODY_LEVEL, RtfWriter
from documents.extraction.types import Extracted, ExtractionError, Limits
from documents.sentences import said
from langai_site.words import gettext_noop

NOT_ONE = gettext_noop(
    "This is not an RTF document, though its name says so. Correct the file extension and upload it again."
)
MAX_GROUPS = 1000
TOO_DEEP = said(
    gettext_noop(
        "This RTF document nests its groups more than %(max_groups)s levels deep. Save it again as .docx and upload "
        "that."
    ),
    max_groups=MAX_GROUPS,
)
CUT = gettext_noop("This RTF document is damaged or not complete. Save or download it again.")

TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,9})? ?|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<symbol>.)"
    r"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\",
    re.DOTALL,
)
SKIPPED = {
    *("colortbl", "datafield", "datastore", "filetbl", "fldinst", "footer", "footerf", "footerl", "footerr"),
    *("header", "headerf", "headerl", "headerr", "info", "listoverridetable", "listtable", "nonesttables", "objdata"),
    *("pict", "private", "rsidtbl", "shprslt", "themedata", "xe", "tc", "bkmkstart", "bkmkend"),
}
# Text that belongs elsewhere than where it is written.
ASIDES = {"fonttbl": "fonts", "stylesheet": "styles", "footnote": "note", "shptxt": "box"}
ASIDES |= {"listtext": "mark", "pntext": "mark"}
CHARACTERS = {
    **{"line": "\n", "tab": "\t", "emdash": "\u2014", "endash": "\u2013", "bullet": "\u2022", "lquote": "\u2018"},
    **{"rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d", "emspace": " ", "enspace": " "},
    **{"qmspace": " ", "nestcell": " ", "nestrow": " ", "~": "\u00a0", "_": "\u2011", "\\": "\\", "{": "{", "}": "}"},
}
PARAGRAPH_ENDS = ("par", "sect", "page", "\n", "\r")
# A font's charset -> the code page of its text. Other fonts use the document's code page.
CHARSETS = {
    **{77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253"},
    **{162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874"},
    **{238: "cp1250", 254: "cp437", 255: "cp850"},
}
CODE_PAGES = {"ansi": "cp1252", "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
# Their text consists of names of fonts and styles.
NAMES = ("fonts", "styles")


def extract(path: Path, limits: Limits) -> Extracted:
    return read(path.read_bytes(), limits)


def read(data: bytes, limits: Limits) -> Extracted:
    # Every byte becomes a character here: its meaning depends on the font.
    text = data.decode("latin-1").strip("\0\r\n\t ")
    if not text.startswith("{\\rtf"):
        raise ExtractionError(NOT_ONE)
    reader = RtfReader(limits)
    if not reader.read(text):
        raise ExtractionError(CUT)
    return reader.draft.extracted()


@dataclass(frozen=True)
class RtfGroup:
    """The settings from a brace to the one that closes it; `fallbacks` characters follow one that is given as \\u."""

    aside: str = ""
    skipped: bool = False
    hidden: bool = False
    font: int = -1
    fallbacks: int = 1


class RtfReader:
    """A document being read, token by token."""

    def __init__(self, limits: Limits) -> None:
        self.draft = PageDraft(limits)
        self._writer = RtfWriter(self.draft)
        self._groups: list[RtfGroup] = []
        self._group = RtfGroup()
        self._bytes = bytearray()
        self._to_skip = 0
        self._code_page, self._default_font = "cp1252", -1
        self._fonts: dict[int, str] = {}
        self._styles: dict[int, int] = {}
        self._style = 0
        self._actions: dict[str, Callable[[int], None]] = {
            **{name: partial(self._set_code_page, name=page) for name, page in CODE_PAGES.items()},
            **{name: partial(self._open_aside, aside=aside) for name, aside in ASIDES.items()},
            **{name: partial(self._add, text=text) for name, text in CHARACTERS.items()},
            **{name: lambda _: self._writer.end_paragraph() for name in PARAGRAPH_ENDS},
            **{name: lambda _: self._set(skipped=True) for name in (*SKIPPED, "*")},
            **{name: lambda on: self._set(hidden=on != 0) for name in ("v", "deleted")},
            "ansicpg": lambda page: self._set_code_page(page, name=f"cp{page}"),
            "cell": lambda _: self._writer.end_cell(),
            "deff": self._set_default_font,
            "f": lambda font: self._set(font=font),
            "fcharset": self._set_charset,
            "intbl": lambda _: self._writer.enter_table(),
            "outlinelevel": self._set_level,
            "pard": lambda _: self._writer.reset(),
            "plain": lambda _: self._set(hidden=False, font=-1),
            "row": lambda _: self._writer.end_row(),
            "s": self._set_style,
            "u": self._add_unicode,
            "uc": lambda count: self._set(fallbacks=count),
        }

    def read(self, text: str) -> bool:
        """Read the whole text; return False if the outermost group is not closed."""
        position = 0
        while token := TOKEN.match(text, position):
            position = token.end()
            if token["brace"]:
                self._open() if token["brace"] == "{" else self._close()
                if not self._groups:
                    self._writer.finish()
                    return True
            elif token["word"] == "bin":
                position += max(int(token["number"] or 0), 0)
            elif token["word"] or token["symbol"]:
                self._act(token["word"] or token["symbol"], token["number"])
            elif token["hex"] or token["text"]:
                self._take(bytes.fromhex(token["hex"]) if token["hex"] else token["text"].encode("latin-1"))
        return False

    def _open(self) -> None:
        self._flush()
        self._groups.append(self._group)
        if len(self._groups) > MAX_GROUPS:
            raise ExtractionError(TOO_DEEP)

    def _close(self) -> None:
        self._flush()
        inner, self._group = self._group, self._groups.pop()
        if inner.aside == "styles":
            self._name_style()
        elif inner.aside == "fonts":
            self._bytes.clear()
        elif inner.aside != self._group.aside:
            self._writer.close_aside(inner.aside)

    def _act(self, word: str, number: str | None) -> None:
        if self._to_skip:
            self._to_skip -= 1
            return
        self._flush()
        # A text box is inside a group that other programs should skip.
        if word in self._actions and (not self._group.skipped or word == "shptxt"):
            self._actions[word](int(number) if number else 1)

    def _take(self, data: bytes) -> None:
        skipped = min(self._to_skip, len(data))
        self._to_skip -= skipped
        if not self._group.skipped and not self._group.hidden:
            self._bytes += data[skipped:]

    def _flush(self) -> None:
        """Write the bytes that are decoded together: those of one font."""
        self._to_skip = 0
        if self._bytes and self._group.aside not in NAMES:
            font = self._group.font if self._group.font >= 0 else self._default_font
            encoding = self._fonts.get(font, self._code_page)
            self._writer.add(self._bytes.decode(encoding, errors="replace"))
            self._bytes.clear()

    def _set(self, **changes: Any) -> None:  # noqa: ANN401
        self._group = replace(self._group, **changes)

    def _set_code_page(self, _: int, name: str) -> None:
        try:
            self._code_page = codecs.lookup(name).name
        except LookupError:
            self._code_page = "cp1252"

    def _set_default_font(self, font: int) -> None:
        self._default_font = font

    def _set_charset(self, charset: int) -> None:
        if charset in CHARSETS:
            self._fonts[self._group.font] = CHARSETS[charset]

    def _set_style(self, style: int) -> None:
        self._style = style
        if self._group.aside != "styles":
            self._writer.set_level(self._styles.get(style, BODY_LEVEL))

    def _set_level(self, level: int) -> None:
        if self._group.aside == "styles":
            self._styles[self._style] = min(level + 1, BODY_LEVEL)
        else:
            self._writer.set_level(min(level + 1, BODY_LEVEL))

    def _name_style(self) -> None:
        if self._bytes.strip(b"; ").lower() == b"title":
            self._styles[self._style] = 0
        self._bytes.clear()

    def _open_aside(self, _: int, aside: str) -> None:
        if aside not in (self._group.aside, *NAMES):
            self._writer.open_aside()
        self._set(aside=aside, skipped=False)

    def _add(self, _: int, text: str) -> None:
        if not self._group.hidden:
            self._writer.add(text)

    def _add_unicode(self, code: int) -> None:
        self._add(code, text=chr(code & 0xFFFF))
        self._to_skip = self._group.fallbacks
