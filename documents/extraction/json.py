"""Reads JSON and lays it out for people. A passage's heading is the path to it: `staff > 3 > address`."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from documents.extraction.encodings import clean, read_text
from documents.extraction.layout import paged
from documents.extraction.types import Extracted, ExtractionError, Limits, check_characters
from documents.sentences import said
from langai_site.words import gettext_noop

INDENT = "  "
# At greater depth, the path says less than the surrounding text.
PATH_DEPTH = 3
LINE_CHARACTERS = 100
MAX_DEPTH = 100
TOO_DEEP = said(
    gettext_noop(
        "This JSON nests its values more than %(max_depth)s levels deep. Save it in a flatter form and upload that."
    ),
    max_depth=str(MAX_DEPTH),
)

Way = tuple[str, ...]


class Written(str):
    """A number as the file has it, with all its digits."""


def extract(path: Path, limits: Limits) -> Extracted:
    try:
        value = json.loads(read_text(path), parse_int=Written, parse_float=Written)
    except json.JSONDecodeError as error:
        raise ExtractionError(
            gettext_noop(
                "This is not valid JSON: %(error)s in line %(line)s, column %(column)s. Correct it and save it again."
            ),
            error=error.msg,
            line=str(error.lineno),
            column=str(error.colno),
        ) from error
    parts: list[str] = []
    headings: list[tuple[int, str]] = []
    length = 0
    for way, text in _lines(value):
        check_characters(length + len(text), limits)
        heading = clean(" > ".join(way[:PATH_DEPTH]))
        if heading != (headings[-1][1] if headings else ""):
            headings.append((length, heading))
        parts.append(clean(text) + "\n")
        length += len(parts[-1])
    return paged("".join(parts), headings)


def _lines(value: Any, way: Way = (), before: str = "", after: str = "") -> Iterator[tuple[Way, str]]:  # noqa: ANN401
    """Yield (path, line) of each line; `before` begins the first, with indent and name, `after` ends the last."""
    if len(way) > MAX_DEPTH:
        raise ExtractionError(TOO_DEEP)
    short = _short(value)
    if short is not None:
        yield way, f"{before}{short}{after}"
        return
    indent = before[: len(before) - len(before.lstrip(" "))]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield way, before + opening
    for position, (name, inner) in enumerate(_members(value), start=1):
        start = f"{indent}{INDENT}{_scalar(name)}: " if isinstance(value, dict) else indent + INDENT
        inner_way = (*way, name or str(position)) if isinstance(inner, dict | list) else way
        yield from _lines(inner, inner_way, start, "," if position < len(value) else "")
    yield way, indent + closing + after


def _members(value: dict[str, Any] | list[Any]) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else (("", inner) for inner in value)


def _short(value: Any) -> str | None:  # noqa: ANN401
    """Return the value as one line if it is short enough: a scalar, or a few of them."""
    if not isinstance(value, dict | list):
        return _scalar(value)
    if any(isinstance(inner, dict | list) for _, inner in _members(value)):
        return None
    if isinstance(value, dict):
        line = "{" + ", ".join(f"{_scalar(name)}: {_scalar(inner)}" for name, inner in value.items()) + "}"
    else:
        line = "[" + ", ".join(map(_scalar, value)) + "]"
    return line if len(line) <= LINE_CHARACTERS else None


def _scalar(value: Any) -> str:  # noqa: ANN401
    return value if isinstance(value, Written) else json.dumps(value, ensure_ascii=False)
