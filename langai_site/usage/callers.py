"""The caller of a model, as plain values, so that the ledger outlives the person and the conversation."""

from uuid import UUID

from langai_site.accounts.models import Team, User
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.usage.types import Caller

_TEAM = CompiledQuery(lambda team: Team.objects.filter(pk=team).order_by().values_list("name"), team=-982451653)


def caller_of(user: User, source: str, *, conversation: UUID | None = None, reply: UUID | None = None) -> Caller:
    """Return the person, with the team that pays, as a caller through `source`. Synchronous."""
    return Caller(
        user_id=user.pk,
        username=user.username,
        team=_TEAM.rows(team=user.billing_team_id)[0][0] if user.billing_team_id else "",
        conversation=conversation,
        reply=reply,
        source=source,
    )
