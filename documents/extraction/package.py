"""Opens office files that are zip archives of XML without trusting them: limited, and without declared entities."""

import posixpath
import re
import zipfile
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

from documents.extraction.signatures import LOCKED, UNREADABLE
from documents.extraction.types import ExtractionError
from documents.sentences import said
from langai_site.words import gettext_noop

Element = ElementTree.Element

# A part that is read as a tree takes about ten times its size in memory.
MAX_TREE_MB = 64
MAX_UNPACKED_MB = 2000
# Office files are compressed 5 to 50 times; one byte repeated, a thousand times.
MAX_RATIO = 200
SMALL_MB = 50
MB = 1024 * 1024

# A text box in a table in a text box, several times over, is still below it.
MAX_DEPTH = 250
TOO_DEEP = said(
    gettext_noop(
        "This file nests its elements more than %(max_depth)s levels deep, which office programs do not. Open it, "
        "copy its text into a new file, and upload that."
    ),
    max_depth=str(MAX_DEPTH),
)
MAX_PARTS = 50_000
TOO_MANY_PARTS = said(
    gettext_noop("This file is made of more than %(max_parts)s parts. Split it into several files."),
    max_parts=MAX_PARTS,
)
CUT = gettext_noop("This file is damaged or not complete. Save or download it again.")
BOMB = gettext_noop("This file is packed so densely that it seems made to fill a computer's memory; it is not opened.")
TOO_LARGE = said(
    gettext_noop(
        "This file holds more than %(max_tree_mb)s MB of text and formats in one piece. Split it into several files."
    ),
    max_tree_mb=str(MAX_TREE_MB),
)
ENTITIES = gettext_noop(
    "This file declares XML entities, which no office program writes and which can harm; it is not opened. Open it, "
    "save it again and upload that."
)
ENCRYPTED = 0x1

# All that may come before the first tag. It does not match a document type, which could declare entities.
PROLOG_BYTES = 64 * 1024
# It never backtracks, so that no file can make it slow.
PROLOG = re.compile(r"\ufeff?(?:\s++|(?><\?.*?\?>)|(?><!--.*?-->))*+<[^!?\s]", re.DOTALL)


class Package:
    """The parts of a zipped office file, by name."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._related: dict[str, dict[str, tuple[str, str]]] = {}
        self._external: dict[str, dict[str, str]] = {}
        self._sizes = {info.filename: info.file_size for info in archive.infolist()}

    def __contains__(self, name: str) -> bool:
        return name in self._sizes

    def size(self, name: str) -> int:
        """Return the unpacked bytes of the part `name`."""
        return self._sizes[name]

    def tree(self, name: str) -> Element:
        """Return the part `name`, which must be XML without a document type."""
        data = self.read(name)
        _refuse_entities(data[:PROLOG_BYTES])
        try:
            tree = ElementTree.fromstring(data)  # noqa: S314 - no entities, and the size is bounded
        except ElementTree.ParseError as error:
            raise ExtractionError(CUT) from error
        _check_depth(tree)
        return tree

    def related(self, part: str) -> dict[str, tuple[str, str]]:
        """Return (kind, name) of the parts that `part` refers to, by id; those of the package for the empty name."""
        if part not in self._related:
            self._related[part] = self._read_related(part)
        return self._related[part]

    def external(self, part: str) -> dict[str, str]:
        """Return the addresses outside the package to which `part` refers, by id."""
        self.related(part)
        return self._external.get(part, {})

    def _read_related(self, part: str) -> dict[str, tuple[str, str]]:
        folder, name = posixpath.split(part)
        listing = posixpath.join(folder, "_rels", f"{name}.rels")
        if listing not in self:
            return {}
        items = list(self.tree(listing))
        self._external[part] = {
            item.get("Id", ""): item.get("Target", "") for item in items if item.get("TargetMode") == "External"
        }
        return {
            item.get("Id", ""): (item.get("Type", "").rpartition("/")[2], _resolved(folder, item.get("Target", "")))
            for item in items
            if item.get("TargetMode") != "External"
        }

    def first_related(self, part: str, kind: str) -> str:
        """Return the name of the first existing part of `kind` that `part` refers to, or ""."""
        return next((name for found, name in self.related(part).values() if found == kind and name in self), "")

    def refuse_entities(self) -> None:
        """Check every part for entities, for a library that reads the parts itself."""
        for name in self._sizes:
            start = self._read(name, PROLOG_BYTES)
            if start and start[:4].replace(b"\0", b"").strip(b"\xef\xbb\xbf\xfe\xff \t\r\n")[:1] in (b"<", b""):
                _refuse_entities(start)

    def read(self, name: str) -> bytes:
        """Return the part `name`."""
        if name not in self:
            raise ExtractionError(CUT)
        if self._sizes[name] > MAX_TREE_MB * MB:
            raise ExtractionError(TOO_LARGE)
        return self._read(name, MAX_TREE_MB * MB)

    def _read(self, name: str, most: int) -> bytes:
        """Read at most `most` bytes of a part.

        Without a limit, zipfile would unpack everything, whatever size is declared.
        """
        try:
            with self._archive.open(name) as part:
                return part.read(min(most, self._sizes[name]))
        except UNREADABLE as error:
            raise ExtractionError(CUT) from error


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """Open a zipped office file. Raises ExtractionError if it is not one, damaged, locked or a zip bomb."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            raise ExtractionError(
                gettext_noop("This is not a %(suffix)s file, though its name says so. Correct the file extension."),
                suffix=path.suffix,
            )
    try:
        archive = zipfile.ZipFile(path)
    except UNREADABLE as error:
        raise ExtractionError(CUT) from error
    with archive:
        _check_sizes(archive, path.stat().st_size)
        yield Package(archive)


def _check_sizes(archive: zipfile.ZipFile, packed: int) -> None:
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        raise ExtractionError(TOO_MANY_PARTS)
    if any(part.flag_bits & ENCRYPTED for part in parts):
        raise ExtractionError(LOCKED)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > max(SMALL_MB * MB, packed * MAX_RATIO):
        raise ExtractionError(BOMB)
    if unpacked > packed + MAX_UNPACKED_MB * MB:
        raise ExtractionError(
            gettext_noop(
                "This file unpacks to %(unpacked)s MB; at most %(max_unpacked_mb)s MB more than its own size are "
                "read. Split it into several files."
            ),
            unpacked=unpacked // MB,
            max_unpacked_mb=MAX_UNPACKED_MB,
        )


def _check_depth(tree: Element) -> None:
    """Raise ExtractionError for a tree that is too deep for its readers to take time in proportion to its size."""
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [inner for element in level for inner in element]
        if not level:
            return
    raise ExtractionError(TOO_DEEP)


def _refuse_entities(start: bytes) -> None:
    if not PROLOG.match(_prolog(start)):
        raise ExtractionError(ENTITIES if b"<!" in start.replace(b"\0", b"") else CUT)


def _prolog(start: bytes) -> str:
    """Decode the start of an XML file in the encodings that need no declaration; others are refused."""
    if start[:2] in (b"\xff\xfe", b"<\0"):
        return start.decode("utf-16-le", errors="replace")
    if start[:2] in (b"\xfe\xff", b"\0<"):
        return start.decode("utf-16-be", errors="replace")
    return start.decode("utf-8", errors="replace")


def _resolved(folder: str, target: str) -> str:
    """Return the name of a part that another refers to: from the root, or relative to the folder of that one."""
    return posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")


def local(element: Element) -> str:
    """Return the element's name without its namespace: editions of the standards differ only in namespaces."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """Return the value of the attribute `name`, in any namespace."""
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


def child(element: Element, *path: str) -> Element | None:
    """Return the element that `path` leads to, by local names."""
    for name in path:
        found = next((inner for inner in element if local(inner) == name), None)
        if found is None:
            return None
        element = found
    return element


def below(element: Element, skipped: Container[str] = (), whole: Container[str] = ()) -> Iterator[Element]:
    """Yield all elements below `element` in reading order.

    Leaves out elements named in `skipped`, and the contents of elements named in `whole`.
    """
    waiting = list(element)[::-1]
    while waiting:
        inner = waiting.pop()
        if local(inner) not in skipped:
            yield inner
            if local(inner) not in whole:
                waiting.extend(list(inner)[::-1])


def whole_number(text: str, default: int) -> int:
    """Return an attribute's number, or `default` if it is not one or larger than any document needs."""
    return int(text) if text.isdecimal() and len(text) < 7 else default
