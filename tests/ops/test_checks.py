"""Configurations that would surprise an operator are told before anybody relies on them."""

from pathlib import Path

import pytest
from django.utils.module_loading import import_string

from langai_site import checks, folders
from tests.ops.test_settings import manage

# On SQLite, whatever the tests run on: an empty value is none.
PRODUCTION = {"ENV": "production", "ALLOWED_HOSTS": "chat.example.org", "TRUSTED_PROXIES": "1", "DATABASE_URL": ""}
SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/var/lib/langai/langai.sqlite3"}
POSTGRES = {"ENGINE": "django.db.backends.postgresql", "NAME": "langai"}


def told(settings, **values) -> set[str]:
    for name, value in values.items():
        setattr(settings, name, value)
    return {message.id.removeprefix("langai.") for message in (*checks.deployment(None), *checks.proxies(None))}


@pytest.fixture
def good(settings):
    """Production on one machine, behind a proxy."""
    settings.DATABASE = SQLITE
    assert told(settings, PRODUCTION=True, ALLOWED_HOSTS=["chat.example.org"], TRUSTED_PROXIES=1) == set()
    return settings


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("W001", {"DEBUG": True}),
        ("W002", {"HOST": "0.0.0.0", "ALLOWED_HOSTS": ["localhost"]}),
        ("W003", {"ALLOWED_HOSTS": ["*"]}),
        ("W004", {"ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"]}),
        ("W005", {"HOST": "0.0.0.0", "PRODUCTION": False}),
        ("W006", {"TRUSTED_PROXIES": 0}),
        ("W007", {"DATABASE": POSTGRES, "REDIS_URL": ""}),
    ],
)
def test_it_is_told_alone_and_with_what_to_do(good, code, values):
    assert told(good, **values) == {code}
    assert all(message.hint for message in (*checks.deployment(None), *checks.proxies(None)))


def test_postgresql_with_redis_is_as_it_should_be(good):
    assert told(good, DATABASE=POSTGRES, REDIS_URL="redis://127.0.0.1:6379/0") == set()


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/export /srv/shared\\040files nfs4 rw 0 0
tmpfs /srv/shared\\040files/memory tmpfs rw 0 0
"""


def test_sqlite_on_a_file_system_of_the_network_is_told(good, monkeypatch, tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    monkeypatch.setattr(folders, "MOUNTS", mounts)
    assert told(good, DATABASE=SQLITE | {"NAME": "/srv/shared files/data/langai.sqlite3"}) == {"W008"}
    assert folders.network_file_system(Path("/srv/shared files/memory/x")) == ""
    assert folders.network_file_system(Path("/srv/other")) == ""


def test_check_deploy_has_nothing_to_object_to_in_production(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "WARNING", DATA_DIR=str(tmp_path), **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_check_deploy_objects_to_production_without_a_proxy(tmp_path):
    settings = PRODUCTION | {"TRUSTED_PROXIES": "0"}
    done = manage("check", "--deploy", "--fail-level", "WARNING", DATA_DIR=str(tmp_path), **settings)
    assert done.returncode == 1
    assert "langai.W006" in done.stderr


@pytest.mark.parametrize("needed", checks.PROTECTIONS)
def test_protection_that_is_not_installed_is_an_error(settings, needed):
    assert checks.middleware(None) == []
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not _is_a(name, needed)]
    (error,) = checks.middleware(None)
    assert needed.__name__ in error.msg


def _is_a(name: str, needed: type) -> bool:
    installed = import_string(name)
    return isinstance(installed, type) and issubclass(installed, needed)
