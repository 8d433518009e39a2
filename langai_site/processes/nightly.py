"""What is done once a night, by one of the workers: the row says who has it."""

import logging
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from langai_site import registry
from langai_site.models import NightlyRun

logger = logging.getLogger(__name__)

# How often a worker looks.
SECONDS = 60.0
# Local time. What was not done then, because nothing ran, is done as soon as something does.
HOUR = 3
# After this long a run that was not done is taken for one whose worker died.
LOST_AFTER = timedelta(hours=3)


def run_due() -> None:
    """Run each job that has not been run this night, if no other worker is at it."""
    now = timezone.now()
    for name, job in registry.nightly_jobs.items():
        if claim(name, now):
            logger.info("Nightly job %s begins", name)
            job()
            NightlyRun.objects.filter(job=name, begun_at=now).update(done=True)
            logger.info("Nightly job %s is done", name)


def night_of(now: datetime) -> date:
    """The date of the morning of the last night that began."""
    return (timezone.localtime(now) - timedelta(hours=HOUR)).date()


def claim(name: str, now: datetime) -> bool:
    """Whether the job is this worker's to do: exactly one changes the row."""
    _, made = NightlyRun.objects.get_or_create(job=name, defaults={"night": night_of(now), "begun_at": now})
    if made:
        return True
    lost = Q(done=False, begun_at__lt=now - LOST_AFTER)
    due = NightlyRun.objects.filter(Q(night__lt=night_of(now)) | lost, job=name)
    return bool(due.update(night=night_of(now), begun_at=now, done=False))
