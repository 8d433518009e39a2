"""Answers and vectors that all web processes share: unreadable in Redis, and not needed while Redis is away."""

import asyncio

import pytest
from django.core.cache import caches as stores
from redis import Redis as Client

from chat.conversations import labels
from chat.turns import shared_calls
from langai_site import registry
from langai_site.database import caches
from langai_site.sensitivity import Sensitivity
from langai_site.telemetry import health
from tests.chat.test_answers_cache import calls, server  # noqa: F401 - a fixture
from tests.chat.test_fallback import model, turn
from tests.outbound.conftest import connections, upstream  # noqa: F401 - fixtures
from tests.servers import Redis

pytestmark = [pytest.mark.usefixtures("upstream"), pytest.mark.needs("redis")]
SAID = "The vault opens with ZINNOBER-4471."


@pytest.fixture
def redis(settings, monkeypatch):
    """Set up Redis, and a process that has not called it yet."""
    started = Redis().start()
    settings.REDIS_URL = started.url
    options = {"SOCKET_CONNECT_TIMEOUT": 2, "SOCKET_TIMEOUT": 2}
    shared = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": started.url, "OPTIONS": options}
    aliases = ("live", "resting", "answers")
    settings.CACHES = {**settings.CACHES, **{alias: {**shared, "KEY_PREFIX": alias} for alias in aliases}}
    monkeypatch.setattr(caches, "breaker", caches.Breaker())
    yield started
    started.stop()


async def turned(*models, **changes):
    """Run a turn, and wait until its answer is stored."""
    done = await turn(*models, **changes)
    if shared_calls._tasks:
        await asyncio.wait(set(shared_calls._tasks))
    return done


def everything(redis) -> dict[bytes, bytes]:
    """Return everything in Redis, as it is stored there."""
    client = Client.from_url(redis.url)
    return {key: client.get(key) for key in client.keys("*")}


async def test_an_answer_is_kept_for_every_process_unreadable_and_for_its_time(redis, server, settings):  # noqa: F811
    settings.CACHE_TTL = 300
    server.script(SAID)
    await turned(model("echo"))
    kept = everything(redis)
    assert len(kept) == 1
    # A key's name reveals nothing, and nobody can read the text from a value.
    for written in (*kept, *kept.values()):
        for secret in (b"ZINNOBER", b"How long", b"vault", b"echo"):
            assert secret not in written
    assert 290 < Client.from_url(redis.url).ttl(next(iter(kept))) <= 300
    assert shared_calls._flights == {}
    assert (await turned(model("echo"))).text == SAID
    assert calls(server) == 1


async def test_what_is_confidential_leaves_no_key_in_redis(redis, server):  # noqa: F811
    secret = (labels.Cause(Sensitivity.CONFIDENTIAL, "chosen by you"),)
    for _ in range(2):
        assert (await turned(model("t5"), causes=secret)).error is None
    assert everything(redis) == {}
    assert calls(server) == 2


async def test_what_was_kept_with_another_secret_is_not_there(redis, server, settings):  # noqa: F811
    await turned(model("t5"))
    settings.SECRET_KEY = "another"
    assert not (await turned(model("t5"))).entries[0].cached


async def test_while_redis_is_away_all_works_and_health_says_so_and_then_it_is_used_again(
    redis,
    server,  # noqa: F811
    monkeypatch,
    caplog,
):
    monkeypatch.setattr(caches, "PAUSE", 0.0)
    monkeypatch.setattr(registry, "health_checks", {"cache": registry.health_checks["cache"]})
    state = health.Health()
    await turned(model("t5"))
    redis.stop()
    for _ in range(2):
        done = await turned(model("t5"))
        assert (done.error, done.entries[0].cached) == (None, False)
    assert calls(server) == 3
    assert [record.message for record in caplog.records if record.name == caches.__name__] == [
        "nothing is cached: the cache is away (ConnectionError)"
    ]
    for _ in range(2):
        await state.refresh()
    assert state.report()["status"] == "degraded"
    monkeypatch.setattr(health, "state", state)
    assert health.problems() == [health.SENTENCES["cache"]]
    redis.start()
    await turned(model("t5"))
    assert (await turned(model("t5"))).entries[0].cached
    assert calls(server) == 4
    await state.refresh()
    assert state.report()["status"] == "healthy"


async def test_models_that_failed_rest_for_every_process_and_for_none_while_redis_is_away(redis, server):  # noqa: F811
    models = (model("fail-broken", 1), model("t5", 2))
    assert (await turned(*models)).asked == ["fail-broken", "t5"]
    assert stores["resting"].get("resting:hosted_vllm/fail-broken") == "upstream_error"
    redis.stop()
    assert (await turned(*models)).asked == ["fail-broken", "t5"]
