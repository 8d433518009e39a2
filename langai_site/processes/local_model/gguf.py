"""Pure: what a model's file says of itself. The format is GGUF, llama.cpp's own, which begins with a description."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from mmap import mmap
from typing import Any, cast

MAGIC = b"GGUF"
VERSIONS = (2, 3)
# A fact's type: its code for `struct`.
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TEXT, ARRAY = 8, 9
# Longer lists, such as a vocabulary, are counted and not kept.
LONGEST_LIST = 1024
MOST_DIMENSIONS = 8
# Of the usual types of numbers: how many are stored together, and the bytes that these take.
STORED = {
    **{0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84)},
    **{11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 30: (1, 2)},
}
Fact = int | float | str | Sequence[int | float]
Data = bytes | mmap


class NotGgufError(ValueError):
    """The file has another format."""


# No fact of a model is larger: layers, heads, tokens.
LARGEST = 2**31


class DamagedError(ValueError):
    """The file begins as it should, and cannot be read on."""


@dataclass(frozen=True)
class Description:
    """What a file says of its model. `lengths` are those of all lists; a file holds at least `least_bytes`."""

    facts: Mapping[str, Fact]
    lengths: Mapping[str, int]
    parameters: int
    least_bytes: int

    def text(self, name: str) -> str:
        """Return a fact that is a text; empty where it is not there."""
        found = self.facts.get(name)
        return found if isinstance(found, str) else ""

    @property
    def architecture(self) -> str:
        return self.text("general.architecture")

    def numbers(self, name: str) -> Sequence[int]:
        """Return a fact of the architecture that is a number, or one for each layer; empty where it is not there."""
        found = self.facts.get(f"{self.architecture}.{name}", ())
        many = [found] if isinstance(found, int | float) else [] if isinstance(found, str) else found
        # Anybody can write a file: what is not a sensible number is treated as if it were not there.
        return [int(number) for number in many if 0 <= number <= LARGEST]

    def number(self, name: str) -> int:
        """Return a fact of the architecture that is one number, the largest of several; 0 where it is not there."""
        return max(self.numbers(name), default=0)


def read(data: Data) -> Description:
    """Return what the file says whose bytes are `data`. Raises NotGgufError or DamagedError."""
    if data[:4] != MAGIC:
        raise NotGgufError
    try:
        return _Reader(data).description()
    except (struct.error, UnicodeDecodeError, OverflowError) as error:
        raise DamagedError from error


class _Reader:
    """Reads one thing after the other."""

    def __init__(self, data: Data) -> None:
        self.data, self.at = data, len(MAGIC)

    def description(self) -> Description:
        if self.number("I") not in VERSIONS:
            raise DamagedError
        tensors, facts = self.number("Q"), self.number("Q")
        found: dict[str, Fact] = {}
        lengths: dict[str, int] = {}
        for _ in range(facts):
            name, kind = self.text(), self.number("I")
            if kind != ARRAY:
                found[name] = self.single(kind)
                continue
            lengths[name], values = self.listed()
            if values is not None:
                found[name] = values
        parameters, end = self.tensors(tensors)
        alignment = found.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment < 1:
            raise DamagedError
        return Description(found, lengths, parameters, -(-self.at // alignment) * alignment + end)

    def number(self, code: str) -> int:
        value: int
        (value,) = self.numbers(code, 1)
        return value

    def numbers(self, code: str, many: int) -> tuple[Any, ...]:
        layout = f"<{many}{code}"
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def text(self) -> str:
        start = self.skipped_text()
        return self.data[start : self.at].decode()

    def skipped_text(self) -> int:
        """Go on behind a text, and return where it starts."""
        length = self.number("Q")
        start = self.at
        self.at += length
        if self.at > len(self.data):
            raise DamagedError
        return start

    def single(self, kind: int) -> Fact:
        if kind == TEXT:
            return self.text()
        if kind not in NUMBERS:
            raise DamagedError
        (value,) = self.numbers(NUMBERS[kind], 1)
        return cast("Fact", value)

    def listed(self) -> tuple[int, Sequence[int | float] | None]:
        """Return a list's length, and its numbers unless it is long."""
        kind, length = self.number("I"), self.number("Q")
        if kind == TEXT:
            for _ in range(length):
                self.skipped_text()
            return length, None
        if kind not in NUMBERS:
            raise DamagedError
        if length <= LONGEST_LIST:
            return length, self.numbers(NUMBERS[kind], length)
        self.at += length * struct.calcsize(f"<{NUMBERS[kind]}")
        return length, None

    def tensors(self, many: int) -> tuple[int, int]:
        """Return how many numbers all tensors hold together, and where the last one ends behind the description."""
        parameters = end = 0
        for _ in range(many):
            self.skipped_text()
            dimensions = self.number("I")
            if dimensions > MOST_DIMENSIONS:
                raise DamagedError
            shape = [self.number("Q") for _ in range(dimensions)]
            kind, offset = self.number("I"), self.number("Q")
            together, size = STORED.get(kind, (1, 0))
            parameters += prod(shape)
            end = max(end, offset + prod(shape) // together * size)
        return parameters, end
