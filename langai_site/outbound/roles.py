"""Pure: guesses a model's roles from its name and window. An admin knows better, and can set them."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.outbound.types import ModelRole
from langai_site.words import gettext_noop

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# 7b, 270m, 8x7b, 1.5b; e4b is as much work as 4b. A size inside a word, like the a3b of 30b-a3b, does not count.
SIZE = re.compile(r"(?<![\w.])(?:e|(\d+)x)?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", re.IGNORECASE)
SMALL, LARGE = 4.0, 30.0
LONG = 100_000
WORDS = {
    ModelRole.SIMPLE: gettext_noop("simple"),
    ModelRole.BALANCED: gettext_noop("balanced"),
    ModelRole.STRONG: gettext_noop("strong"),
    ModelRole.LONG_CONTEXT: gettext_noop("long context"),
}
# The same as choices of a form.
TITLES: Mapping[ModelRole, "StrOrPromise"] = {
    ModelRole.SIMPLE: gettext_lazy("Simple"),
    ModelRole.BALANCED: gettext_lazy("Balanced"),
    ModelRole.STRONG: gettext_lazy("Strong"),
    ModelRole.LONG_CONTEXT: gettext_lazy("Long context"),
}


def roles_of(name: str, window: int, size: str = "") -> frozenset[ModelRole]:
    """Return the roles of a model that a server lists. `size`, like 3.2B, comes from the server and beats the name."""
    billions = _billions(size) or _billions(name)
    role = ModelRole.BALANCED
    if billions:
        role = ModelRole.SIMPLE if billions <= SMALL else ModelRole.STRONG if billions >= LARGE else role
    return frozenset({role, ModelRole.LONG_CONTEXT}) if window >= LONG else frozenset({role})


def _billions(text: str) -> float:
    """Return the billions of parameters; 0 if the text names none."""
    sizes = (float(size) * int(times or 1) / (1000 if unit in "mM" else 1) for times, size, unit in SIZE.findall(text))
    return max(sizes, default=0)


def read(stored: Any) -> frozenset[ModelRole]:  # noqa: ANN401 - JSON from the database
    """Return the roles that a row stores, without unknown ones."""
    known = {role.value for role in ModelRole}
    return frozenset(ModelRole(value) for value in stored or () if value in known)


def stored(roles: Iterable[ModelRole]) -> list[str]:
    """Return the roles as a row stores them, always in the same order."""
    return [role.value for role in ModelRole if role in set(roles)]


def words(roles: Iterable[ModelRole]) -> str:
    return ", ".join(_(WORDS[role]) for role in ModelRole if role in set(roles))
