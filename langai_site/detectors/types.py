"""Pure: what a detector reports."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from langai_site.detectors.namings import NAMINGS
from langai_site.sensitivity import Sensitivity
from langai_site.sentences import Template


@dataclass(frozen=True)
class Detection:
    """One kind of sensitive thing that a text holds, `count` times.

    `words` describe it for use after "found": "2 payment card numbers". They do not repeat the text, and can be drawn.
    """

    kind: str
    label: Sensitivity
    words: str
    count: int


# A family of detectors: reads a text in `plain` form, reports each kind at most once.
Family = Callable[[str], Iterable[Detection]]


def confidential(kind: str, count: int, naming: Template | None = None) -> list[Detection]:
    """Return the detection, or none if `count` is 0. `naming` is what it is called, unless `kind` says that."""
    if not count:
        return []
    return [Detection(kind, Sensitivity.CONFIDENTIAL, (naming or NAMINGS[kind])(count=count), count)]
