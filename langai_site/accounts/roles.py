"""The roles of an organisation, as Django's permission groups, and who holds which right through what. Synchronous.

No role opens anybody's conversations: no permission does. Staff status is needed besides, to open admin at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.accounts.models import User

DIRECTLY = gettext_lazy("given directly")
_VERBS = {
    "view": gettext_lazy("view %(thing)s"),
    "add": gettext_lazy("add %(thing)s"),
    "change": gettext_lazy("change %(thing)s"),
    "delete": gettext_lazy("delete %(thing)s"),
}
_EDIT = ("view", "add", "change", "delete")


def _rights(app: str, *models: str, verbs: Iterable[str] = _EDIT) -> tuple[str, ...]:
    return tuple(f"{app}.{verb}_{model}" for model in models for verb in verbs)


@dataclass(frozen=True)
class Role:
    """How pages call a role, what it is for, and its permissions."""

    name: str | Promise
    words: str | Promise
    rights: tuple[str, ...]


ROLES: Mapping[str, Role] = {
    "Document manager": Role(
        gettext_lazy("Document manager"),
        gettext_lazy("Makes and removes collections. Looks after the documents of those that they own."),
        _rights("search", "collection", verbs=("add", "delete")),
    ),
    "Auditor": Role(
        gettext_lazy("Auditor"),
        gettext_lazy(
            "Reads the audit log, the ledger, prices and reports of use. Changes nothing, and reads no content."
        ),
        (
            *_rights("audit", "auditevent", verbs=("view",)),
            *_rights("usage", "usageentry", "monthclose", "price", "budget", verbs=("view",)),
            *_rights("chat", "labelchange", "routingpolicy", verbs=("view",)),
            *_rights("accounts", "user", "team", "legalhold", verbs=("view",)),
            *_rights("auth", "group", verbs=("view",)),
        ),
    ),
    "Legal hold manager": Role(
        gettext_lazy("Legal hold manager"),
        gettext_lazy("Sets and lifts legal holds. Reads nothing of what they keep."),
        (
            *_rights("accounts", "legalhold", verbs=("view", "add", "change")),
            *_rights("accounts", "user", "team", verbs=("view",)),
        ),
    ),
    "Money manager": Role(
        gettext_lazy("Money manager"),
        gettext_lazy("Sets budgets, and reads what everybody used and what it cost."),
        (
            *_rights("usage", "budget"),
            *_rights("usage", "usageentry", "monthclose", "price", verbs=("view",)),
            *_rights("accounts", "user", "team", verbs=("view",)),
        ),
    ),
    "Admin": Role(
        gettext_lazy("Admin"),
        gettext_lazy("Looks after people, teams, connections, models, policies and patterns, but gives no rights."),
        (
            *_rights("accounts", "user", "team", "invitation"),
            *_rights("accounts", "apikey", verbs=("view", "change")),
            *_rights("outbound", "connection", "model"),
            *_rights("chat", "routingpolicy", verbs=("view", "change")),
            *_rights("chat", "keepingrule", "retentionrule"),
            *_rights("chat", "reply", "conversation", "labelchange", verbs=("view",)),
            *_rights("langai_site", "announcement", "sensitivepattern"),
            *_rights("search", "collection", verbs=("add", "delete")),
            *_rights("auth", "group", verbs=("view",)),
        ),
    ),
}


def name_of(group: str) -> str:
    """Return how pages call a group: a role in the language of the page, any other as its admins named it."""
    return str(ROLES[group].name) if group in ROLES else group


def make_groups() -> str:
    """Make the groups that are not there. A step of `setup`; what an admin has changed in one stays."""
    known = set(Group.objects.filter(name__in=ROLES).values_list("name", flat=True))
    for name in ROLES.keys() - known:
        Group.objects.create(name=name).permissions.set(permissions_of(ROLES[name].rights))
    return ""


def permissions_of(rights: Iterable[str]) -> list[Permission]:
    """Return the rows of these rights, written as Django writes them."""
    wanted = Q(pk=None)
    for right in rights:
        app, _, codename = right.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return list(Permission.objects.filter(wanted))


@dataclass(frozen=True)
class ShownGroup:
    """A permission group with how many people are in it; `pk` is None for a role whose group is not there."""

    name: str
    words: str
    people: int
    pk: int | None


def roles_shown() -> list[ShownGroup]:
    """Return the roles, then the groups that admins made."""
    groups = {group.name: group for group in Group.objects.annotate(people=Count("user"))}
    names = [*ROLES, *sorted(groups.keys() - ROLES.keys())]
    return [_shown(name, groups.get(name)) for name in names]


def _shown(name: str, group: Any) -> ShownGroup:  # noqa: ANN401 - a group with its count
    words = str(ROLES[name].words) if name in ROLES else _("A group of your own.")
    return ShownGroup(name_of(name), words, group.people if group else 0, group.pk if group else None)


@dataclass(frozen=True)
class Right:
    """Something that a person may do, and the groups through which, or DIRECTLY."""

    words: str
    through: tuple[str, ...]


@dataclass(frozen=True)
class Holder:
    """A person with rights. `opens_admin` is false for somebody whose rights do nothing without staff status."""

    person: User
    is_superuser: bool
    opens_admin: bool
    rights: Sequence[Right]


def holders() -> list[Holder]:
    """Return everybody with staff status or a right, in a fixed number of queries."""
    some = Q(is_superuser=True) | Q(is_staff=True) | ~Q(groups=None) | ~Q(user_permissions=None)
    people = User.objects.filter(some, is_active=True).distinct().order_by("username")
    found = people.prefetch_related("user_permissions__content_type", "groups__permissions__content_type")
    return [Holder(person, person.is_superuser, person.is_staff, _rights_of(person)) for person in found]


def _rights_of(person: User) -> list[Right]:
    through: dict[str, list[str]] = {}
    for permission in person.user_permissions.all():
        through.setdefault(_words(permission), []).append(str(DIRECTLY))
    for group in person.groups.all():
        for permission in group.permissions.all():
            through.setdefault(_words(permission), []).append(name_of(group.name))
    return [Right(words, tuple(through[words])) for words in sorted(through)]


def _words(permission: Permission) -> str:
    """Return a permission as in “change budget (usage)”."""
    return f"{right_of(permission)} ({permission.content_type.app_label})"


def right_of(permission: Permission) -> str:
    """Return what a permission allows: Django stores its name in English. As in “change budget”."""
    model = permission.content_type.model_class()
    verb = permission.codename.partition("_")[0]
    if model is None or verb not in _VERBS or permission.codename != f"{verb}_{model._meta.model_name}":
        return permission.name.removeprefix("Can ")
    return _VERBS[verb] % {"thing": model._meta.verbose_name}
