"""Legal holds: what must not be removed, and the one question that every deletion asks. Synchronous.

What can be put out of sight goes out of sight when its owner deletes it, and stays stored: conversations, branches,
folders, attached files, documents and collections of one's own, and the account itself. Jobs that remove such things
leave out what is held, by `people` and `collections`. Anything else cannot be deleted while it is held. `guard` makes
sure of both: each deletion of a guarded row goes through `_refuse`, in any code.

A hold gives nobody a right to read anything.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from django.apps import apps
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.signals import m2m_changed, pre_delete
from django.utils import timezone
from django.utils.translation import gettext as _

from langai_site import stored_data
from langai_site.accounts.hold_models import HeldMember, LegalHold
from langai_site.accounts.models import Team, User
from langai_site.audit.recording import Person, record
from langai_site.errors import ConflictError

# Seconds for which one deletion, which may send thousands of signals, uses what it has read of holds.
_READ_FOR = 1.0


class LegalHoldError(ConflictError):
    code = "legal_hold"


class Owner(Protocol):
    """Returns the number of the person, the collection or the team that a row belongs to."""

    def __call__(self, row: Any) -> int | None: ...  # noqa: ANN401 - a row of the guarded model


@dataclass(frozen=True)
class Guard:
    """How to tell whether a row is held."""

    person: Owner | None = None
    collection: Owner | None = None
    team: Owner | None = None
    # Whether its service puts a held row out of sight instead of refusing.
    hides: bool = False


@dataclass
class _Held:
    """What is held: whom to ask, by the number of a person, a collection or a team."""

    read_at: float
    people: dict[int, str] = field(default_factory=dict)
    collections: dict[int, str] = field(default_factory=dict)
    teams: dict[int, str] = field(default_factory=dict)

    def contact(self, guard: Guard, row: Model) -> str | None:
        """Return whom to ask about a row that is held; None for any other."""
        pairs = ((guard.person, self.people), (guard.collection, self.collections), (guard.team, self.teams))
        for owner, held in pairs:
            if owner and held and (key := owner(row)) in held:
                return held[key]
        return None


guards: dict[type[Model], Guard] = {}
# The person whose a conversation is; the chat registers it. Raises NotFoundError.
owner_of_conversation: list[Callable[[UUID], int]] = []


def guard(model: type[Model], found: Guard) -> None:
    """Refuse the deletion of this model's rows while they are held. Call it in `ready()`."""
    guards[model] = found
    # Django sends the signal of a proxy for rows that were read as one.
    for sender in (model, *(proxy for proxy in apps.get_models() if proxy._meta.concrete_model is model)):
        name = f"hold of {sender._meta.label}"
        pre_delete.connect(partial(_refuse, found), sender=sender, weak=False, dispatch_uid=name)


def people() -> QuerySet[Any, int]:
    """Return the numbers of the people who are held, as a subquery."""
    active = LegalHold.objects.active()
    held = Q(pk__in=active.filter(person__isnull=False).values("person"))
    held |= Q(pk__in=HeldMember.objects.filter(hold__in=active).values("person"))
    held |= Q(teams__in=active.filter(team__isnull=False).values("team"))
    return User.objects.filter(held).order_by().values_list("pk", flat=True)


def collections() -> QuerySet[LegalHold, int | None]:
    """Return the numbers of the collections that are held themselves, as a subquery."""
    return LegalHold.objects.active().filter(collection__isnull=False).values_list("collection", flat=True)


def of_person(user_id: int) -> str | None:
    """Return whom a person can ask about the hold on them; None if there is none."""
    covered = Q(person=user_id) | Q(members__person=user_id) | Q(team__members=user_id)
    return LegalHold.objects.active().filter(covered).values_list("contact", flat=True).first()


def of_row(row: Model) -> str | None:
    """Return whom to ask about a row that must stay; None if it may go."""
    found = guards.get(row._meta.concrete_model or type(row))
    return _read().contact(found, row) if found else None


def require_free(rows: Iterable[Model]) -> None:
    """Raise LegalHoldError if one of these rows is held."""
    held = _read()
    for row in rows:
        found = guards[row._meta.concrete_model or type(row)]
        _raise_for(held.contact(found, row))


def admin_refusal(row: Model) -> str:
    """Return why an admin page must not delete a row; "" if it may, or if its service puts it out of sight."""
    found = guards.get(row._meta.concrete_model or type(row))
    contact = of_row(row) if found and not found.hides else None
    return "" if contact is None else refusal(contact)


def refusal(contact: str) -> str:
    return _("This cannot be deleted now: a legal hold keeps it. Ask %(contact)s.") % {"contact": contact}


def set_hold(hold: LegalHold, by: Person) -> None:
    """Store a new hold. One on a team covers those who are in it now, also after they leave."""
    hold.set_by = by.get_username()
    with transaction.atomic():
        hold.save()
        if hold.team:
            _cover([hold], hold.team.members.values_list("pk", flat=True))


def lift(hold: LegalHold) -> bool:
    """End a hold: jobs remove what was deleted meanwhile. Return whether it was in force."""
    with transaction.atomic():
        lifted = LegalHold.objects.active().filter(pk=hold.pk).update(lifted_at=timezone.now())
        if lifted:
            record("legalhold.lift", "legalhold", hold.pk)
    return bool(lifted)


def register() -> None:
    """Keep people and teams that are held, and what they own."""
    m2m_changed.connect(on_membership, sender=User.teams.through)
    guard(User, Guard(person=lambda row: row.pk))
    guard(Team, Guard(team=lambda row: row.pk))
    stored_data.refusals.append(admin_refusal)


def on_membership(action: str, instance: Any, reverse: bool, pk_set: set[int] | None, **_more: Any) -> None:  # noqa: ANN401
    """Cover people who join a team that is held."""
    if action != "post_add" or not pk_set:
        return
    joined = [instance.pk] if not reverse else pk_set
    teams = pk_set if not reverse else [instance.pk]
    _cover(LegalHold.objects.active().filter(team__in=teams), joined)


def _cover(some: Iterable[LegalHold], joined: Iterable[int]) -> None:
    ids = list(joined)
    rows = [HeldMember(hold=hold, person_id=key) for hold in some for key in ids]
    HeldMember.objects.bulk_create(rows, ignore_conflicts=True)


def _refuse(found: Guard, instance: Model, origin: Any = None, **_signal: Any) -> None:  # noqa: ANN401 - as Django's own
    """Raise LegalHoldError for a row that is about to be deleted and is held."""
    held: _Held | None = getattr(origin, "_held", None)
    if held is None or origin is instance or time.monotonic() - held.read_at > _READ_FOR:
        held = _read()
        if origin is not None:
            origin._held = held
    _raise_for(held.contact(found, instance))


def _raise_for(contact: str | None) -> None:
    if contact is not None:
        raise LegalHoldError(refusal(contact))


def _read() -> _Held:
    held = _Held(time.monotonic())
    for hold in LegalHold.objects.active().order_by("pk"):
        if hold.person_id:
            held.people[hold.person_id] = hold.contact
        if hold.collection_id:
            held.collections[hold.collection_id] = hold.contact
        if hold.team_id:
            held.teams[hold.team_id] = hold.contact
            members = User.objects.filter(Q(teams=hold.team_id) | Q(pk__in=hold.members.values("person")))
            held.people.update(dict.fromkeys(members.values_list("pk", flat=True), hold.contact))
    return held
