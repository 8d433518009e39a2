"""Finds teams with a budget, before a person is added to one and charged to it. Synchronous."""

from collections.abc import Collection

from langai_site.accounts.models import User
from langai_site.usage.models import Budget


def closed_teams(editor_id: int | None, team_ids: Collection[int]) -> dict[int, list[str]]:
    """Return those teams that have a budget, if the editor may not manage budgets."""
    editor = User.objects.filter(pk=editor_id or 0, is_staff=True, is_active=True).first()
    if editor and editor.has_perm("usage.change_budget"):
        return {}
    budgets = Budget.objects.filter(scope=Budget.Scope.TEAM, team__in=team_ids, enabled=True)
    return {team: [] for team in budgets.order_by().values_list("team", flat=True) if team}


def exceeds(_person_id: int, _editor_id: int) -> bool:
    """Return False: a person cannot read more because another team is charged."""
    return False
