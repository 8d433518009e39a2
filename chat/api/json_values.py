"""Pure: refuses JSON that could be read but not written again: for a provider, or in an answer."""

import math
from collections.abc import Mapping

from langai_site.errors import InvalidError

# Levels of objects and lists within each other.
DEEPEST = 64


def refuse_unusual(value: object, param: str) -> None:
    """Raise InvalidError, which names `param`, if `value` is nested too deeply or has a number unknown to JSON."""
    level, depth = [value], 0
    while level:
        if any(isinstance(one, float) and not math.isfinite(one) for one in level):
            raise _invalid(param, "NaN and Infinity cannot be written in JSON. Leave them out.")
        level = [inner for one in level for inner in _inner(one)]
        depth += 1
        if depth > DEEPEST and level:
            raise _invalid(param, f"it is nested more than {DEEPEST} levels deep. Make it flatter.")


def _inner(value: object) -> list[object]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


def _invalid(param: str, words: str) -> InvalidError:
    return InvalidError(f"Invalid '{param}': {words}", code="invalid_value", param=param)
