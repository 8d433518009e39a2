"""The worker process: a thread for each registered job, and a heartbeat that a long job does not stop."""

import logging
import os
import signal
import socket
import sys
import threading
import time
from datetime import timedelta

from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from langai_site import registry, request_id
from langai_site.models import Heartbeat
from langai_site.processes import nightly
from langai_site.telemetry import tracing

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
FORGOTTEN_AFTER = timedelta(days=1)
LONGEST_PAUSE = 30.0
STOP_SECONDS = 5.0
# Documents are read while people wait for answers: answers come first.
NICENESS = 5
NAME = f"{socket.gethostname()[:80]}:{os.getpid()}"

# Set when the process is about to end: a job that can pause between two steps should return then.
stopping = threading.Event()


def main() -> None:
    """Work until SIGTERM or SIGINT; does not return."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    os.nice(NICENESS)
    logging.captureWarnings(True)
    tracing.start()
    own = (registry.Job("heartbeat", BEAT_SECONDS, beat), registry.Job("nightly", nightly.SECONDS, nightly.run_due))
    jobs = [*own, *registry.worker_jobs.values()]
    threads = [threading.Thread(target=repeat, args=(job,), name=job.name, daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    stopping.wait()
    _finish(threads)


def beat() -> None:
    """Write this worker's heartbeat, and delete those of workers that stopped long ago."""
    Heartbeat.objects.update_or_create(worker=NAME, defaults={"beat_at": timezone.now()})
    Heartbeat.objects.filter(beat_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()


def repeat(job: registry.Job) -> None:
    """Run `job` whenever it is due, immediately if there is more to do, until the process ends."""
    pause = 1.0
    while not stopping.is_set():
        # A separate request id distinguishes the log lines of one run from those of the next.
        with request_id.following(request_id.Trail(f"{job.name.replace(' ', '-')}-{request_id.new_id()[:12]}")):
            pause = _run(job, pause)
    connection.close()


def _run(job: registry.Job, pause: float) -> float:
    """Run `job` and wait until it is due again; return how long to wait if the database fails the next time."""
    began = time.monotonic()
    try:
        more = _done(job)
    except DatabaseError as error:
        logger.warning("%s: the database failed (%s); trying again in %.0f s", job.name, type(error).__name__, pause)
        connection.close()
        stopping.wait(pause)
        return min(pause * 2, LONGEST_PAUSE)
    except Exception:
        logger.exception("%s failed", job.name)
        stopping.wait(max(1.0, job.seconds))
        return pause
    if not more:
        stopping.wait(max(job.seconds, job.rest * (time.monotonic() - began)))
    return 1.0


def _done(job: registry.Job) -> object:
    """Run it once, and give its connection back: there are more jobs than a pool has connections."""
    try:
        return job.run()
    finally:
        if connection.vendor != "sqlite":
            connection.close()


def _finish(threads: list[threading.Thread]) -> None:
    """Give running jobs a moment; unfinished work is resumed when its lease expires."""
    deadline = time.monotonic() + STOP_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    try:
        Heartbeat.objects.filter(worker=NAME).delete()
    except DatabaseError:
        logger.warning("The heartbeat could not be removed; it is forgotten by itself.")
    tracing.stop()
    logging.shutdown()
    sys.stdout.flush()
    # A job that is still running must not delay the exit.
    os._exit(0)
