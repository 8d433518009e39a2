"""Puts a pseudonym in place of a person in the ledger, when their account is deleted.

An entry that is sealed gets a second hash, over its seal and its new form: what it says now can be verified, the chain
goes on as before, and it can be seen that a name was taken out.
"""

from django.db import transaction
from django.db.models import Q

from langai_site.accounts.models import User
from langai_site.stored_data import Counts
from langai_site.usage.ledger import chain, sealing
from langai_site.usage.models import Seal, Slice, UsageEntry
from langai_site.usage.reports import rollup

AT_ONCE = 500


def count(user_id: int) -> Counts:
    return {"entries of the ledger, which stay without your name": UsageEntry.objects.filter(user_id=user_id).count()}


def replace(user_id: int, pseudonym: str) -> Counts:
    """Take the person out of all entries and sums; return how many entries."""
    changed = 0
    while some := _replace_some(user_id, pseudonym):
        changed += some
    _forget_sums(user_id)
    return {"entries of the ledger that kept their figures under a pseudonym": changed}


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


@transaction.atomic
def _replace_some(user_id: int, pseudonym: str) -> int:
    # Locked, so that no entry is sealed between being read and being changed.
    sealing.locked_head()
    entries = list(UsageEntry.objects.filter(user_id=user_id).order_by("pk")[:AT_ONCE])
    for entry in entries:
        entry.user_id, entry.username = None, pseudonym
    UsageEntry.objects.bulk_update(entries, ["user_id", "username"])
    seals = list(Seal.objects.filter(entry__in=[entry.pk for entry in entries]))
    stored = UsageEntry.objects.in_bulk([seal.entry for seal in seals])
    for seal in seals:
        seal.pseudonymised = chain.second_hash(seal.hash, stored[seal.entry])
    Seal.objects.bulk_update(seals, ["pseudonymised"])
    return len(entries)
