"""How reports name what they group by: models by what people call them, everything else as it is written."""

from collections import Counter
from collections.abc import Mapping

from langai_site import registry
from langai_site.usage.reports.types import DIMENSIONS


def shown(dimension: str, value: object) -> str:
    """Return a value of a dimension as people read it."""
    words = DIMENSIONS[dimension].shown(value)
    return _models().get(words, words) if dimension == "model" else words


def _models() -> Mapping[str, str]:
    """Return the names of models by their ids; two models of the same name are told apart by their ids."""
    found = registry.names_of_models()
    many = Counter(found.values())
    return {model: name if many[name] == 1 else f"{name} ({model})" for model, name in found.items()}
