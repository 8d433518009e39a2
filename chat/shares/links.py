"""The only access to shares for their owners: they make, change and revoke links. Synchronous."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from chat.conversations import access, branches, label_rises
from chat.models import Attachment, Conversation, Message, Share
from langai_site import stale_forms
from langai_site.accounts import sharing
from langai_site.accounts.models import User
from langai_site.accounts.sharing import Audience
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity, highest
from search.services import present

GONE = gettext_noop("This link does not exist any more, or it is not yours.")
# Links of one person, and messages of a conversation that can be chosen one by one.
SHARES_MAX, CHOSEN_MAX = 500, 400
# For how many days a link can work; 0: until it is revoked.
DAYS = (1, 7, 30, 90, 0)
NAMED_ONLY = gettext_noop(
    "This conversation is confidential, so you can share it only with people whom you name. Choose “Teams and people”, "
    "name the people, and leave the teams out."
)
PUBLIC_OFF = gettext_noop("Links that open without a sign-in are switched off here. Choose teams or people instead.")
PUBLIC_LABEL = gettext_noop("Only a public conversation can be opened without a sign-in, and this one is %(label)s.")
WITH_FILES = gettext_noop("The label comes from its files: leave them out to share the rest.")


class ShareGoneError(NotFoundError):
    link = ("chat:shares", gettext_lazy("Show your links"))


@dataclass(frozen=True)
class ShareForm:
    """A link as its owner wants it. `chosen` are the messages; None: the whole branch that the page shows."""

    audience: Audience
    chosen: Collection[UUID] | None = None
    sources: bool = True
    files: bool = False
    public: bool = False
    days: int = 0


def access_share(user_id: int, share: UUID, *, lock: bool = False) -> Share:
    """Return a link to its owner. Raises NotFoundError."""
    rows = Share.objects.of(user_id).select_related("conversation__owner").filter(conversation__deleted_at=None)
    found = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=share).first()
    if found is None:
        raise ShareGoneError(_(GONE))
    return found


def listed(user_id: int, conversation: UUID | None = None) -> list[Share]:
    """Return a person's links, newest first, with whom they are shared with."""
    rows = Share.objects.of(user_id).filter(conversation__deleted_at=None).select_related("conversation")
    rows = rows.filter(conversation=conversation) if conversation else rows
    return list(rows.prefetch_related("teams", "users", "editors").defer("snapshot")[:SHARES_MAX])


def offered(user_id: int, conversation: UUID) -> tuple[Conversation, list[Message]]:
    """Return a conversation with the messages of its branch that can be chosen: the last ones. Raises NotFoundError."""
    row = access.access_conversation(user_id, conversation)
    return row, branches.read(branches.ids(row)[-CHOSEN_MAX:])


@transaction.atomic
def create(user: User, conversation: UUID, form: ShareForm) -> Share:
    """Make a link. Raises NotFoundError, InvalidError, ForbiddenError and ConflictError."""
    row = access.access_conversation(user.pk, conversation, lock=True)
    if Share.objects.of(user.pk).count() >= SHARES_MAX:
        words = _("You have %(most)s links, which is the most. Delete some that you do not need.")
        raise ConflictError(words % {"most": SHARES_MAX})
    share = Share(owner=user, conversation=row)
    share.snapshot = _snapshot(row, _chosen(row, form))
    _write(share, form)
    share.save(force_insert=True)
    _share_with(share, form.audience, user)
    record("share.add", "share", share.pk)
    return share


@transaction.atomic
def change(user: User, share_id: UUID, form: ShareForm) -> Share:
    """Change who may open a link and what it shows; its messages stay. A link that was revoked works again.

    Raises as `create` does, also ConflictError if the form shows something that has changed since.
    """
    share = access_share(user.pk, share_id, lock=True)
    before = share.guarded()
    _write(share, form)
    share.revoked_at = None
    stale_forms.refuse_changed(form.audience.seen, before, share.guarded())
    share.save()
    _share_with(share, form.audience, user)
    record("share.change", "share", share.pk)
    return share


@transaction.atomic
def update(user: User, share_id: UUID) -> Share:
    """Take a new snapshot; the address stays. Of chosen messages it takes the same ones, and adds none.

    Raises ForbiddenError if the label does not allow its readers now.
    """
    share = access_share(user.pk, share_id, lock=True)
    chosen = [UUID(row["id"]) for row in share.snapshot] if share.shows_chosen else None
    share.snapshot = _snapshot(share.conversation, chosen)
    share.updated_at = timezone.now()
    share.save(update_fields=["snapshot", "updated_at"])
    _refuse_label(share, sharing.audience_of(share))
    record("share.change", "share", share.pk)
    return share


@transaction.atomic
def revoke(user: User, share_id: UUID) -> None:
    """Close a link at once: its page, its files and its export."""
    share = access_share(user.pk, share_id, lock=True)
    share.revoked_at = share.revoked_at or timezone.now()
    share.save(update_fields=["revoked_at"])
    record("share.revoke", "share", share.pk)


@transaction.atomic
def delete(user: User, share_id: UUID) -> None:
    access_share(user.pk, share_id).delete()
    record("share.delete", "share", share_id)


def _write(share: Share, form: ShareForm) -> None:
    if form.days not in DAYS:
        raise InvalidError(_("Choose how long the link works from the list."))
    share.includes_sources, share.includes_files, share.is_public = form.sources, form.files, form.public
    share.expires_at = _end(form.days)


def _end(days: int) -> datetime | None:
    return timezone.now() + timedelta(days=days) if days else None


def _share_with(share: Share, audience: Audience, user: User) -> None:
    if audience.editors:
        audience = replace(audience, editors=())
    _refuse_label(share, audience)
    sharing.share(share, audience, user)


def _refuse_label(share: Share, audience: Audience) -> None:
    """Raise ForbiddenError if the label does not allow these readers."""
    label = label_of(share)
    why = f" {_(WITH_FILES)}" if share.includes_files and label > share.conversation.label else ""
    if share.is_public and not settings.PUBLIC_SHARES:
        raise ForbiddenError(_(PUBLIC_OFF))
    if share.is_public and label > Sensitivity.PUBLIC:
        raise ForbiddenError(_(PUBLIC_LABEL) % {"label": label.in_text} + why)
    if label == Sensitivity.CONFIDENTIAL and (audience.everyone or audience.teams):
        raise ForbiddenError(_(NAMED_ONLY) + why)


def label_of(share: Share) -> Sensitivity:
    """Return the label of what a link shows, as it is now: the conversation's, and that of the files that it shows.

    A file that has not been read yet counts as confidential. A rise of a document's label that has not reached the
    conversation yet does so here.
    """
    if label_rises.reach(share.conversation_id):
        share.conversation.refresh_from_db(fields=["label", "label_cause"])
    documents = {file.document for file in files_of(share)} if share.includes_files else set()
    known = present.labels_of(documents)
    unread = [Sensitivity.CONFIDENTIAL] if documents - known.keys() else []
    return highest(share.conversation.label, *known.values(), *unread)


def files_of(share: Share) -> list[Attachment]:
    """Return the files of the messages in a snapshot, without those of deleted messages."""
    ids = [UUID(row["id"]) for row in share.snapshot]
    return list(Attachment.objects.filter(message__in=ids, message__deleted_at=None))


def _chosen(row: Conversation, form: ShareForm) -> list[UUID] | None:
    """Return the messages of the branch that the form chooses; None for all of it."""
    if form.chosen is None:
        return None
    chosen = set(form.chosen)
    return [key for key in branches.ids(row) if key in chosen]


def _snapshot(row: Conversation, chosen: Sequence[UUID] | None) -> list[dict[str, Any]]:
    """Return the messages of the branch that is shown, or those that were chosen, with their texts."""
    ids = branches.ids(row) if chosen is None else chosen
    mark = {} if chosen is None else {"chosen": True}
    if row.messages.live().filter(pk__in=ids).exists():
        raise ConflictError(_("An answer is still being written here. Wait until it is complete, then share."))
    found = [message for some in branches.chunks(ids) for message in branches.read(some)]
    rows = [{"id": str(message.id), "text": message.text, **mark} for message in found if not message.deleted_at]
    if not rows:
        raise InvalidError(_("Choose at least one message to share."))
    return rows
