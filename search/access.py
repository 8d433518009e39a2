"""Decides who may read which collection: every search result passes this check."""

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy

from langai_site.accounts.models import Team, User
from langai_site.database.compiled_queries import CompiledQuery
from search.models import Collection, Source
from search.types import Reader

UNREAD = gettext_lazy("Nobody can find these documents yet")


def readable_collections(user: User | int) -> QuerySet[Collection]:
    """Return all that a person may read: collections of the Library, and the files that they attached themselves.

    The second is in no list: use `library_collections` for what a person may choose or is shown.
    """
    user_id = user if isinstance(user, int) else user.pk
    attached = Q(kind=Collection.Kind.ATTACHED, holder=user_id)
    return Collection.objects.filter(in_library_for(user_id) | attached)


def library_collections(user: User | int) -> QuerySet[Collection]:
    """Return the collections open to everyone, to this person or to one of their teams, or owned by this person.

    Being an admin adds none.
    """
    return Collection.objects.filter(in_library_for(user if isinstance(user, int) else user.pk))


def in_library_for(user_id: int) -> Q:
    """Return the condition for the Library's collections that a person may read."""
    teams = Team.objects.of(user_id).values("id")
    through_team = Collection.teams.through.objects.filter(collection=OuterRef("pk"), team__in=teams)
    by_name = Collection.users.through.objects.filter(collection=OuterRef("pk"), user=user_id)
    owned = Collection.owners.through.objects.filter(collection=OuterRef("pk"), user=user_id)
    opened = Q(everyone=True) | Exists(through_team) | Exists(by_name) | Exists(owned)
    return Q(opened, kind__in=Collection.SHOWN)


def managed_collections(user: User | AnonymousUser) -> QuerySet[Collection]:
    """Return the collections whose documents a person may add, change and delete: those that they own.

    Superusers manage all others of the Library as well. That alone does not let them read one, and what is a person's
    own is managed by nobody else.
    """
    if not user.is_active or user.pk is None:
        return Collection.objects.none()
    owned = Exists(Collection.owners.through.objects.filter(collection=OuterRef("pk"), user=user.pk))
    if user.is_staff and user.is_superuser:
        return Collection.objects.filter(Q(kind=Collection.Kind.LIBRARY) | Q(owned, kind__in=Collection.SHOWN))
    return Collection.objects.filter(owned, kind__in=Collection.SHOWN)


def managers_of(collection: int) -> QuerySet[User]:
    """Return the active people who look after a collection of the Library: its owners, and superusers."""
    found = User.objects.filter(Q(owned_collections=collection) | Q(is_superuser=True), is_active=True)
    return found.distinct().order_by("username")


def administered_collections(user: User | AnonymousUser) -> QuerySet[Collection]:
    """Return the collections that a person may manage in the admin: superusers all, other staff the ones they own.

    What is a person's own is in the Library alone.
    """
    if not (user.is_active and user.is_staff):
        return Collection.objects.none()
    return managed_collections(user).filter(kind=Collection.Kind.LIBRARY)


def attached_files_of(user_id: int) -> int | None:
    """Return the collection with the files that a person attached; None if they have attached none."""
    attached = Collection.objects.filter(kind=Collection.Kind.ATTACHED, holder=user_id)
    return attached.values_list("pk", flat=True).first()


def unread_collections(collections: QuerySet[Collection]) -> QuerySet[Collection]:
    """Return those that nobody may read."""
    return collections.filter(nobody_reads())


def nobody_reads() -> Q:
    """Return the condition that not everyone, no active person, no team with one and no active owner may read it."""
    person = User.objects.filter(is_active=True)
    through = Collection.teams.through.objects.filter(collection=OuterRef("pk"), team__members__is_active=True)
    readers = Collection.users.through.objects.filter(collection=OuterRef("pk"), user__in=person)
    owners = Collection.owners.through.objects.filter(collection=OuterRef("pk"), user__in=person)
    return Q(~Exists(through), ~Exists(readers), ~Exists(owners), everyone=False)


def closed_teams(editor_id: int | None, team_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the teams that open a collection which the editor may not manage, each with the names of its owners.

    Without an editor, return every team that opens a collection.
    """
    editor = (User.objects.filter(pk=editor_id).first() if editor_id else None) or AnonymousUser()
    opened = Collection.teams.through.objects.filter(team__in=team_ids)
    closed: dict[int, list[str]] = {}
    for team, collection in opened.exclude(collection__in=managed_collections(editor)).values_list(
        "team", "collection"
    ):
        owners = User.objects.filter(owned_collections=collection, is_active=True).order_by("username")
        closed.setdefault(team, []).extend(owner.username for owner in owners)
    return closed


def exceeds(person_id: int, editor_id: int) -> bool:
    """Return whether the person reads a collection that the editor may neither read nor manage."""
    editor = User.objects.get(pk=editor_id)
    beyond = library_collections(person_id).exclude(pk__in=library_collections(editor_id).values("pk"))
    return beyond.exclude(pk__in=managed_collections(editor).values("pk")).exists()


def _worth_searching(user: int) -> QuerySet[Collection, tuple[int]]:
    live = Source.objects.live().filter(collection=OuterRef("pk"))
    return library_collections(user).filter(Exists(live)).order_by("pk").values_list("pk")


_WORTH_SEARCHING = CompiledQuery(_worth_searching, user=-982451653)


def reader_of(user: User) -> Reader:
    """Return the person with the non-empty collections of the Library that they may read."""
    return Reader(user.pk, tuple(pk for (pk,) in _WORTH_SEARCHING.rows(user=user.pk)))
