"""The nightly backup: where it goes, how many are kept, and the warning when the last good one is old."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site import registry
from langai_site.backup import making
from langai_site.models import BackupRun
from langai_site.registry import DoctorFinding, OverviewLine

# A nightly backup may be some hours late.
OLD = timedelta(hours=36)
NAME = "langai-{:%Y%m%d-%H%M%S}.tar.gz"
_OURS = re.compile(r"langai-\d{8}-\d{6}\.tar\.gz")
ADVICE = gettext_lazy("Set BACKUP_DIR to a folder on another disk, or run manage.py backup FILE regularly.")


def register() -> None:
    registry.nightly_job("backup", run)
    registry.doctor_check("backup", finding, advice="Check BACKUP_DIR and the log of the worker.")
    registry.overview("backup", lines)


def run() -> None:
    """Make the night's backup, then delete the oldest ones above BACKUP_KEEP; does nothing without BACKUP_DIR."""
    if not settings.BACKUP_DIR:
        return
    folder = Path(settings.BACKUP_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    making.back_up(folder / NAME.format(timezone.now()))
    for path in _made_in(folder)[: -settings.BACKUP_KEEP]:
        path.unlink(missing_ok=True)


def _made_in(folder: Path) -> list[Path]:
    """Return the nightly backups, oldest first; other files in the folder are left alone."""
    return sorted(path for path in folder.iterdir() if _OURS.fullmatch(path.name))


def finding() -> DoctorFinding:
    """Return the finding for doctor: how old the last good backup is."""
    last = BackupRun.objects.exclude(finished_at=None).order_by("-finished_at").first()
    failed = _failure_since(last)
    if last is None or last.finished_at is None:
        if settings.BACKUP_DIR:
            if failed:
                return DoctorFinding(
                    "warn", _("no backup was made: %(problem)s") % {"problem": failed.problem}, str(ADVICE)
                )
            found = _("no backup was made yet; the worker makes the first one tonight")
            return DoctorFinding("warn", found, _("Start a worker."))
        return DoctorFinding("warn", _("no backup was made, and none is scheduled"), str(ADVICE))
    made = timezone.localtime(last.finished_at)
    found = _("the last good one was made on %(day)s at %(time)s: %(path)s") % {
        "day": f"{made:%Y-%m-%d}",
        "time": f"{made:%H:%M}",
        "path": last.path,
    }
    if failed:
        late = _("%(found)s; the attempt since failed: %(problem)s") % {"found": found, "problem": failed.problem}
        return DoctorFinding("warn", late, _("Make another one."))
    if _is_old(last.finished_at):
        return DoctorFinding("warn", _("%(found)s, which is too long ago") % {"found": found}, str(ADVICE))
    return DoctorFinding("ok", found)


def _is_old(finished_at: datetime) -> bool:
    return timezone.now() - finished_at > OLD


def _failure_since(last: BackupRun | None) -> BackupRun | None:
    failures = BackupRun.objects.exclude(problem="").order_by("-started_at")
    return failures.filter(started_at__gt=last.started_at).first() if last else failures.first()


def lines(person: Any) -> Sequence[OverviewLine]:  # noqa: ANN401 - a user, whose class belongs to another room
    """Return a line for the admin's home, for superusers."""
    if not person.is_superuser:
        return ()
    found = finding()
    words = found.found[0].upper() + found.found[1:]
    return [
        OverviewLine(_("Backup"), found.status, f"{words}. {found.advice}".strip() if found.advice else f"{words}.")
    ]
