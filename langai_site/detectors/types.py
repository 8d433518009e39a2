"""Pure: what a detector reports."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from langai_site.sensitivity import Sensitivity


@dataclass(frozen=True)
class Detection:
    """One kind of sensitive thing that a text holds, `count` times.

    `words` describe it for use after "found": "2 payment card numbers". They do not repeat the text.
    """

    kind: str
    label: Sensitivity
    words: str
    count: int


# A family of detectors: reads a text in `plain` form, reports each kind at most once.
Family = Callable[[str], Iterable[Detection]]


def confidential(kind: str, count: int, one: str, many: str = "") -> list[Detection]:
    """Return the detection, or none if `count` is 0. `one` has its article: "an IBAN"."""
    if not count:
        return []
    return [Detection(kind, Sensitivity.CONFIDENTIAL, counted(count, one, many), count)]


def counted(count: int, one: str, many: str = "") -> str:
    """Return `an IBAN`, or `3 IBANs`; `many` is for plurals that do not just end in s."""
    return one if count == 1 else f"{count:,} {many or one.partition(' ')[2] + 's'}"
