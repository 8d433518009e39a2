"""Deletes an account with all that is stored of its person, and keeps a receipt without their name.

A request closes the account at once. The worker does the rest, and goes on after an interruption. The ledger keeps its
figures and the audit log its events under a pseudonym: both stay true, but nobody can tell of whom.
"""

import secrets
from collections import Counter
from dataclasses import dataclass

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from langai_site import stored_data
from langai_site.accounts import browser_sessions, holds, partial_uploads
from langai_site.accounts.models import AccountDeletion, ApiKey, Invitation, PartialUpload, User, hashed
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError

GONE = gettext_lazy("This receipt does not exist.")


@dataclass(frozen=True)
class Holding:
    """What is stored of a person: how many of what, in English, which pages translate."""

    words: str
    count: int


def is_possible(user: User) -> bool:
    """Return whether people may delete their accounts themselves here."""
    return bool(settings.ACCOUNT_DELETION) and not _is_last_superuser(user)


def holdings(user_id: int) -> list[Holding]:
    """Return what would be removed."""
    counts: Counter[str] = Counter()
    for leaving in stored_data.leavings.values():
        counts.update(leaving.count(user_id))
    return [Holding(words, count) for words, count in counts.items() if count]


def request(user: User, *, username: str, heir: str = "") -> str:
    """Close the account and have it deleted; return the token of its receipt.

    `username` is what the person typed to confirm, `heir` who gets their own collections. Raises LangAIErrors.
    """
    if not settings.ACCOUNT_DELETION:
        raise ForbiddenError(_("Only admins can delete accounts here. Ask one."))
    if _is_last_superuser(user):
        raise ConflictError(_("You are the only superuser. Make somebody else one first: LangAI needs one."))
    if username != user.get_username():
        raise InvalidError(_("Type your user name, %(name)s, to confirm.") % {"name": user.get_username()})
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        if heir:
            _hand_over(user, heir)
        pseudonym = f"former-{secrets.token_hex(6)}"
        AccountDeletion.objects.create(token_hash=hashed(token), person=user, pseudonym=pseudonym)
        user.is_active = False
        user.set_unusable_password()
        user.save(update_fields=["is_active", "password"])
        ApiKey.objects.filter(user=user).delete()
        browser_sessions.sign_out(user)
        record("user.leave", "user", user.pk, by=user)
    return token


def receipt(token: str) -> AccountDeletion:
    """Return the deletion that `token` stands for. Raises NotFoundError."""
    found = AccountDeletion.objects.filter(token_hash=hashed(token)).first()
    if found is None:
        raise NotFoundError(GONE)
    return found


def carry_out() -> None:
    """Remove what is left of the people who asked for it. A job of the worker; several workers may do so at once.

    One that fails does not hold up the others: the first error is raised at the end. A legal hold on a person keeps
    everything of theirs; the account stays closed.
    """
    errors: list[Exception] = []
    waiting = AccountDeletion.objects.filter(finished_at=None).exclude(person__in=holds.people())
    for deletion in waiting.order_by("requested_at"):
        try:
            _remove(deletion)
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _remove(deletion: AccountDeletion) -> None:
    if deletion.person_id is None:
        # An admin deleted the account meanwhile, or the process died right after the last step.
        _finish(deletion)
        return
    # Apps that use others register after them, and have to remove their rows before.
    for leaving in reversed(stored_data.leavings.values()):
        counts = leaving.remove(deletion.person_id, deletion.pseudonym)
        if counts is None:
            return
        _note(deletion, counts)
    partial_uploads.discard(PartialUpload.objects.filter(owner=deletion.person_id))
    with transaction.atomic():
        _forget_in_admin(deletion.person_id, deletion.pseudonym)
        # Another worker may have done it.
        if person := User.objects.filter(pk=deletion.person_id).first():
            person.delete()
            _note(deletion, {gettext_noop("account"): 1})
        _finish(deletion)


def _forget_in_admin(user_id: int, pseudonym: str) -> None:
    """Remove the invitation that the person came with, and their name and address from Django's log of admin."""
    invitations = Invitation.objects.filter(used_by=user_id)
    named = {User: [user_id], Invitation: list(invitations.values_list("pk", flat=True))}
    for model, ids in named.items():
        about = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))
        about.filter(object_id__in=map(str, ids)).update(object_repr=pseudonym)
    invitations.delete()


def _note(deletion: AccountDeletion, counts: stored_data.Counts) -> None:
    """Add to the receipt at once: what is removed cannot be counted again. Another worker may add to it as well."""
    with transaction.atomic():
        row = AccountDeletion.objects.select_for_update().get(pk=deletion.pk)
        total = Counter(row.receipt)
        total.update(counts)
        row.receipt = dict(total)
        row.save(update_fields=["receipt"])


def _finish(deletion: AccountDeletion) -> None:
    unfinished = AccountDeletion.objects.filter(pk=deletion.pk, finished_at=None)
    unfinished.update(person=None, finished_at=timezone.now())


def _hand_over(user: User, heir_name: str) -> None:
    heir = User.objects.filter(username=heir_name, is_active=True).exclude(pk=user.pk).first()
    if heir is None:
        raise InvalidError(
            _("There is no other person with the user name “%(name)s”. Correct it, or leave it empty.")
            % {"name": heir_name}
        )
    for leaving in stored_data.leavings.values():
        leaving.hand_over(user, heir)


def _is_last_superuser(user: User) -> bool:
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    return user.is_superuser and not others.exists()
