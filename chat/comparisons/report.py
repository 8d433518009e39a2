"""Which model is chosen for which kind of question, from all choices between compared answers. Synchronous."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from chat.models.comparisons import ModelVerdict
from chat.values import Level

# With fewer choices a share says little, and might show whose they are.
LEAST_CHOICES = 20


@dataclass(frozen=True)
class ModelWins:
    """How often a model was chosen of the times that its answer was there to be chosen."""

    model: str
    won: int
    shown: int

    @property
    def percent(self) -> int:
        return round(100 * self.won / self.shown)


@dataclass(frozen=True)
class KindOfQuestion:
    """The models for one kind of question, the most chosen first. Without enough choices there are none."""

    kind: str
    choices: int
    models: tuple[ModelWins, ...] = ()

    @property
    def words(self) -> str:
        """Return the kind as people know it."""
        return Level(self.kind).label


def wins(team: str | None = None) -> Sequence[KindOfQuestion]:
    """Return what was chosen for each kind of question: by everybody, or by the people of one team."""
    rows = ModelVerdict.objects.filter(**({} if team is None else {"team": team}))
    known = {row["kind"]: row["choices"] for row in rows.values("kind").annotate(choices=Count("id", Q(won=True)))}
    counted = rows.values("kind", "model").annotate(shown=Count("id"), wins=Count("id", Q(won=True)))
    found = [(row["kind"], ModelWins(row["model"], row["wins"], row["shown"])) for row in counted.order_by("model")]
    kinds = (KindOfQuestion(level.value, known.get(level.value, 0)) for level in Level)
    return [_with_models(kind, [model for name, model in found if name == kind.kind]) for kind in kinds]


def _with_models(kind: KindOfQuestion, models: Sequence[ModelWins]) -> KindOfQuestion:
    if kind.choices < LEAST_CHOICES:
        return kind
    return KindOfQuestion(kind.kind, kind.choices, tuple(sorted(models, key=lambda one: -one.won / one.shown)))


def teams() -> Sequence[str]:
    """Return the teams with enough choices for a report."""
    rows = ModelVerdict.objects.filter(won=True).exclude(team="").values("team").annotate(choices=Count("id"))
    return list(rows.filter(choices__gte=LEAST_CHOICES).order_by("team").values_list("team", flat=True))
