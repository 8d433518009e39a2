"""Reads plain text."""

from pathlib import Path

from documents.extraction.encodings import read_text
from documents.extraction.layout import paged
from documents.extraction.types import Extracted, Limits


def extract(path: Path, limits: Limits) -> Extracted:
    return paged(read_text(path))
