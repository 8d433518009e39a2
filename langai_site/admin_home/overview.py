"""What the admin's home says about this LangAI: the parts that need somebody first, then those that are well."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone

from langai_site import VERSION, registry, release
from langai_site.models import Heartbeat
from langai_site.registry import OverviewLine
from langai_site.telemetry import health

_ORDER = ("fail", "warn", "ok", "off")
DUMMY_MAIL = "django.core.mail.backends.dummy.EmailBackend"


def lines_for(person: Any) -> list[OverviewLine]:  # noqa: ANN401 - a user, whose class belongs to another room
    """Return what the apps say to this person, the most urgent first."""
    lines = [line for read in registry.overviews.values() for line in read(person)]
    return sorted(lines, key=lambda line: _ORDER.index(line.status))


def of_the_site(person: Any) -> Sequence[OverviewLine]:  # noqa: ANN401 - as above
    """Return the workers, the parts whose last check failed, mail and version; for superusers."""
    if not person.is_superuser:
        return ()
    return [_workers(), *_failing_parts(), _mail(), _version()]


def _workers() -> OverviewLine:
    alive = Heartbeat.objects.filter(beat_at__gte=timezone.now() - health.HEARTBEAT_FRESH).count()
    if not alive:
        return OverviewLine("Worker", "fail", "No worker is running. Uploaded documents wait until one is started.")
    return OverviewLine("Worker", "ok", f"{alive} running" if alive > 1 else "Running")


def _failing_parts() -> list[OverviewLine]:
    names = [name for name, status in health.state.checks.items() if status == "fail" and name != "worker"]
    return [
        OverviewLine(name.replace("_", " ").capitalize(), "fail", health.SENTENCES.get(name, "It does not answer."))
        for name in names
        if name != "llm"
    ]


def _version() -> OverviewLine:
    row = release.present()
    if row and release.parts(row.version) > release.parts(VERSION):
        words = f"This process is still LangAI {VERSION}; the database was set up by {row.version}. Restart it."
        return OverviewLine("Version", "warn", words)
    since = f", in use since {timezone.localtime(row.since):%-d %B %Y}" if row else ""
    return OverviewLine("Version", "ok", f"LangAI {VERSION}{since}")


def _mail() -> OverviewLine:
    if settings.EMAIL_BACKEND == DUMMY_MAIL:
        words = "Not set up. Invitations are links that you pass on yourself; set EMAIL_URL to send them."
        return OverviewLine("Mail", "off", words)
    return OverviewLine("Mail", "ok", "Set up")
