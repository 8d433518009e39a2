"""Who else reads a collection, who looks after it, and what admins decide about that. Synchronous."""

from collections.abc import Collection as Some
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from documents.models import Document, ShareProposal
from documents.services import quotas
from documents.services.library import managed_collection
from langai_site import stale_forms
from langai_site.accounts.models import Team, User
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from search.models import Collection

AT_ONCE, PROPOSAL, NOBODY = "at-once", "proposal", "nobody"
REASON_MAX = 300
ADMINS_ONLY = gettext_noop("Only admins with all rights can do that.")
SWITCHED_OFF = gettext_noop("You cannot share collections here. Ask an admin to let others read this one.")
GONE = gettext_noop("This collection does not exist any more.")


@dataclass(frozen=True)
class Readers:
    """Who reads a collection besides its owners."""

    teams: frozenset[int]
    users: frozenset[int]

    def __sub__(self, other: "Readers") -> "Readers":
        return Readers(self.teams - other.teams, self.users - other.users)

    def __and__(self, other: "Readers") -> "Readers":
        return Readers(self.teams & other.teams, self.users & other.users)

    def __bool__(self) -> bool:
        return bool(self.teams or self.users)

    def shown(self) -> dict[str, Any]:
        """Return them as the form that shows them sends them along."""
        return {"teams": sorted(self.teams), "users": sorted(self.users)}


@dataclass(frozen=True)
class CollectionSummary:
    """A person's own collection as admins see it: how much is in it, and nothing of what is in it."""

    id: int
    name: str
    owner: User | None
    documents: int
    size: int
    passages: int
    readers: int

    @property
    def is_left(self) -> bool:
        """Return whether its owner has left, so that somebody else should get it."""
        return self.owner is None or not self.owner.is_active


def readers_of(collection: Collection) -> Readers:
    teams = frozenset(collection.teams.order_by().values_list("pk", flat=True))
    users = collection.users.exclude(pk__in=collection.owners.values("pk")).order_by()
    return Readers(teams, frozenset(users.values_list("pk", flat=True)))


def offered_teams(user: User, collection: Collection) -> QuerySet[Team]:
    """Return the teams that a person may share a collection with: their own, those that read it already, or all."""
    if user.is_superuser:
        return Team.objects.all()
    theirs = Q(pk__in=Team.objects.of(user.pk).values("pk")) | Q(pk__in=collection.teams.values("pk"))
    return Team.objects.filter(theirs)


def rule_for(user: User) -> str:
    """Return how this person shares a collection: AT_ONCE, as a PROPOSAL, or NOBODY."""
    return AT_ONCE if user.is_superuser else str(settings.OWN_COLLECTIONS_SHARING)


@transaction.atomic
def share(
    user: User,
    collection_id: int,
    *,
    teams: Some[int],
    people: Iterable[User],
    seen: Mapping[str, Any] = MappingProxyType({}),
) -> ShareProposal | None:
    """Let these teams and people read a collection, and nobody else but its owners.

    Whom it takes away holds at once. Whom it adds is a proposal, which is returned, where the setting says so. `seen`
    are the readers that the form shows. Raises ConflictError if they have changed since.
    """
    key = managed_collection(user, collection_id).pk
    collection = Collection.objects.select_for_update(of=("self",)).get(pk=key)
    allowed = offered_teams(user, collection).filter(pk__in=list(teams)).order_by()
    wanted = Readers(frozenset(allowed.values_list("pk", flat=True)), frozenset(person.pk for person in people))
    present = readers_of(collection)
    stale_forms.refuse_changed(seen, present.shown(), wanted.shown())
    added = wanted - present
    rule = rule_for(user)
    if added and rule == NOBODY:
        raise ForbiddenError(_(SWITCHED_OFF))
    # What was proposed before is replaced by what is wanted now.
    ShareProposal.objects.filter(collection=collection).delete()
    if rule == PROPOSAL and added:
        _set_readers(collection, present, wanted & present)
        return _propose(user, collection, added)
    _set_readers(collection, present, wanted)
    return None


def _set_readers(collection: Collection, present: Readers, readers: Readers) -> None:
    if readers == present:
        return
    collection.teams.set(readers.teams)
    collection.users.set(readers.users)
    record("collection.readers", "collection", collection.pk, fields=["readers"])


def _propose(user: User, collection: Collection, added: Readers) -> ShareProposal:
    proposal = ShareProposal.objects.create(collection=collection, proposed_by=user)
    proposal.teams.set(added.teams)
    proposal.users.set(added.users)
    return proposal


def proposal_of(collection: Collection) -> ShareProposal | None:
    """Return what was proposed for a collection and is not accepted: it waits, or it was declined."""
    return ShareProposal.objects.filter(collection=collection).prefetch_related("teams", "users").first()


def proposals(admin: User) -> list[ShareProposal]:
    """Return what waits for an admin's decision, the oldest first."""
    _require_admin(admin)
    return list(waiting().select_related("collection", "proposed_by").prefetch_related("teams", "users"))


def waiting() -> QuerySet[ShareProposal]:
    shown = ShareProposal.objects.filter(declined_at=None, collection__kind__in=Collection.SHOWN)
    return shown.order_by("proposed_at", "pk")


@transaction.atomic
def decide(admin: User, proposal_id: int, *, accepts: bool, reason: str = "") -> ShareProposal:
    """Accept a proposal, or decline it with a reason for the owner."""
    _require_admin(admin)
    proposal = waiting().select_for_update(of=("self",)).filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFoundError(_("This was decided already, or taken back."))
    if accepts:
        proposal.collection.teams.add(*proposal.teams.all())
        proposal.collection.users.add(*proposal.users.filter(is_active=True))
        record("collection.readers", "collection", proposal.collection_id, fields=["readers"])
        proposal.delete()
    else:
        proposal.declined_at, proposal.reason = timezone.now(), " ".join(reason.split())[:REASON_MAX]
        proposal.save(update_fields=["declined_at", "reason"])
    return proposal


def hand_over(user: User, collection_id: int, to: User, *, stays_reader: bool = False) -> Collection:
    """Make another person the owner of a collection in one's own place; `stays_reader`: oneself may still read it."""
    collection = managed_collection(user, collection_id)
    if not collection.owners.filter(pk=user.pk).exists():
        raise ForbiddenError(
            _("Only the owners of a collection can hand it over here. Admins choose owners in the admin.")
        )
    if to.pk == user.pk:
        raise InvalidError(_("It is already yours. Name another person."))
    if collection.kind == Collection.Kind.OWN:
        _require_room(collection, to)
    with transaction.atomic():
        _give(collection, to, instead_of=user)
        if stays_reader:
            collection.users.add(user)
        else:
            collection.users.remove(user)
    return collection


def _require_room(collection: Collection, to: User) -> None:
    size = Document.objects.filter(collection=collection).order_by().aggregate(size=Coalesce(Sum("size"), 0))["size"]
    if quotas.quota_of(to.pk).refusal(Document.objects.filter(collection=collection).count(), size):
        raise ConflictError(
            _("%(to)s has no room for it. Delete some of its files, or ask an admin for more room.") % {"to": to}
        )


def reassign(admin: User, collection_id: int, to: User) -> Collection:
    """Give a person's own collection to another person, whatever room they have: somebody has left."""
    _require_admin(admin)
    collection = Collection.objects.filter(kind=Collection.Kind.OWN, pk=collection_id).first()
    if collection is None:
        raise NotFoundError(_(GONE))
    if collection.holder_id == to.pk:
        raise InvalidError(_("It already belongs to this person. Name another one."))
    with transaction.atomic():
        _give(collection, to, instead_of=collection.holder)
    return collection


def _give(collection: Collection, to: User, *, instead_of: User | None) -> None:
    if collection.kind == Collection.Kind.OWN:
        collection.holder = to
        collection.name = _free_name(collection.name, to)
        try:
            with transaction.atomic():
                collection.save(update_fields=["holder", "name"])
        except IntegrityError:
            raise ConflictError(_("%(to)s has a collection with this name by now. Try again.") % {"to": to}) from None
        collection.owners.set([to])
    else:
        collection.owners.add(to)
        if instead_of:
            collection.owners.remove(instead_of)
    collection.users.remove(to)
    ShareProposal.objects.filter(collection=collection).delete()
    record("collection.readers", "collection", collection.pk, fields=["owners"])


def _free_name(name: str, owner: User) -> str:
    """Return the name, with a number if this person has a collection of that name."""
    taken = set(Collection.objects.filter(kind=Collection.Kind.OWN, holder=owner).values_list("name", flat=True))
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[:90]} ({number})"
    return free


def holdings(admin: User) -> Sequence[CollectionSummary]:
    """Return all collections that are people's own, those of people who have left first."""
    _require_admin(admin)
    documents = Document.objects.filter(collection=OuterRef("pk")).order_by().values("collection")
    rows = (
        Collection.objects.filter(kind=Collection.Kind.OWN)
        .select_related("holder")
        .annotate(
            count=Coalesce(Subquery(documents.annotate(n=Count("pk")).values("n")), 0),
            bytes=Coalesce(Subquery(documents.annotate(n=Sum("size")).values("n")), 0),
            pieces=Coalesce(Subquery(documents.annotate(n=Sum("passages")).values("n")), 0),
            reader_count=Count("teams", distinct=True) + Count("users", distinct=True),
        )
        .order_by(F("holder__is_active").asc(nulls_first=True), "holder__username", "name")
    )
    return [
        CollectionSummary(row.pk, row.name, row.holder, row.count, row.bytes, row.pieces, row.reader_count)
        for row in rows
    ]


def left_behind() -> int:
    """Return how many collections belong to people who have left."""
    own = Collection.objects.filter(kind=Collection.Kind.OWN)
    return own.filter(Q(holder=None) | Q(holder__is_active=False)).count()


def _require_admin(person: User) -> None:
    if not (person.is_active and person.is_staff and person.is_superuser):
        raise ForbiddenError(_(ADMINS_ONLY))
