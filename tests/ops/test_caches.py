"""A cache that is away costs hardly any time, and is used again when it is back."""

import pytest

from langai_site.database import caches


class Cache:
    """One that can be away, and counts how often it is called."""

    def __init__(self):
        self.is_away, self.calls = True, 0

    def get(self, key):
        self.calls += 1
        if self.is_away:
            raise ConnectionError("no answer")
        return f"what {key} holds"


@pytest.fixture
def cache(monkeypatch):
    cache = Cache()
    monkeypatch.setattr(caches, "breaker", caches.Breaker())
    monkeypatch.setattr(caches, "caches", {"answers": cache})
    return cache


def test_who_finds_it_away_is_the_only_one_to_wait(cache):
    for _ in range(100):
        assert caches.tried_now("answers", "get", "key") is None
    assert cache.calls == 1


async def test_it_is_the_same_from_the_event_loop_where_it_is_waited_for_on_a_thread(cache, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for _ in range(100):
        assert await caches.tried("answers", "get", "key") is None
    assert cache.calls == 1


def test_after_a_pause_one_looks_whether_it_is_back_and_the_others_do_not_wait(cache):
    caches.tried_now("answers", "get", "key")
    caches.breaker._until -= caches.PAUSE
    assert caches.breaker.lets_through()
    assert not caches.breaker.lets_through()


def test_once_it_answers_it_is_used_by_all(cache, monkeypatch, caplog):
    caplog.set_level("INFO", caches.__name__)
    monkeypatch.setattr(caches, "PAUSE", 0.0)
    caches.tried_now("answers", "get", "key")
    caches.tried_now("answers", "get", "key")
    cache.is_away = False
    monkeypatch.setattr(caches, "PAUSE", 3.0)
    assert {caches.tried_now("answers", "get", "key") for _ in range(3)} == {"what key holds"}
    assert [record.message for record in caplog.records] == [
        "nothing is cached: the cache is away (ConnectionError)",
        "the cache is back",
    ]


def test_a_name_tells_kinds_apart_and_nothing_of_its_parts():
    names = {caches.keyed_name(kind, parts) for kind in ("answers", "vectors") for parts in ("a", ["a"], ["a", 1])}
    assert len(names) == 6


def test_what_is_kept_in_redis_can_be_read_here_alone_and_in_memory_as_it_is(settings):
    assert caches.sealed("answers", b"said") == b"said"
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    kept = caches.sealed("answers", b"said")
    assert b"said" not in kept
    assert caches.opened("answers", kept) == b"said"
    assert caches.opened("vectors", kept) is None
    assert caches.opened("answers", None) is None
