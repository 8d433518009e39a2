"""Pure: the lines that a version of a text changed, for pages that compare versions."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

# As many of the newest versions as a page compares.
VERSIONS_SHOWN = 20
# Pairs of lines up to which two texts are compared line by line: the time can grow with their number.
PAIRS_MAX = 40_000


@dataclass(frozen=True)
class VersionComparison:
    """A version as text beside the one before it. It is compared when it is drawn, because that can take a while."""

    before: str
    after: str

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Return the lines of both, each with “-” if it was removed, “+” if it is new, and “” if it stayed."""
        return list(_lines(self.before.splitlines(), self.after.splitlines()))


def _lines(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    yield from (("", line) for line in after[:same])
    before, after = before[same:], after[same:]
    if len(before) * len(after) > PAIRS_MAX:
        yield from (("-", line) for line in before)
        yield from (("+", line) for line in after)
        return
    for tag, first, last, start, end in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            yield from (("", line) for line in after[start:end])
        else:
            yield from (("-", line) for line in before[first:last])
            yield from (("+", line) for line in after[start:end])
