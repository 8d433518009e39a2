"""Pure: how hard a question is to answer."""

from enum import StrEnum


class Level(StrEnum):
    SIMPLE = "simple"
    MODERATE = "moderate"
    COMPLEX = "complex"
