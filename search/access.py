"""Who may read which collection: the one gate to everything that search finds."""

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet

from langai_site.accounts.models import Team
from langai_site.prepared import Prepared
from search.models import Collection, Source
from search.types import Reader

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from langai_site.accounts.models import User


def readable_collections(user: "User | int") -> QuerySet[Collection]:
    """Open to everyone, to this person or a team of theirs, or owned by them. Being admin adds nothing."""
    user_id = user if isinstance(user, int) else user.pk
    teams = Team.objects.filter(members=user_id).values("id")
    through_team = Collection.teams.through.objects.filter(collection=OuterRef("pk"), team__in=teams)
    by_name = Collection.users.through.objects.filter(collection=OuterRef("pk"), user=user_id)
    owned = Collection.owners.through.objects.filter(collection=OuterRef("pk"), user=user_id)
    return Collection.objects.filter(Q(everyone=True) | Exists(through_team) | Exists(by_name) | Exists(owned))


def managed_collections(user: "User | AnonymousUser") -> QuerySet[Collection]:
    """Those that a person may manage in the admin: a superuser all, other staff what they own. None is read by it."""
    if not (user.is_active and user.is_staff):
        return Collection.objects.none()
    return Collection.objects.all() if user.is_superuser else Collection.objects.filter(owners=user.pk)


def _worth_searching(user: int) -> QuerySet[Collection, tuple[int]]:
    live = Source.objects.filter(collection=OuterRef("pk"), live=True)
    return readable_collections(user).filter(Exists(live)).order_by("pk").values_list("pk")


_WORTH_SEARCHING = Prepared(_worth_searching, user=-982451653)


def reader_of(user: "User") -> Reader:
    """The person with the collections that they may read and that hold something to find."""
    return Reader(user.pk, tuple(pk for (pk,) in _WORTH_SEARCHING.rows(user=user.pk)))
