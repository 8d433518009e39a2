"""Reads subtitles: what is said, each line with the time at which it is said."""

import re
from collections.abc import Iterator
from pathlib import Path

from documents.extraction.encodings import read_text
from documents.extraction.layout import paged
from documents.extraction.types import Extracted, Limits

TIME = re.compile(r"[ \t]*(?P<start>(?:\d{1,3}:)?\d{1,2}:\d{2})[.,]\d{1,3}[ \t]+-->")
TAG = re.compile(r"</?(?:[a-z]\b|c\.|v )[^>\n]{0,200}>|\{\\[^}\n]{0,100}\}|<[\d:.]+>", re.IGNORECASE)
# Blocks that say nothing: the file's kind, remarks, styles.
UNREAD = ("WEBVTT", "NOTE", "STYLE", "REGION")


def extract(path: Path, limits: Limits) -> Extracted:
    return paged("\n".join(_lines(read_text(path))))


def _lines(text: str) -> Iterator[str]:
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line.strip()]
        at = next((number for number, line in enumerate(lines[:2]) if TIME.match(line)), None)
        if at is None:
            yield from () if not lines or lines[0].startswith(UNREAD) else lines
            continue
        found = TIME.match(lines[at])
        words = " ".join(TAG.sub("", line).strip() for line in lines[at + 1 :])
        if words and found:
            yield f"{found['start']} {words}"
