"""Teams as SCIM groups. A directory sees and changes those that it made; teams that people made are not its own.

Synchronous.
"""

from collections.abc import Callable, Sequence

from django.db import IntegrityError, transaction
from scim2_models import (
    Group,
    GroupMember,
    InvalidValueException,
    Meta,
    NotFoundException,
    SearchRequest,
    UniquenessException,
)

from langai_site.accounts.models import ScimDirectory, ScimGroup, Team, User
from langai_site.accounts.scim.people import ID_DIGITS, looked_up
from langai_site.accounts.scim.protocol import PAGE
from langai_site.audit.recording import record

GONE = "There is no such group, or another directory or a person made it."
LOOKED_UP = {"displayname": "team__name", "externalid": "external_id"}
NAME_MAX = 100
MEMBERS_MAX = 20_000


def find(directory: ScimDirectory, asked: SearchRequest[Group], *, members: bool) -> tuple[Sequence[Group], int]:
    """Return the groups on the page that is asked for, and how many match."""
    rows = directory.groups.select_related("team").order_by("pk")
    rows = rows.prefetch_related("team__members") if members else rows
    column, value = looked_up(str(asked.filter or ""), LOOKED_UP)
    if column:
        rows = rows.filter(**{f"{column}__iexact": value})
    found = [resource(row, members=members) for row in rows]
    if asked.filter:
        found = [one for one in found if asked.filter.match(one)]
    first = asked.start_index_0 or 0
    count = PAGE if asked.count is None else min(asked.count, PAGE)
    return found[first : first + count], len(found)


def read(directory: ScimDirectory, group_id: str) -> Group:
    """Return a group with its members. Raises NotFoundException."""
    return resource(_group(directory, group_id))


def _group(directory: ScimDirectory, group_id: str, *, lock: bool = False) -> ScimGroup:
    rows = ScimGroup.objects.select_for_update(of=("self",)) if lock else ScimGroup.objects.all()
    is_id = group_id.isascii() and group_id.isdigit() and len(group_id) < ID_DIGITS
    mine = rows.select_related("team").filter(directory=directory)
    found = mine.filter(team=int(group_id)).first() if is_id else None
    if found is None:
        raise NotFoundException(detail=GONE)
    return found


def resource(row: ScimGroup, *, members: bool = True) -> Group:
    people = row.team.members.all() if members else ()
    return Group(
        id=str(row.team_id),
        external_id=row.external_id or None,
        display_name=row.team.name,
        members=[_member(one) for one in people] or None,
        meta=Meta(resource_type="Group", location=f"/scim/v2/Groups/{row.team_id}"),
    )


def _member(user: User) -> GroupMember:
    return GroupMember.model_validate({"value": str(user.pk), "display": str(user), "type": "User"})


@transaction.atomic
def create(directory: ScimDirectory, given: Group) -> Group:
    """Make a team. Raises SCIMException, above all if there is one with that name."""
    name = _name(given)
    if Team.objects.filter(name__iexact=name).exists():
        raise UniquenessException(
            detail="There is a team with this name. Rename it in LangAI, or give the group another name."
        )
    try:
        with transaction.atomic():
            team = Team.objects.create(name=name)
    except IntegrityError:
        raise UniquenessException(detail="There is a team with this name now.") from None
    row = ScimGroup.objects.create(directory=directory, team=team, external_id=given.external_id or "")
    team.members.set(_people(given))
    record("team.add", "team", team.pk)
    return resource(row)


@transaction.atomic
def patch(directory: ScimDirectory, group_id: str, apply: Callable[[Group], Group]) -> Group:
    """Change a team as `apply` changes its group, under a lock: two changes at once are both there. As `change`."""
    return change(directory, group_id, apply(resource(_group(directory, group_id, lock=True))))


@transaction.atomic
def change(directory: ScimDirectory, group_id: str, given: Group) -> Group:
    """Bring a team in line with a group. Raises SCIMException."""
    row = _group(directory, group_id, lock=True)
    team, fields = row.team, set[str]()
    if (name := _name(given)) != team.name:
        team.name, fields = name, {"name"}
        try:
            with transaction.atomic():
                team.save(update_fields=["name"])
        except IntegrityError:
            raise UniquenessException(detail="There is another team with this name.") from None
    if (people := _people(given)) != set(team.members.values_list("pk", flat=True)):
        team.members.set(people)
        fields.add("members")
    if (given.external_id or "") != row.external_id:
        row.external_id = given.external_id or ""
        row.save(update_fields=["external_id"])
    if fields:
        record("team.change", "team", team.pk, fields=fields)
    return resource(_group(directory, group_id))


@transaction.atomic
def remove(directory: ScimDirectory, group_id: str) -> None:
    """Empty a team, and let it go: collections, budgets and models of it are an admin's to decide on."""
    row = _group(directory, group_id, lock=True)
    row.team.members.clear()
    record("team.change", "team", row.team_id, fields=["members"])
    row.delete()


def _name(given: Group) -> str:
    name = " ".join((given.display_name or "").split())
    if not name or len(name) > NAME_MAX:
        raise InvalidValueException(detail=f"displayName: write 1 to {NAME_MAX} characters.")
    return name


def _people(given: Group) -> set[int]:
    """Return the accounts of the members. Raises InvalidValueException if one is not here."""
    ids = {str(one.value) for one in given.members or () if one.value}
    if len(ids) > MEMBERS_MAX:
        raise InvalidValueException(detail=f"members: at most {MEMBERS_MAX} people.")
    numbers = {int(one) for one in ids if one.isascii() and one.isdigit() and len(one) < ID_DIGITS}
    found = set(User.objects.filter(pk__in=numbers).values_list("pk", flat=True))
    if len(found) < len(ids):
        raise InvalidValueException(detail="members: one of them is not a user here.")
    return found
