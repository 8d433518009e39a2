"""The steps of `manage.py setup`: each is quick, and changes nothing, if its work is already done."""

import hashlib
import os
import secrets
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from langai_site import registry, release
from langai_site.checks import misspelt_settings
from langai_site.folders import is_disk_full
from langai_site.processes import catalogues, private_files

ADMIN = "admin"
REDIS_SECONDS = 2
WITHOUT_REDIS = "Until it answers, open pages show answers late and limits are not counted."


def misspelt() -> str:
    """Return a warning about variables that look like misspelt settings."""
    sentences = misspelt_settings()
    return f"Warning: {' '.join(sentences)}" if sentences else ""


def redis() -> str:
    """Return a warning if REDIS_URL is set and Redis does not answer; LangAI starts without it."""
    if not settings.REDIS_URL:
        return ""
    from redis import Redis, RedisError

    client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS)
    try:
        client.ping()
    except (RedisError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        return f"Warning: Redis does not answer ({reason}). Check REDIS_URL and that the server runs. {WITHOUT_REDIS}"
    finally:
        client.close()
    return ""


def migrate() -> str:
    try:
        executor = MigrationExecutor(connection)
    except OperationalError as error:
        if is_disk_full(error):
            raise
        reason = str(error).splitlines()[0]
        raise ImproperlyConfigured(f"the database does not answer ({reason}); check DATABASE_URL.") from error
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    release.require_upgradable()
    if not plan:
        release.record()
        return ""
    call_command("migrate", verbosity=0, interactive=False)
    release.record()
    return f"Database ready ({len(plan)} migrations applied)."


def collect_static() -> str:
    stamp = settings.DATA_DIR / "static.fingerprint"
    fingerprint = _static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint and (settings.STATIC_ROOT / "staticfiles.json").exists():
        return ""
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(fingerprint)
    return "Static files collected."


def _static_fingerprint() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = os.stat(storage.path(path))
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def first_admin() -> str:
    """Create the first admin if there are no users; the returned line says, once, how to sign in."""
    users = get_user_model().objects
    if users.exists():
        return ""
    given = settings.LANGAI_ADMIN_PASSWORD
    password = given or secrets.token_urlsafe(12)
    users.create_superuser(ADMIN, "", password)
    shown = "the password in LANGAI_ADMIN_PASSWORD" if given else f"the password {password} (shown only now)"
    return f"Sign in as {ADMIN} with {shown}."


def steps() -> Iterator[str]:
    """Run every step except the first admin; yield a line for each that did something worth reporting."""
    first = (private_files.setup_step, misspelt, redis, migrate, collect_static, catalogues.setup_step)
    for step in (*first, *registry.setup_steps.values()):
        if line := step():
            yield line
