"""Pure: which kinds of turns no connected model can answer: every label, with every role and every ability."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from langai_site.outbound.abilities import Ability
from langai_site.outbound.types import ModelInfo, ModelRole
from langai_site.sensitivity import Sensitivity
from langai_site.words import gettext_noop

ROLES = {
    ModelRole.SIMPLE: gettext_noop("simple"),
    ModelRole.BALANCED: gettext_noop("balanced"),
    ModelRole.STRONG: gettext_noop("strong"),
    ModelRole.LONG_CONTEXT: gettext_noop("long context"),
}


@dataclass(frozen=True)
class CoverageCell:
    """The models that may see a label, have a role and an ability (None: any model). `unsure` may have the ability."""

    ability: Ability | None
    sure: int
    unsure: int

    @property
    def is_empty(self) -> bool:
        return not self.sure and not self.unsure


@dataclass(frozen=True)
class Row:
    label: Sensitivity
    role: ModelRole
    cells: tuple[CoverageCell, ...]

    @property
    def words(self) -> str:
        return _(ROLES[self.role])


def coverage(catalogue: Sequence[ModelInfo]) -> tuple[Row, ...]:
    """Return a row for each label and role, with a cell for text alone and one for each ability."""
    return tuple(
        Row(label, role, tuple(_cell(ability, _fitting(catalogue, label, role)) for ability in (None, *Ability)))
        for label in Sensitivity
        for role in ModelRole
    )


def _fitting(catalogue: Iterable[ModelInfo], label: Sensitivity, role: ModelRole) -> list[ModelInfo]:
    return [model for model in catalogue if model.may_see(label) and role in model.roles]


def _cell(ability: Ability | None, models: Sequence[ModelInfo]) -> CoverageCell:
    if ability is None:
        return CoverageCell(None, len(models), 0)
    known = [model.abilities.get(ability) for model in models]
    return CoverageCell(ability, known.count(True), known.count(None))
