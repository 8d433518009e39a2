"""Accounts as SCIM users: what a directory sees of them, and what it changes. Synchronous.

All accounts are listed, because a directory looks for its people by their names first. One that it changes is kept by
it from then on. It can give nobody rights, and changes neither name nor address of those who have some: with another
address somebody else could take over an admin's account. It can switch them off, except the last superuser.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from scim2_models import (
    Email,
    ForbiddenException,
    GroupMembership,
    InvalidValueException,
    Meta,
    MutabilityException,
    Name,
    NotFoundException,
    SearchRequest,
    UniquenessException,
)

from langai_site.accounts.models import ScimDirectory, ScimPerson, Team, User
from langai_site.accounts.scim.protocol import PAGE, Person
from langai_site.audit.recording import record

# More digits than any id has.
ID_DIGITS = 19
GONE = "There is no such user."
# Attributes by which directories look for one person, with the columns that hold them.
LOOKED_UP = {"username": "username", "externalid": "scim__external_id", "emails.value": "email"}
CHANGED = {"username": "userName", "email": "emails", "first_name": "name", "last_name": "name", "is_active": "active"}


def find(directory: ScimDirectory, asked: SearchRequest[Any]) -> tuple[Sequence[Any], int]:
    """Return the users on the page that is asked for, and how many match."""
    rows = User.objects.order_by("pk").prefetch_related("teams__scim").select_related("scim")
    first = asked.start_index_0 or 0
    count = PAGE if asked.count is None else min(asked.count, PAGE)
    if not asked.filter:
        return [resource(directory, user) for user in rows[first : first + count]], rows.count()
    column, value = looked_up(str(asked.filter))
    if column:
        own = Q(scim__directory=directory) if column.startswith("scim") else Q()
        rows = rows.filter(own, **{f"{column}__iexact": value})
    found = [one for one in (resource(directory, user) for user in rows.iterator(500)) if asked.filter.match(one)]
    return found[first : first + count], len(found)


def looked_up(text: str, columns: dict[str, str] = LOOKED_UP) -> tuple[str, str]:
    """Return the column and value of a filter such as `userName eq "ann"`; two empty texts for any other.

    It only narrows what is read: each resource is still compared with the filter.
    """
    parts = text.split(" ", 2)
    if len(parts) == 3 and parts[1].lower() == "eq" and len(parts[2]) > 2 and parts[2].count('"') == 2:
        value = parts[2].strip()
        if value[0] == value[-1] == '"' and "\\" not in value:
            return columns.get(parts[0].lower(), ""), value[1:-1]
    return "", ""


def read(directory: ScimDirectory, user_id: str) -> Any:  # noqa: ANN401 - the library's class, made with parameters
    """Return a user. Raises NotFoundException."""
    return resource(directory, _account(user_id))


def _account(user_id: str, *, lock: bool = False) -> User:
    rows = User.objects.select_for_update(of=("self",)) if lock else User.objects.all()
    found = (
        rows.select_related("scim").filter(pk=int(user_id)).first() if user_id.isascii() and user_id.isdigit() else None
    )
    if found is None:
        raise NotFoundException(detail=GONE)
    return found


def resource(directory: ScimDirectory, user: User) -> Any:  # noqa: ANN401 - as above
    """Return an account as a directory sees it: with its own id for it, and with the teams that SCIM fills."""
    link = getattr(user, "scim", None)
    teams = [team for team in user.teams.all() if hasattr(team, "scim") and team.scim.directory_id == directory.pk]
    return Person(
        id=str(user.pk),
        external_id=(link.external_id or None) if link and link.directory_id == directory.pk else None,
        user_name=user.username,
        display_name=str(user),
        name=Name(given_name=user.first_name or None, family_name=user.last_name or None),
        active=user.is_active,
        emails=[Email(value=user.email, type=Email.Type.work, primary=True)] if user.email else None,
        groups=[_membership(team) for team in teams] or None,
        meta=Meta(resource_type="User", created=user.date_joined, location=f"/scim/v2/Users/{user.pk}"),
    )


def _membership(team: Team) -> GroupMembership:
    return GroupMembership.model_validate({"value": str(team.pk), "display": team.name})


@transaction.atomic
def create(directory: ScimDirectory, given: Any) -> Any:  # noqa: ANN401 - as above
    """Make an account without a password: its person signs in through the directory. Raises SCIMException."""
    _refuse_taken(given.user_name, directory, given.external_id)
    user = User()
    user.set_unusable_password()
    _fill(user, given)
    try:
        with transaction.atomic():
            user.save()
            ScimPerson.objects.create(directory=directory, user=user, external_id=given.external_id or "")
    except IntegrityError:
        raise UniquenessException(detail="Another account has just got this userName or externalId.") from None
    record("user.add", "user", user.pk)
    return resource(directory, user)


@transaction.atomic
def patch(directory: ScimDirectory, user_id: str, apply: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - as above
    """Change an account as `apply` changes its user, under a lock: two changes at once are both there. As `change`."""
    return change(directory, user_id, apply(resource(directory, _account(user_id, lock=True))))


@transaction.atomic
def change(directory: ScimDirectory, user_id: str, given: Any) -> Any:  # noqa: ANN401 - as above
    """Bring an account in line with a user. Raises SCIMException."""
    user = _account(user_id, lock=True)
    _require_own(directory, user)
    before = {name: getattr(user, name) for name in CHANGED}
    _refuse_taken(given.user_name, directory, given.external_id, user)
    _fill(user, given)
    changed = [name for name, value in before.items() if getattr(user, name) != value]
    _refuse_takeover(user, before, changed)
    ScimPerson.objects.update_or_create(
        user=user, defaults={"directory": directory, "external_id": given.external_id or ""}
    )
    if changed:
        user.save(update_fields=changed)
        action = "user.switch" if "is_active" in changed else "user.change"
        record(action, "user", user.pk, fields={CHANGED[name] for name in changed})
    user.refresh_from_db()
    return resource(directory, user)


@transaction.atomic
def remove(directory: ScimDirectory, user_id: str) -> None:
    """Switch an account off, and forget its id in the directory. Raises SCIMException.

    What it wrote stays until an admin deletes the account, since that cannot be undone.
    """
    user = _account(user_id, lock=True)
    _require_own(directory, user)
    if getattr(user, "scim", None) is None:
        raise ForbiddenException(detail="This account was not made by the directory. Switch it off instead.")
    was_active, user.is_active = user.is_active, False
    _refuse_takeover(user, {"is_active": was_active}, ["is_active"] if was_active else [])
    ScimPerson.objects.filter(user=user).delete()
    if was_active:
        user.save(update_fields=["is_active"])
        record("user.switch", "user", user.pk, fields=["active"])


def _require_own(directory: ScimDirectory, user: User) -> None:
    link = getattr(user, "scim", None)
    if link is not None and link.directory_id != directory.pk:
        raise ForbiddenException(detail="Another directory keeps this account.")


def _refuse_taken(name: str, directory: ScimDirectory, external_id: str | None, but: User | None = None) -> None:
    others = User.objects.exclude(pk=but.pk) if but else User.objects.all()
    if others.filter(username__iexact=name).exists():
        raise UniquenessException(detail="Another account has this userName.")
    own = ScimPerson.objects.filter(directory=directory, external_id=external_id or "")
    if external_id and own.exclude(user=but).exists():
        raise UniquenessException(detail="Another account has this externalId.")


def _fill(user: User, given: Any) -> None:  # noqa: ANN401 - as above
    """Put into an account what a user says; what it leaves out stays. Raises InvalidValueException."""
    user.username = given.user_name
    emails = [one for one in given.emails or () if one.value]
    if emails:
        user.email = next((one for one in emails if one.primary), emails[0]).value
    if given.name is not None:
        user.first_name, user.last_name = given.name.given_name or "", given.name.family_name or ""
    elif given.display_name and not user.pk:
        user.first_name = given.display_name[:150]
    if given.active is not None:
        user.is_active = given.active
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        field, [reason, *_others] = next(iter(error.message_dict.items()))
        raise InvalidValueException(detail=f"{CHANGED.get(field, field)}: {reason}") from None


def _refuse_takeover(user: User, before: dict[str, Any], changed: Sequence[str]) -> None:
    """Refuse what would let a directory become an admin, or leave nobody who is one."""
    has_rights = user.is_staff or user.is_superuser or user.groups.exists() or user.user_permissions.exists()
    if has_rights and {"username", "email"} & set(changed):
        raise MutabilityException(
            detail="This account has rights here. An admin of LangAI changes its userName and its address."
        )
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if "is_active" in changed and before["is_active"] and user.is_superuser and not others.exists():
        raise ForbiddenException(detail="This is the last superuser. Make another one before you switch it off.")
