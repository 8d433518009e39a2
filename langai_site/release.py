"""Which versions of LangAI may use a database, so that none runs on tables that it does not know."""

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from langai_site import VERSION
from langai_site.models import Release

# The oldest version whose database this one can bring up to date. Raise it when a step of an upgrade is taken out.
UPGRADES_FROM = "0.1.0"
# The oldest version that still works with this version's tables, so that both can run side by side during an upgrade.
# Raise it in the release that drops what the previous one has stopped using.
OLDEST_CODE = "0.1.0"
_ADVICE = "docs/operations/upgrading.md has the steps."


def parts(version: str) -> tuple[int, ...]:
    """Return a version as numbers that can be compared."""
    return tuple(int(part) for part in version.split("."))


def present() -> Release | None:
    """Return what the database says; None before there is a table for it, or while the database does not answer."""
    try:
        if Release._meta.db_table not in connection.introspection.table_names():
            return None
        return Release.objects.first()
    except DatabaseError:
        return None


def require_usable() -> None:
    """Raise ImproperlyConfigured if the database has been upgraded beyond what this version knows."""
    row = present()
    if row and parts(row.oldest_code) > parts(VERSION):
        raise ImproperlyConfigured(
            f"the database was set up by LangAI {row.version}, and needs {row.oldest_code} or later, but this is "
            f"{VERSION}. Install that version, or restore a backup of {VERSION}. {_ADVICE}"
        )


def require_upgradable() -> None:
    """Raise ImproperlyConfigured if a version that the database must pass through was skipped."""
    require_usable()
    row = present()
    if row and parts(row.version) < parts(UPGRADES_FROM):
        raise ImproperlyConfigured(
            f"the database was last set up by LangAI {row.version}, and {VERSION} takes over from {UPGRADES_FROM} or "
            f"later only. Install {UPGRADES_FROM} first, run manage.py setup and let its worker finish. {_ADVICE}"
        )


def record() -> None:
    """Write down that this version has set the database up, unless a newer one has."""
    row = present()
    if row and parts(row.version) >= parts(VERSION):
        return
    Release.objects.update_or_create(pk=1, defaults={"version": VERSION, "oldest_code": OLDEST_CODE})
