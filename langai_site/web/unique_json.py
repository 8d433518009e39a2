"""Reads JSON in which each name stands once in its object. Pure.

Readers of JSON disagree about which of two equal names counts. A label that is stated twice must not depend on that.
"""

import json
from typing import Any


class DuplicateNameError(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def loads(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return the value of a JSON text. Raises DuplicateNameError, and ValueError for text that is not JSON."""
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) < len(pairs):
        names = [name for name, _ in pairs]
        raise DuplicateNameError(next(name for name in names if names.count(name) > 1))
    return held
