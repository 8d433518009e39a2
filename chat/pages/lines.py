"""Pure: the lines that a version of a text changed, for pages that compare versions."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

# As many of the newest versions as a page compares.
VERSIONS_SHOWN = 50


@dataclass(frozen=True)
class Comparison:
    """A version as text beside the one before it. It is compared when it is drawn, because that can take a while."""

    before: str
    after: str

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Return the lines of both, each with “-” if it was removed, “+” if it is new, and “” if it stayed."""
        return list(_lines(self.before.splitlines(), self.after.splitlines()))


def _lines(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    for tag, first, last, start, end in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            yield from (("", line) for line in after[start:end])
        else:
            yield from (("-", line) for line in before[first:last])
            yield from (("+", line) for line in after[start:end])
