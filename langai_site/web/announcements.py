"""What admins announce on every page. Each web process keeps it in memory, so that pages need no statement for it."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError
from django.utils import timezone

from langai_site.database.writer import in_database_thread
from langai_site.models import Announcement

logger = logging.getLogger(__name__)

EVERY_SECONDS = 10.0
# More at once would push the page out of sight on a phone.
MOST = 3


@dataclass(frozen=True)
class Shown:
    """An announcement as pages show it."""

    text: str
    is_warning: bool
    before_sign_in: bool
    starts_at: datetime | None
    ends_at: datetime | None


_known: Sequence[Shown] = ()


def current(*, signed_in: bool) -> Sequence[Shown]:
    """Return what pages show now, warnings first; costs nothing."""
    now = timezone.now()
    found = [
        one
        for one in _known
        if (signed_in or one.before_sign_in)
        and (one.starts_at is None or one.starts_at <= now)
        and (one.ends_at is None or now < one.ends_at)
    ]
    return found[:MOST]


def refresh() -> None:
    """Read what is announced now or later."""
    global _known
    rows = Announcement.objects.exclude(ends_at__lte=timezone.now()).order_by("-level", "-pk")
    _known = [
        Shown(row.text, row.level == Announcement.Level.WARNING, row.before_sign_in, row.starts_at, row.ends_at)
        for row in rows
    ]


async def watch() -> None:
    """Read the announcements again for as long as the web process runs."""
    while True:
        try:
            await in_database_thread(refresh)
        except DatabaseError as error:
            # What was known stays on the pages until the database answers again.
            logger.warning("Announcements cannot be read: %s", type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
