"""What /health tells: one word a part, to anyone, from memory."""

import time

import pytest
from django.test import AsyncClient
from django.utils import timezone

from langai_site import registry
from langai_site.models import Heartbeat
from langai_site.telemetry import health

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def checks(monkeypatch):
    """The registered checks as a dictionary to change, and a memory that is empty."""
    monkeypatch.setattr(health, "state", health.Health())
    own = {name: registry.health_checks[name] for name in ("database", "cache", "worker")}
    monkeypatch.setattr(registry, "health_checks", own)
    return own


async def broken() -> registry.Status:
    raise ConnectionError("cannot reach 10.1.2.3:5432 as user secret")


async def get() -> tuple[int, dict]:
    response = await AsyncClient().get("/health")
    return response.status_code, response.json()


async def test_a_stranger_sees_that_all_is_well(checks):
    await Heartbeat.objects.acreate(worker="here:1")
    status, told = await get()
    assert status == 200
    assert told["status"] == "healthy"
    assert told["checks"] == {"cache": "ok", "database": "ok", "worker": "ok"}
    assert told["timestamp"].startswith(f"{timezone.now():%Y-%m-%d}")


async def test_a_worker_that_stopped_beating_fails(checks):
    long_ago = timezone.now() - 2 * health.HEARTBEAT_FRESH
    await Heartbeat.objects.acreate(worker="here:1", beat_at=long_ago)
    status, told = await get()
    assert (status, told["status"], told["checks"]["worker"]) == (200, "degraded", "fail")


async def test_nothing_of_an_error_is_told_to_strangers(checks):
    checks["vector_store"] = broken
    response = await AsyncClient().get("/health")
    assert response.json()["checks"]["vector_store"] == "fail"
    assert b"10.1.2.3" not in response.content
    assert b"secret" not in response.content


async def test_what_is_switched_off_is_no_failure(checks):
    async def off() -> registry.Status:
        return "off"

    await Heartbeat.objects.acreate(worker="here:1")
    checks["llm"] = off
    assert (await get())[1]["status"] == "healthy"


async def test_the_answer_comes_from_memory(checks):
    calls = []

    async def counted() -> registry.Status:
        calls.append(time.monotonic())
        return "ok"

    checks["llm"] = counted
    await get()
    await get()
    assert len(calls) == 1


async def test_people_are_told_of_what_lasts(checks):
    checks["vector_store"] = broken
    await Heartbeat.objects.acreate(worker="here:1")
    await health.state.refresh()
    assert health.problems() == []
    await health.state.refresh()
    assert health.problems() == [health.SENTENCES["vector_store"]]
    del checks["vector_store"]
    await health.state.refresh()
    assert health.problems() == []
