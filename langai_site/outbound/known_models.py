"""Returns the models that a person may know of, with what keeps each from being asked at all. Synchronous."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

from langai_site.accounts.models import Team, User
from langai_site.outbound import catalogue
from langai_site.outbound.models import Model
from langai_site.outbound.types import ModelInfo
from langai_site.sentences import sentence

OTHER_TEAMS = sentence("obstacle.other_teams", "is for other teams than yours")()
OFF = sentence("obstacle.off", "is switched off")()
AWAY = sentence("obstacle.away", "cannot be asked now")()
AWAY_BECAUSE = sentence("obstacle.away_because", "cannot be asked now: %(why)s")


class Obstacle(StrEnum):
    """Why a model is not in a person's catalogue, in the order in which it is checked."""

    TEAM = "team"
    OFF = "off"
    AWAY = "away"


@dataclass(frozen=True)
class KnownModel:
    """A model, whether it can be asked or not. `info` is None if its connection is not set up.

    `obstacle` is None if the person may choose it; `state` says more, in words that follow the model's name.
    """

    name: str
    display_name: str
    info: ModelInfo | None
    obstacle: Obstacle | None = None
    state: str = ""


def known_models(user: User, named: Collection[str]) -> list[KnownModel]:
    """Return the models of the person's teams, also those that are switched off or away.

    Models of other teams are returned to admins who may see the list of models, and to a person if they are among
    `named`: those that the person has met before.
    """
    teams = set(Team.objects.of(user.pk).values_list("pk", flat=True))
    found = list(Model.objects.filter(_known_to(user, teams, named)).distinct().prefetch_related("teams"))
    infos = catalogue.infos(found)
    return [_known(model, infos.get(model.name), teams) for model in found]


def _known_to(user: User, teams: Collection[int], named: Collection[str]) -> Q:
    if user.is_staff and user.has_perm("outbound.view_model"):
        return Q()
    return Q(teams=None) | Q(teams__in=teams) | Q(name__in=named)


def _known(model: Model, info: ModelInfo | None, teams: set[int]) -> KnownModel:
    obstacle, state = _obstacle(model, info, teams)
    return KnownModel(model.name, model.display_name, info, obstacle, state)


def _obstacle(model: Model, info: ModelInfo | None, teams: set[int]) -> tuple[Obstacle | None, str]:
    own = {team.pk for team in model.teams.all()}
    if own and not own & teams:
        return Obstacle.TEAM, OTHER_TEAMS
    if not model.enabled:
        return Obstacle.OFF, OFF
    if info is None or not model.available:
        state = catalogue.state(model)
        return Obstacle.AWAY, AWAY_BECAUSE(why=state) if state != catalogue.READY else AWAY
    return None, ""
