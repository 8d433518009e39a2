"""What the admin's home says about this LangAI: the parts that need somebody first, then those that are well."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from langai_site import VERSION, registry, release
from langai_site.models import Heartbeat, Release
from langai_site.registry import OverviewLine
from langai_site.telemetry import health

_ORDER = ("fail", "warn", "ok", "off")
NO_ANSWER = gettext_noop("It does not answer.")
# The names of the parts that a check can find failing.
PARTS = {
    "database": gettext_noop("Database"),
    "cache": gettext_noop("Cache"),
    "vector_store": gettext_noop("Vector store"),
}
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
        return OverviewLine(
            _("Worker"), "fail", _("No worker is running. Uploaded documents wait until one is started.")
        )
    return OverviewLine(_("Worker"), "ok", _("%(count)s running") % {"count": alive} if alive > 1 else _("Running"))


def _failing_parts() -> list[OverviewLine]:
    names = [name for name, status in health.state.checks.items() if status == "fail" and name != "worker"]
    return [
        OverviewLine(_part(name), "fail", str(health.SENTENCES.get(name) or _(NO_ANSWER)))
        for name in names
        if name != "llm"
    ]


def _part(name: str) -> str:
    return _(PARTS[name]) if name in PARTS else name.replace("_", " ").capitalize()


def _version() -> OverviewLine:
    row = release.present()
    if row and release.parts(row.version) > release.parts(VERSION):
        words = _("This process is still LangAI %(running)s; the database was set up by %(database)s. Restart it.")
        return OverviewLine(_("Version"), "warn", words % {"running": VERSION, "database": row.version})
    return OverviewLine(_("Version"), "ok", _in_use(row))


def _in_use(row: Release | None) -> str:
    if row is None:
        return f"LangAI {VERSION}"
    date = date_format(timezone.localtime(row.since), "j F Y")
    return _("LangAI %(version)s, in use since %(date)s") % {"version": VERSION, "date": date}


def _mail() -> OverviewLine:
    if settings.EMAIL_BACKEND == DUMMY_MAIL:
        words = _("Not set up. Invitations are links that you pass on yourself; set EMAIL_URL to send them.")
        return OverviewLine(_("Mail"), "off", words)
    return OverviewLine(_("Mail"), "ok", _("Set up"))
