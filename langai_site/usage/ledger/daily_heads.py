"""Leaves the end of the chain outside of LangAI once a day: in a file, by mail, or both.

Whoever can write to the database can also compute the whole chain again. They cannot do so without notice if its ends
are kept where they cannot write. The day's head is a row first, so a delivery that failed is made up with the head of
its own day.
"""

import json
import logging
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone
from django.utils.translation import gettext as _

from langai_site.registry import DoctorFinding
from langai_site.usage.ledger import sealing, verification
from langai_site.usage.models import DailyHead

logger = logging.getLogger(__name__)

DUMMY = "django.core.mail.backends.dummy.EmailBackend"
# A nightly job may be some hours late.
OLD = timedelta(hours=36)
ADVICE = "Check AUDIT_HEAD_FILE and AUDIT_HEAD_MAIL; the worker tries again within three hours."


class HeadNotDeliveredError(Exception):
    """A head could not be left at one of its places. The nightly job is then run again."""


def run() -> None:
    """Note the day's head, and deliver every head that a place does not have yet. Raises HeadNotDeliveredError."""
    places = _places()
    if not places:
        return
    sealing.seal()
    sealing.seal_events()
    end = verification.head()
    DailyHead.objects.get_or_create(date=timezone.localdate(), defaults={"sequence": end.sequence, "hash": end.hash})
    failed = [place for place, deliver in places.items() if not _has_delivered(place, deliver)]
    if failed:
        raise HeadNotDeliveredError(", ".join(failed))


def line(head: DailyHead) -> str:
    """Return the head as `verify.py` and `manage.py verify_ledger` read it."""
    return json.dumps({"date": head.date.isoformat(), "sequence": head.sequence, "hash": head.hash})


def finding() -> DoctorFinding:
    """Return the finding for doctor: whether every head was delivered, and how old the last one is."""
    places = _places()
    if not places:
        return DoctorFinding("off", "AUDIT_HEAD_FILE and AUDIT_HEAD_MAIL are not set: no head is kept elsewhere")
    last = DailyHead.objects.first()
    if last is None:
        return DoctorFinding("warn", "no head was delivered yet; the worker delivers one tonight", "Start a worker.")
    if late := [head for place in places for head in _missing(place)]:
        since = min(head.date for head in late)
        why = next((head.problem for head in late if head.problem), "not tried yet")
        return DoctorFinding("fail", f"the heads since {since} are not delivered: {why}", ADVICE)
    if timezone.now() - last.made_at > OLD:
        return DoctorFinding("warn", f"the last head is that of {last.date}", "Start a worker.")
    return DoctorFinding("ok", f"the head of {last.date} is delivered: {' and '.join(places)}")


Deliver = Callable[[Sequence[DailyHead]], None]


def _places() -> dict[str, Deliver]:
    """Return where heads go, each under the name of the column that says when it got one."""
    places: dict[str, Deliver] = {}
    if settings.AUDIT_HEAD_FILE:
        places["file"] = _append
    if settings.AUDIT_HEAD_MAIL:
        places["mail"] = _mail
    return places


def _missing(place: str) -> list[DailyHead]:
    """Return the heads that a place does not have, the oldest first."""
    return list(DailyHead.objects.filter(**{f"{place}_at": None}).order_by("date"))


def _has_delivered(place: str, deliver: Deliver) -> bool:
    heads = _missing(place)
    of_these = DailyHead.objects.filter(pk__in=[head.pk for head in heads])
    try:
        if heads:
            deliver(heads)
    except OSError as error:
        problem = f"{place}: {type(error).__name__}: {error}"[:200]
        logger.error("The head of the chain could not be delivered (%s)", problem)
        of_these.update(problem=problem)
        return False
    of_these.filter(problem__startswith=f"{place}: ").update(problem="")
    of_these.update(**{f"{place}_at": timezone.now()})
    return True


def _append(heads: Sequence[DailyHead]) -> None:
    """Append what the file does not have: a worker may have been killed after it had written a line."""
    path = Path(settings.AUDIT_HEAD_FILE)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        there = file.read()
        known = set(there.decode(errors="replace").splitlines())
        # A full disk may have cut the last line.
        begin = "\n" if there and not there.endswith(b"\n") else ""
        new = [line(head) for head in heads if line(head) not in known]
        file.write((begin + "".join(f"{text}\n" for text in new)).encode() if new else b"")
        file.flush()
        os.fsync(file.fileno())


def _mail(heads: Sequence[DailyHead]) -> None:
    if settings.EMAIL_BACKEND == DUMMY:
        raise OSError("EMAIL_URL is not set")
    last = heads[-1]
    text = _(
        "Keep this message. Each line is the end of the chain that seals LangAI's audit log and ledger on a day. "
        "docs/audit.md says how to compare it."
    )
    # The same heads have the same id: a message that is sent twice, because a worker was killed, is recognised.
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    EmailMessage(
        _("LangAI: the audit log on %(date)s") % {"date": last.date.isoformat()},
        "\n\n".join([text, "\n".join(map(line, heads))]) + "\n",
        to=settings.AUDIT_HEAD_MAIL,
        headers={"Message-ID": f"<audit-{heads[0].date}-{last.date}-{last.hash[:16]}@{domain}>"},
    ).send()
