"""Puts a pseudonym in place of a person in the ledger and the audit log, when their account is deleted.

What is sealed gets a second hash, over its seal and its new form: what it says now can be verified, the chain goes on
as before, and it can be seen that a name was taken out.
"""

from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from langai_site.accounts.models import User
from langai_site.audit.models import AuditEvent
from langai_site.stored_data import Counts
from langai_site.usage.ledger import chain, sealing
from langai_site.usage.models import EventSeal, Seal, Slice, UsageEntry
from langai_site.usage.reports import rollup

AT_ONCE = 500


def count(user_id: int) -> Counts:
    return {
        gettext_noop("entries of the ledger, which stay without your name"): UsageEntry.objects.filter(
            user_id=user_id
        ).count(),
        gettext_noop("events of the audit log, which stay without your name"): AuditEvent.objects.filter(
            user_id=user_id
        ).count(),
    }


def replace(user_id: int, pseudonym: str) -> Counts:
    """Take the person out of all entries, events and sums; return how many entries and events."""
    name = {"user_id": None, "username": pseudonym}
    entries = _replace_all(UsageEntry, Seal, "entry", user_id, name)
    # Where somebody was tells who they are.
    events = _replace_all(AuditEvent, EventSeal, "event", user_id, {**name, "address": ""})
    _forget_sums(user_id)
    return {
        gettext_noop("entries of the ledger that kept their figures under a pseudonym"): entries,
        gettext_noop("events of the audit log that stay under a pseudonym"): events,
    }


def _replace_all(
    rows: type[models.Model], seals: type[Seal] | type[EventSeal], key: str, user_id: int, values: dict[str, Any]
) -> int:
    changed = 0
    while some := _replace_some(rows, seals, key, user_id, values):
        changed += some
    return changed


@transaction.atomic
def _replace_some(
    rows: type[models.Model], seals: type[Seal] | type[EventSeal], key: str, user_id: int, values: dict[str, Any]
) -> int:
    # Locked, so that nothing is sealed between being read and being changed.
    sealing.locked_head()
    # Not by their own manager: it refuses changes of events.
    found = rows._base_manager
    ids = list(found.filter(user_id=user_id).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    found.filter(pk__in=ids).update(**values)
    sealed: list[Any] = list(seals._base_manager.filter(**{f"{key}__in": ids}))
    stored = found.in_bulk([getattr(seal, key) for seal in sealed])
    for seal in sealed:
        seal.pseudonymised = chain.second_hash(seal.hash, stored[getattr(seal, key)])
    seals._base_manager.bulk_update(sealed, ["pseudonymised"])
    return len(ids)


@transaction.atomic
def _forget_sums(user_id: int) -> None:
    """Drop the daily sums, which name people; the worker adds them up again, and reports read the entries meanwhile.

    All of them: sums by name are shared by everybody who has ever had that name.
    """
    names = set(Slice.objects.filter(user_id=user_id).values_list("username", flat=True))
    names |= set(User.objects.filter(pk=user_id).values_list("username", flat=True))
    named = Slice.objects.filter(Q(user_id=user_id) | Q(username__in=names))
    if named.exists():
        rollup.forget()
        named.delete()
