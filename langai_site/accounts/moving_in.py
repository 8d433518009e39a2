"""Takes over the people and groups of an Open WebUI. Nobody gets the rights of an admin by this."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from langai_site.accounts import hashers
from langai_site.accounts.models import Team, User
from langai_site.openwebui import MoveIn

PEOPLE, TEAMS = "people", "teams"
NO_PASSWORD = "need a password from an admin, or single sign-on"  # noqa: S105 - words
INACTIVE = "waiting there for approval, or switched off: they cannot sign in"
NESTED = "were in another group: LangAI's teams are not nested"
ADMINS = "admins there: give them rights in the admin"


def move(moving: MoveIn) -> None:
    """Make an account for each person and a team for each group, or find those that are here."""
    hashes = {row["id"]: row for row in moving.database.rows("auth", "id", "password", "active")}
    for row in moving.database.rows("user", "id", "email", "name", "role"):
        _move_person(moving, row, hashes.get(row["id"], {}))
    for row in moving.database.rows("group", "id", "name", "parent_group_id"):
        _move_group(moving, row)
    _join(moving)


def _move_person(moving: MoveIn, row: Mapping[str, Any], auth: Mapping[str, Any]) -> None:
    email = str(row["email"] or "").strip()
    found = list(User.objects.filter(Q(email__iexact=email) | Q(username__iexact=email))[:2]) if email else []
    if len(found) > 1:
        moving.report.note(PEOPLE, "left out: several accounts here have their address", email)
        return
    if found:
        moving.people[row["id"]] = found[0].pk
        moving.report.note(PEOPLE, "are here already")
        return
    user = _account(row, email, auth)
    try:
        user.full_clean(exclude=["password"])
    except ValidationError:
        moving.report.note(PEOPLE, "left out: their address cannot be an account's name", email)
        return
    outcome = NO_PASSWORD if not user.has_usable_password() else "keep their password"
    moving.report.note(PEOPLE, outcome if user.is_active else INACTIVE, email)
    moving.report.note(PEOPLE, ADMINS, email, int(row["role"] == "admin"))
    if not moving.dry_run:
        user.save()
    moving.people[row["id"]] = user.pk or 0


def _account(row: Mapping[str, Any], email: str, auth: Mapping[str, Any]) -> User:
    first, _, last = " ".join(str(row["name"] or "").split()).partition(" ")
    user = User(username=email.lower(), email=email, first_name=first[:150], last_name=last[:150])
    user.is_active = row["role"] != "pending" and auth.get("active") not in (False, 0)
    user.password = hashers.moved(auth.get("password"))
    if not user.password:
        user.set_unusable_password()
    return user


def _move_group(moving: MoveIn, row: Mapping[str, Any]) -> None:
    name = " ".join(str(row["name"] or "").split())[:100]
    found = Team.objects.filter(name__iexact=name).first()
    if not name:
        moving.report.note(TEAMS, "left out: they have no name")
        return
    moving.report.note(TEAMS, "are here already" if found else "made", name)
    moving.report.note(TEAMS, NESTED, name, int(bool(row["parent_group_id"])))
    if found is None and not moving.dry_run:
        found = Team.objects.create(name=name)
    moving.teams[row["id"]] = found.pk if found else 0


def _join(moving: MoveIn) -> None:
    members: dict[int, set[int]] = {}
    for row in moving.database.rows("group_member", "group_id", "user_id"):
        team, person = moving.teams.get(row["group_id"]), moving.people.get(row["user_id"])
        if team is None or person is None:
            moving.report.note("members of teams", "left out: the person or the group was left out")
            continue
        moving.report.note("members of teams", "moved")
        members.setdefault(team, set()).add(person)
    if not moving.dry_run:
        with transaction.atomic():
            for made in Team.objects.filter(pk__in=members):
                made.members.add(*members[made.pk])
