"""Pure: what a detector reports."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from langai_site.sensitivity import Sensitivity


@dataclass(frozen=True)
class Detection:
    """One kind of sensitive thing that a text holds, `count` times.

    `words` say what was seen, to go on after "found": "2 payment card numbers". They repeat nothing of it.
    """

    kind: str
    label: Sensitivity
    words: str
    count: int


# A family of detectors: reads a text as `plain` gives it, reports each kind once at most.
Family = Callable[[str], Iterable[Detection]]


def confidential(kind: str, count: int, one: str, many: str = "") -> list[Detection]:
    """The detection, or none where `count` is 0. `one` has its article: "an IBAN"."""
    if not count:
        return []
    return [Detection(kind, Sensitivity.CONFIDENTIAL, counted(count, one, many), count)]


def counted(count: int, one: str, many: str = "") -> str:
    """`an IBAN`, or `3 IBANs`; `many` is for plurals that do not just end in s."""
    return one if count == 1 else f"{count:,} {many or one.partition(' ')[2] + 's'}"
