"""Pure: file names as people may see them."""

import unicodedata
from pathlib import PurePosixPath

MAX_LENGTH = 200


def shown_name(name: str) -> str:
    """Return the last part of `name` without what could mislead: folders, control and direction characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in last)
    stem, suffix = split(" ".join(visible.split()).strip(". ") or "file")
    return stem[: MAX_LENGTH - len(suffix)].rstrip() + suffix


def split(name: str) -> tuple[str, str]:
    """Return the stem and the suffix with its dot, which may be empty."""
    suffix = PurePosixPath(name).suffix[:10]
    return name.removesuffix(suffix), suffix


def title_of(name: str) -> str:
    """Return a title for a document that has none: `annual_report.pdf` -> `annual report`."""
    return split(name)[0].replace("_", " ").strip() or name
