"""The addresses of a larger deployment work: a real Redis, a real PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Postgres, Redis
from tests.shared import furnish

ROOT = Path(__file__).parent.parent.parent
ROUND_TRIP = """
import asyncio, django
django.setup()
from channels.layers import get_channel_layer
from django.core.cache import caches

async def main():
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("conversation", channel)
    await layer.group_send("conversation", {"type": "delta", "text": "hello"})
    print(type(layer).__name__, (await asyncio.wait_for(layer.receive(channel), 10))["text"])

ALIASES = ("default", "live", "limits", "resting", "answers", "vectors")
for alias in ALIASES:
    caches[alias].set("key", alias, 60)
print(all(caches[alias].get("key") == alias for alias in ALIASES))
asyncio.run(main())
"""


def python(*arguments: str, data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "langai_site.settings", "DATA_DIR": str(data), **settings}
    line = [sys.executable, *arguments]
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture
def redis() -> Iterator[str]:
    server = Redis()
    try:
        yield server.start().url
    finally:
        server.stop()


@pytest.fixture
def postgres() -> Iterator[str]:
    server = Postgres()
    try:
        yield server.start().url
    finally:
        server.stop()


@pytest.mark.needs("redis")
def test_cache_and_live_streams_work_over_redis(redis, tmp_path):
    done = python("-c", ROUND_TRIP, data=tmp_path, REDIS_URL=redis)
    assert done.stdout.splitlines() == ["True", "RedisLayer hello"], done.stderr


@pytest.mark.needs("postgres")
def test_setting_up_works_on_postgresql_and_again_changes_nothing(postgres, prepared, tmp_path):
    furnish(tmp_path, prepared)
    first = python("manage.py", "setup", data=tmp_path, DATABASE_URL=postgres, LANGAI_ADMIN_PASSWORD="correct horse")
    assert first.returncode == 0, first.stderr
    assert "Sign in as admin with the password in LANGAI_ADMIN_PASSWORD." in first.stdout
    again = python("manage.py", "setup", data=tmp_path, DATABASE_URL=postgres)
    assert again.returncode == 0, again.stderr
    assert "Sign in" not in again.stdout
    assert "migrations" not in again.stdout
