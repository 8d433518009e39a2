"""The monthly close: a month that is over gets its figures, once.

It is closed `GRACE` after its end, when each of its entries is sealed. An entry that turns up later is in the books
of the first month that is open when it is sealed, whatever its time is.
"""

import logging
from dataclasses import asdict
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from langai_site.usage.ledger import sealing
from langai_site.usage.models import MonthClose, Seal, UsageEntry
from langai_site.usage.months import next_month, start_of
from langai_site.usage.sums import totals

logger = logging.getLogger(__name__)

# For a process that could not reach its database, and for an admin to check the month before.
GRACE = timedelta(days=3)


def booked(month: date) -> QuerySet[UsageEntry]:
    """Return the sealed entries in a month's books."""
    return UsageEntry.objects.filter(id__in=Seal.objects.filter(month=month).values("entry"))


def close_months(now: datetime | None = None) -> list[date]:
    """Close each month that can be closed, in order, including those without entries; return the closed months."""
    closed = []
    while month := _close_next(now or timezone.now()):
        logger.info("The month %s is closed", f"{month:%Y-%m}")
        closed.append(month)
    return closed


@transaction.atomic
def _close_next(now: datetime) -> date | None:
    # The lock keeps entries from being sealed into the month while its figures are computed.
    head = sealing.locked_head()
    month = sealing.first_open_month() or _first_month()
    if month is None or now < start_of(next_month(month)) + GRACE or _is_unsealed(month):
        return None
    figures = asdict(totals(booked(month)))
    MonthClose.objects.create(month=month, sequence=head.sequence, hash=head.hash, **figures)
    return month


def _first_month() -> date | None:
    return Seal.objects.order_by("month").values_list("month", flat=True).first()


def _is_unsealed(month: date) -> bool:
    return sealing.unsealed().filter(at__gte=start_of(month), at__lt=start_of(next_month(month))).exists()
