"""A version runs only on tables that it knows, and the next version's tables let the previous one go on."""

import re
import tomllib
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

import langai_site
from langai_site import VERSION, release
from langai_site.admin_home import overview
from langai_site.models import Release
from langai_site.processes import setup

ROOT = Path(__file__).parent.parent.parent
# The last migration of each app in the last release. Empty: there was no release yet, so no other code has to work on
# these tables.
RELEASED: dict[str, int] = {}

OWN_APPS = {"accounts", "chat", "documents", "langai_site", "outbound", "search", "usage"}


def breaks_older_code(operation: Operation) -> str:
    """Say why code that does not know of `operation` cannot go on after it; empty if it can."""
    if isinstance(operation, migrations.AddField):
        field = operation.field
        can_be_left_out = field.null or field.many_to_many or field.generated or field.has_db_default()
        return "" if can_be_left_out else f"{operation.name} is required, and older code does not fill it"
    if isinstance(operation, migrations.RemoveField | migrations.DeleteModel | migrations.RenameField):
        return f"older code still uses {operation.name if hasattr(operation, 'name') else operation.old_name}"
    if isinstance(operation, migrations.RenameModel | migrations.AlterModelTable):
        return "older code uses the table by its old name"
    return ""


@pytest.mark.parametrize(
    ("operation", "breaks"),
    [
        (migrations.AddField("m", "note", models.TextField(default="")), True),
        (migrations.AddField("m", "note", models.TextField(default="", db_default="")), False),
        (migrations.AddField("m", "note", models.TextField(null=True)), False),
        (migrations.AddField("m", "teams", models.ManyToManyField("accounts.Team")), False),
        (migrations.RemoveField("m", "note"), True),
        (migrations.RenameField("m", "note", "remark"), True),
        (migrations.DeleteModel("m"), True),
        (migrations.RenameModel("m", "n"), True),
        (migrations.CreateModel("n", []), False),
    ],
)
def test_what_older_code_cannot_live_with_is_recognised(operation, breaks):
    assert bool(breaks_older_code(operation)) is breaks


def test_no_migration_since_the_last_release_breaks_the_code_of_that_release():
    found = [
        f"{app}.{name}: {reason}"
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if app in RELEASED and int(name[:4]) > RELEASED[app]
        for operation in migration.operations
        if (reason := breaks_older_code(operation))
    ]
    assert set(RELEASED) in (set(), OWN_APPS)
    assert found == []


def test_the_version_is_the_same_wherever_it_stands():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    assert re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0] == VERSION
    assert release.parts(release.UPGRADES_FROM) <= release.parts(release.OLDEST_CODE) <= release.parts(VERSION)


@pytest.fixture
def version(monkeypatch, db):
    """`version("0.2.0", upgrades_from=…, oldest_code=…)`: this is that version from now on."""

    def become(number, **rules):
        for module in (langai_site, release, overview):
            monkeypatch.setattr(module, "VERSION", number)
        for name, value in rules.items():
            monkeypatch.setattr(release, name.upper(), value)

    return become


def test_setup_writes_the_version_down_and_an_older_one_leaves_it(version):
    version("0.2.0")
    setup.migrate()
    version("0.1.0")
    setup.migrate()
    assert Release.objects.get().version == "0.2.0"


def test_a_version_that_was_skipped_is_named(version):
    version("0.2.0")
    release.record()
    version("0.10.0", upgrades_from="0.9.0")
    with pytest.raises(ImproperlyConfigured, match=r"last set up by LangAI 0\.2\.0.*Install 0\.9\.0 first"):
        setup.migrate()


@pytest.mark.parametrize("command", ["serve", "worker", "setup"])
def test_code_that_is_too_old_for_the_database_does_not_start(version, command):
    version("0.3.0", oldest_code="0.2.0")
    release.record()
    version("0.2.0")
    release.require_usable()
    version("0.1.0")
    with pytest.raises(ImproperlyConfigured, match=r"needs 0\.2\.0 or later, but this is 0\.1\.0"):
        call_command(command)


def test_the_admins_home_shows_the_version_and_a_process_that_was_not_restarted(version, django_user_model):
    root = django_user_model.objects.create_superuser("root")

    def shown():
        (line,) = [line for line in overview.of_the_site(root) if line.about == "Version"]
        return line.status, line.words

    version("0.2.0")
    release.record()
    status, words = shown()
    assert (status, words.startswith("LangAI 0.2.0, in use since")) == ("ok", True)
    version("0.1.0")
    status, words = shown()
    assert (status, "set up by 0.2.0. Restart it." in words) == ("warn", True)
