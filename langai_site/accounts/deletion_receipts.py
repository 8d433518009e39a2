"""Receipts of deletions: what went, and the proof that nothing of it is left. Synchronous.

A receipt is begun before the rows go, while their text can still be read. Each night the worker searches all stores for
what the receipts say was removed. The first time that a store has nothing of it is noted; once all are clean, the
receipt's digest becomes an event of the audit log, whose chain seals it. `manage.py verify_deletion` searches again.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import router, transaction
from django.db.models import Model, QuerySet
from django.db.models.deletion import Collector
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from langai_site import fingerprints
from langai_site.accounts import scanned_stores
from langai_site.accounts.models import DeletionReceipt
from langai_site.audit.recording import record
from langai_site.errors import NotFoundError

# Digests of texts in one receipt, and receipts that are searched for in one night.
MOST_RUNS, AT_ONCE = 20_000, 200
# How long the worker goes on searching for what is left of a deletion.
GIVE_UP = timedelta(days=30)


@dataclass
class Capture:
    """What is about to be removed: digests of its texts and ids, and how many rows of each table."""

    salt: str
    ids: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    removed: Counter[str] = field(default_factory=Counter)

    def rows(self, found: QuerySet[Any]) -> None:
        """Add these rows, and all that goes with them."""
        collector = Collector(using=router.db_for_write(found.model))
        collector.collect(found)
        groups: list[Iterable[Model]] = [*collector.data.values(), *collector.fast_deletes]
        for group in groups:
            for row in group:
                self._add(row)

    def mark(self, mark: str, store: str) -> None:
        """Add something of another store than the database, such as a vector."""
        self.ids.add(fingerprints.digest(mark, self.salt))
        self.removed[store] += 1

    def _add(self, row: Model) -> None:
        self.removed[row._meta.db_table] += 1
        if isinstance(row.pk, UUID):
            self.ids.add(fingerprints.digest(next(fingerprints.ids(str(row.pk))), self.salt))
        keys = {column.attname for column in row._meta.concrete_fields if column.primary_key or column.remote_field}
        for name in scanned_stores.columns(type(row)):
            if name not in keys:
                for text in scanned_stores.texts_of(getattr(row, name)):
                    self.runs |= fingerprints.kept(text, self.salt)


def begin() -> Capture:
    """Return an empty capture. What is removed on one day shares a salt: so one search serves all its receipts."""
    day = timezone.now().date().isoformat()
    salt = salted_hmac("deletion receipts", day, secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()[:32]
    return Capture(salt)


def keep(capture: Capture, *, owner: int, kind: str, object_id: object, deleted_at: datetime) -> None:
    """Store the receipt of what is about to be removed; after an interruption it is added to the one there is."""
    with transaction.atomic():
        found = DeletionReceipt.objects.select_for_update().filter(kind=kind, object_id=str(object_id)).first()
        if found and (found.salt != capture.salt or found.sealed_as):
            return
        row = found or DeletionReceipt(owner_id=owner, kind=kind, object_id=str(object_id), salt=capture.salt)
        row.deleted_at, row.removed_at = deleted_at, timezone.now()
        # Of a very long text a sample: the lowest digests, which are spread over all of it.
        row.digests = sorted({*row.digests, *capture.ids, *sorted(capture.runs)[:MOST_RUNS]})
        row.removed = dict(Counter(row.removed) + capture.removed)
        row.save()


def listed(user_id: int) -> QuerySet[DeletionReceipt]:
    """Return a person's receipts, the newest first, without their digests."""
    return DeletionReceipt.objects.filter(owner=user_id).defer("digests").order_by("-removed_at")


def document(user_id: int, receipt: UUID) -> dict[str, Any]:
    """Return a receipt as its owner downloads it. Raises NotFoundError."""
    found = DeletionReceipt.objects.filter(owner=user_id, pk=receipt).first()
    if found is None:
        raise NotFoundError(_("This receipt does not exist."))
    return as_document(found)


def as_document(row: DeletionReceipt) -> dict[str, Any]:
    return {
        "receipt": str(row.pk),
        "kind": row.kind,
        "object": row.object_id,
        "deleted_at": row.deleted_at.isoformat(),
        "removed_at": row.removed_at.isoformat(),
        "removed": row.removed,
        "clean": row.clean,
        "not_scanned": row.not_scanned,
        "salt": row.salt,
        "digests": row.digests,
        "sealed_as": row.sealed_as,
    }


def seal_of(given: Mapping[str, Any]) -> str:
    """Return the digest of a receipt, which covers everything but itself."""
    values = {key: value for key, value in given.items() if key != "sealed_as"}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def remainders(wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Counter[str]]]:
    """Search all stores for digests, given by their salts. Return by store, then by digest, how often and where."""
    salts = list(wanted)
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for place in scanned_stores.all_places():
        for salt, digest in fingerprints.digests(place.marks, salts):
            if digest in wanted[salt]:
                found[place.store][digest][place.where] += 1
    return found


def check() -> None:
    """Search for what was removed, and seal the receipts of which nothing is left. A nightly job."""
    waiting = DeletionReceipt.objects.filter(sealed_as="", removed_at__gt=timezone.now() - GIVE_UP)
    rows = list(waiting.order_by("checked_at")[:AT_ONCE])
    if not rows:
        return
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        wanted[row.salt].update(row.digests)
    found, unreachable, now = remainders(wanted), scanned_stores.not_scanned(), timezone.now().isoformat()
    for row in rows:
        _note(row, found, unreachable, now)


def _note(
    row: DeletionReceipt, found: Mapping[str, Mapping[str, Any]], unreachable: Mapping[str, str], now: str
) -> None:
    stores = [store for store in scanned_stores.stores() if store not in unreachable]
    left = {store for store in stores if any(digest in found.get(store, {}) for digest in row.digests)}
    row.clean = {store: row.clean.get(store, now) for store in stores if store not in left}
    row.not_scanned, row.checked_at = dict(unreachable), timezone.now()
    with transaction.atomic():
        if not left:
            row.sealed_as = seal_of(as_document(row))
            record("deletion.prove", "deletionreceipt", row.sealed_as)
        row.save(update_fields=["clean", "not_scanned", "checked_at", "sealed_as"])


def places_left(given: Mapping[str, Any]) -> Sequence[tuple[str, str, int]]:
    """Search for what a receipt says was removed; return the store, the place and how many digests were found."""
    found = remainders({given["salt"]: frozenset(given["digests"])})
    counts: Counter[tuple[str, str]] = Counter()
    for store, digests in found.items():
        for places in digests.values():
            counts.update((store, where) for where in places)
    return sorted((store, where, count) for (store, where), count in counts.items())
