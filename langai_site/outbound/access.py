"""Checks which models a team opens, before a person is added to it. Synchronous."""

from collections.abc import Collection

from django.db.models import Q, QuerySet

from langai_site.accounts.models import Team, User
from langai_site.outbound.models import Model


def closed_teams(editor_id: int | None, team_ids: Collection[int]) -> dict[int, list[str]]:
    """Return the teams that open a model, if the editor may not manage models. A model has no managers of its own."""
    if _manages(editor_id):
        return {}
    opened = Model.objects.filter(teams__in=team_ids).order_by().values_list("teams", flat=True)
    return {team: [] for team in opened if team in team_ids}


def exceeds(person_id: int, editor_id: int) -> bool:
    """Return whether the person may use a model that the editor may neither use nor manage."""
    return not _manages(editor_id) and _usable(person_id).exclude(pk__in=_usable(editor_id).values("pk")).exists()


def _usable(user_id: int) -> QuerySet[Model]:
    teams = Team.objects.of(user_id).values("pk")
    return Model.objects.filter(Q(teams=None) | Q(teams__in=teams))


def _manages(editor_id: int | None) -> bool:
    editor = User.objects.filter(pk=editor_id or 0, is_staff=True, is_active=True).first()
    return editor is not None and editor.has_perm("outbound.change_model")
