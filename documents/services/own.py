"""Collections of one's own: who may make one, and what its owner does with it as a whole. Synchronous."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from documents.models import Document
from documents.services import kept, quotas
from documents.services.library import managed_collection
from documents.services.lifecycle import delete
from langai_site.accounts import holds
from langai_site.accounts.models import Team, User
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity
from langai_site.stale_forms import refuse_changed_label
from search.models import Collection
from search.services import label_rises
from search.services.label_rises import RelabelTarget

NAME_MAX, DESCRIPTION_MAX, MOST = 100, 2_000, 200
# How long a removed collection, or a deleted document, can come back.
UNDO_FOR = timedelta(hours=1)
NOT_HERE = gettext_noop("You may not make collections of your own here. Ask an admin.")
NOT_YOURS = gettext_noop("Only the person who owns this collection can do that.")
EVERYONE, NOBODY = "everyone", "nobody"


@dataclass(frozen=True)
class CollectionDescription:
    """A collection as its owner wants it."""

    name: str
    description: str
    sensitivity: Sensitivity


def may_make(user: User) -> bool:
    """Return whether this person may make collections of their own."""
    allowed = settings.OWN_COLLECTIONS
    if EVERYONE in allowed or NOBODY in allowed:
        return EVERYONE in allowed
    return Team.objects.of(user.pk).filter(name__in=allowed).exists()


def create(user: User, wanted: CollectionDescription) -> Collection:
    """Make a collection that only this person reads until they share it."""
    if not may_make(user):
        raise ForbiddenError(_(NOT_HERE))
    if Collection.objects.filter(kind=Collection.Kind.OWN, holder=user).count() >= MOST:
        raise InvalidError(
            _("You have %(most)s collections, which is the most. Delete one that you do not need.") % {"most": MOST}
        )
    collection = Collection(kind=Collection.Kind.OWN, holder=user)
    _write(collection, wanted)
    with transaction.atomic():
        _save(collection)
        collection.owners.set([user])
        record("collection.add", "collection", collection.pk)
    return collection


@transaction.atomic
def describe(
    user: User, collection_id: int, wanted: CollectionDescription, seen: Sensitivity | None = None
) -> Collection:
    """Change a collection's name, description and label.

    The label of one that others look after as well only rises here. Conversations that quote it rise with it. `seen` is
    the label that the person saw before. Raises ConflictError if it has changed since.
    """
    key = managed_collection(user, collection_id).pk
    collection = Collection.objects.select_for_update(of=("self",)).get(pk=key)
    before, earlier = collection.sensitivity, (collection.name, collection.description)
    refuse_changed_label(seen, Sensitivity(before), wanted.sensitivity)
    if wanted.sensitivity < before and collection.kind == Collection.Kind.LIBRARY:
        raise InvalidError(_("Only an admin can lower the label of this collection, on its page in the admin."))
    _write(collection, wanted)
    _save(collection, "name", "description", "sensitivity")
    if collection.sensitivity != before:
        record("collection.label", "collection", collection.pk)
    elif (collection.name, collection.description) != earlier:
        record("collection.change", "collection", collection.pk)
    if collection.sensitivity > before:
        label_rises.raise_quoting(RelabelTarget(collection=collection.pk), by=user.get_username())
    return collection


def _write(collection: Collection, wanted: CollectionDescription) -> None:
    name = " ".join(wanted.name.replace("\0", "").split())
    text = wanted.description.replace("\r\n", "\n").replace("\0", "").strip()
    if not name:
        raise InvalidError(_("Give the collection a name."))
    if len(name) > NAME_MAX:
        raise InvalidError(
            _("The name has %(count)s characters; %(name_max)s are allowed.")
            % {"count": len(name), "name_max": NAME_MAX}
        )
    if len(text) > DESCRIPTION_MAX:
        raise InvalidError(
            _("The description has %(count)s characters; %(description_max)s are allowed.")
            % {"count": intcomma(len(text)), "description_max": intcomma(DESCRIPTION_MAX)}
        )
    collection.name, collection.description, collection.sensitivity = name, text, wanted.sensitivity


def _save(collection: Collection, *fields: str) -> None:
    """Store a new collection, or these fields of one: the others may have changed since it was read."""
    try:
        with transaction.atomic():
            collection.save(update_fields=fields or None)
    except IntegrityError:
        if collection.kind == Collection.Kind.OWN:
            text = _("You have a collection named “%(name)s” already. Choose another name.")
        else:
            text = _("There is a collection named “%(name)s” already. Choose another name.")
        raise ConflictError(text % {"name": collection.name}) from None


def own_collection(user: User, collection_id: int) -> Collection:
    """Return a person's own collection. Raises ForbiddenError for one that they may only read, or NotFoundError."""
    collection = managed_collection(user, collection_id)
    if collection.kind != Collection.Kind.OWN or collection.holder_id != user.pk:
        raise ForbiddenError(_(NOT_YOURS))
    return collection


def remove(user: User, collection_id: int) -> Collection:
    """Remove a person's own collection with all in it; for UNDO_FOR it can come back. Nobody reads it from here on."""
    collection = own_collection(user, collection_id)
    collection.kind, collection.removed_at = Collection.Kind.REMOVED, timezone.now()
    with transaction.atomic():
        collection.save(update_fields=["kind", "removed_at"])
        record("collection.delete", "collection", collection.pk)
    return collection


def removed_collection(user: User, collection_id: int) -> Collection | None:
    """Return a collection that this person removed, if it can still come back."""
    since = timezone.now() - UNDO_FOR
    theirs = Collection.objects.filter(kind=Collection.Kind.REMOVED, holder=user, removed_at__gt=since)
    found = theirs.filter(pk=collection_id).first()
    if found:
        found.held_by = holds.of_row(found)
    return found


def restore(user: User, collection_id: int) -> Collection:
    """Bring back a removed collection, as it was. Raises NoRoomError if its owner has filled its place meanwhile."""
    collection = removed_collection(user, collection_id)
    if collection is None:
        raise NotFoundError(_("This can no longer be undone."))
    quotas.require_room_again(user.pk, Document.objects.filter(collection=collection), collection.removed_at)
    collection.kind, collection.removed_at = Collection.Kind.OWN, None
    with transaction.atomic():
        _save(collection, "kind", "removed_at")
        record("collection.restore", "collection", collection.pk)
    return collection


def purge() -> None:
    """Delete for good what can no longer come back, unless a legal hold keeps it."""
    before = timezone.now() - UNDO_FOR
    kept.discard()
    delete(*Document.with_deleted.filter(~kept.held(), deletion__isnull=False, deleted_at__lt=before))
    removed = Collection.objects.filter(~kept.held(""), kind=Collection.Kind.REMOVED, removed_at__lt=before)
    for collection in removed:
        delete(*Document.with_deleted.filter(collection=collection))
        collection.delete()
