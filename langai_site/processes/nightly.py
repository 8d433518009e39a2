"""Runs the nightly jobs, each in one of the workers: the row says which."""

import logging
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from langai_site import registry
from langai_site.models import NightlyRun

logger = logging.getLogger(__name__)

# How often a worker checks.
SECONDS = 60.0
# Local time. A job that did not run then, because nothing was running, runs as soon as a worker does.
HOUR = 3
# After this time, the worker of an unfinished run is assumed to have died.
LOST_AFTER = timedelta(hours=3)


def run_due() -> None:
    """Run each job that has not run this night, unless another worker is running it."""
    now = timezone.now()
    done = []
    try:
        for name, job in registry.nightly_jobs.items():
            if claim(name, now):
                logger.debug("Nightly job %s begins", name)
                job()
                NightlyRun.objects.filter(job=name, begun_at=now).update(done=True)
                done.append(name)
    finally:
        if done:
            logger.info("Nightly jobs done: %s", ", ".join(done))


def night_of(now: datetime) -> date:
    """Return the date of the morning of the last night that began."""
    return (timezone.localtime(now) - timedelta(hours=HOUR)).date()


def claim(name: str, now: datetime) -> bool:
    """Return whether this worker runs the job: exactly one changes the row."""
    _, made = NightlyRun.objects.get_or_create(job=name, defaults={"night": night_of(now), "begun_at": now})
    if made:
        return True
    lost = Q(done=False, begun_at__lt=now - LOST_AFTER)
    due = NightlyRun.objects.filter(Q(night__lt=night_of(now)) | lost, job=name)
    return bool(due.update(night=night_of(now), begun_at=now, done=False))
