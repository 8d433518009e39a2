"""The rights of staff who are not superusers over other people's accounts: never more than they have themselves.

A person who may change accounts could otherwise make themselves a superuser, sign in as one, or join a team that reads
more than they may. Synchronous.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Permission
from django.db.models import Q
from django.utils.translation import gettext as _

from langai_site import registry
from langai_site.accounts.models import Team, User
from langai_site.errors import ForbiddenError

# The fields of an account that give rights; only superusers may change them.
FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")
# Up to this many people are named as contacts.
NAMED = 3


def may_edit(editor: User, person: User) -> bool:
    """Return whether `editor` may change or delete the account: it has no rights that they do not have.

    Rights count even if the account is switched off, since it can be switched on again.
    """
    return editor.is_superuser or not (person.is_superuser or _permissions(person) - _permissions(editor))


def may_set_password(editor: User, person: User) -> bool:
    """Return whether `editor` may set the account's password, with which they could sign in as that person."""
    if editor.is_superuser or editor.pk == person.pk:
        return may_edit(editor, person)
    return may_edit(editor, person) and not any(
        guard.exceeds(person.pk, editor.pk) for guard in registry.access_guards.values()
    )


def _permissions(person: User) -> set[int]:
    held = Permission.objects.filter(Q(user=person) | Q(group__user=person))
    return set(held.order_by().values_list("pk", flat=True))


@dataclass(frozen=True)
class UnmanagedAccess:
    """The things that a team opens but the editor may not manage, and the names of people who may."""

    opens: tuple[str, ...]
    names: tuple[str, ...]


def closed_teams(editor: User | None, teams: Iterable[Team]) -> Mapping[Team, UnmanagedAccess]:
    """Return the teams to which `editor` may not add people, each with the reason."""
    by_id = {team.pk: team for team in teams}
    closed: dict[Team, UnmanagedAccess] = {}
    if not by_id or (editor and editor.is_superuser and editor.is_active):
        return closed
    for guard in registry.access_guards.values():
        for pk, names in guard.closed_teams(editor.pk if editor else None, by_id).items():
            before = closed.get(by_id[pk], UnmanagedAccess((), ()))
            closed[by_id[pk]] = UnmanagedAccess((*before.opens, guard.opens), (*before.names, *names))
    return closed


def refused_teams(closed: Mapping[Team, UnmanagedAccess], *, is_billing: bool = False) -> str:
    """Return the message for an editor who may not bring people into such teams, or may not change their bills."""
    return " ".join(_refused(team, found, is_billing) for team, found in closed.items())


def _refused(team: Team, closed: UnmanagedAccess, is_billing: bool) -> str:
    # An owner of a team's documents cannot help with its budget.
    names = closed.names if len(closed.opens) == 1 else ()
    opens = _(" and ").join(map(str, closed.opens))
    sentence = (
        _("The team “%(team)s” opens %(things)s that you do not manage, so you cannot change whose costs it pays.")
        if is_billing
        else _("The team “%(team)s” opens %(things)s that you do not manage, so you cannot add people.")
    )
    return f"{sentence % {'team': team, 'things': opens}} {_whom_to_ask(names)}"


def _whom_to_ask(names: Collection[str] = ()) -> str:
    """Return a sentence that names who may, and superusers."""
    owners = _("Ask %(names)s or a superuser") % {"names": _listed(names)} if names else _("Ask a superuser")
    return f"{owners}{_superusers()}."


def superusers_only(what: str) -> ForbiddenError:
    return ForbiddenError(f"{what} {_whom_to_ask()}")


def _superusers() -> str:
    names = User.objects.filter(is_superuser=True, is_active=True).order_by("username")
    found = _listed(names.values_list("username", flat=True)[:NAMED])
    return f" ({found})" if found else ""


def _listed(names: Collection[str]) -> str:
    return _(" or ").join(list(dict.fromkeys(names))[:NAMED])
