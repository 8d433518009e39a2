"""A question that was embedded a moment ago is not embedded again, unless it is confidential."""

import asyncio

import numpy as np
import pytest
from django.core.cache import caches as stores
from redis import Redis as Client

from langai_site.database import caches
from langai_site.database.writer import in_database_thread
from langai_site.sensitivity import Sensitivity
from search.access import reader_of
from search.embeddings import SEARCH, EmbedderUnavailableError, hosted
from search.embeddings.remembered import embedded
from search.services import find
from search.upkeep.sync import sync_vectors
from tests.servers import Redis, free_port
from tests.upstream.embeddings import vector_of

PUBLIC, CONFIDENTIAL = Sensitivity.PUBLIC, Sensitivity.CONFIDENTIAL
QUESTION = "Where does the ferry land?"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(served, upstream):
    """An embedder on a server, which has not been asked for anything yet."""
    served("e64")
    found = hosted.find("hosted_vllm/e64")
    upstream.reset()
    return found


def calls(upstream):
    return [request["body"] for request in upstream.requests("/v1/embeddings")]


def test_a_text_is_embedded_once_and_its_vector_stays_the_same(server, upstream):
    first, again = (embedded(server, [QUESTION], PUBLIC, SEARCH, person=1) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.allclose(again[0], vector_of(QUESTION, 64), atol=1e-6)
    assert len(calls(upstream)) == 1


def test_each_person_has_their_own_unless_they_are_shared(server, upstream, settings):
    for person in (1, 2, 1):
        embedded(server, [QUESTION], PUBLIC, SEARCH, person=person)
    assert len(calls(upstream)) == 2
    settings.CACHE_SHARED = True
    for person in (1, 2):
        embedded(server, [QUESTION], PUBLIC, SEARCH, person=person)
    assert len(calls(upstream)) == 3


async def test_a_search_does_not_tell_that_another_person_made_it(server, upstream, store, handbook, alice, bob, add):
    # On threads: the embedder's entries are written meanwhile.
    await asyncio.to_thread(add, handbook)
    await asyncio.to_thread(sync_vectors)
    upstream.reset()
    for person, sent in ((alice, 1), (bob, 2), (alice, 2)):
        reader = await in_database_thread(reader_of, person)
        assert (await find(QUESTION, reader, label=Sensitivity.PUBLIC)).notice == ""
        assert len(calls(upstream)) == sent


def test_of_several_texts_only_the_new_ones_are_sent_and_all_come_in_order(server, upstream):
    embedded(server, ["one"], PUBLIC, SEARCH, person=1)
    vectors = embedded(server, ["two", "one", "three", "two"], PUBLIC, SEARCH, person=1)
    assert np.allclose(vectors, [vector_of(text, 64) for text in ("two", "one", "three", "two")], atol=1e-6)
    assert "one" not in calls(upstream)[-1]
    assert len(calls(upstream)) == 2


def test_the_vectors_of_two_embedders_are_kept_apart(server, served, upstream):
    embedded(server, [QUESTION], PUBLIC, SEARCH, person=1)
    served("e32")
    other = hosted.find("hosted_vllm/e32")
    assert embedded(other, [QUESTION], PUBLIC, SEARCH, person=1).shape == (1, 32)


def test_what_is_known_is_found_while_the_embedder_is_away(server, served):
    embedded(server, [QUESTION], PUBLIC, SEARCH, person=1)
    served("e64", url=f"http://localhost:{free_port()}/v1")
    assert embedded(server, [QUESTION], PUBLIC, SEARCH, person=1).shape == (1, 64)
    with pytest.raises(EmbedderUnavailableError):
        embedded(server, ["Another one?"], PUBLIC, SEARCH, person=1)


def test_switched_off_every_text_is_sent(server, upstream, settings):
    settings.CACHE_TTL = 0
    for _ in range(2):
        embedded(server, [QUESTION], PUBLIC, SEARCH, person=1)
    assert len(calls(upstream)) == 2


def test_no_texts_ask_nothing(server, upstream):
    assert embedded(server, [], PUBLIC, SEARCH, person=1).shape == (0, 64)
    assert calls(upstream) == []


def test_what_is_embedded_here_stays_in_this_process(embedder, monkeypatch):
    first = embedded(embedder, [QUESTION], PUBLIC, SEARCH, person=1)
    monkeypatch.setattr(type(embedder), "embed", None)
    assert np.array_equal(embedded(embedder, [QUESTION], PUBLIC, SEARCH, person=1), first)
    assert list(stores["answers"]._cache) == []


def test_nothing_confidential_is_remembered(embedder):
    embedded(embedder, [QUESTION], CONFIDENTIAL, SEARCH, person=1)
    assert list(stores["vectors"]._cache) == []


async def test_a_search_that_is_made_again_embeds_nothing_again(embedder, store, handbook, alice, add, monkeypatch):
    await in_database_thread(add, handbook)
    await in_database_thread(sync_vectors)
    reader = await in_database_thread(reader_of, alice)
    first = await find("How many days off do I get?", reader, label=Sensitivity.PUBLIC)
    monkeypatch.setattr(type(embedder), "embed", None)
    again = await find("How many days off do I get?", reader, label=Sensitivity.PUBLIC)
    assert [hit.passage_id for hit in first.hits] == [hit.passage_id for hit in again.hits]
    assert first.hits
    assert (first.notice, again.notice) == ("", "")


@pytest.mark.needs("redis")
def test_in_redis_there_is_neither_the_text_nor_a_readable_vector(server, settings, monkeypatch):
    redis = Redis().start()
    try:
        settings.REDIS_URL = redis.url
        shared = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": redis.url, "KEY_PREFIX": "answers"}
        settings.CACHES = {**settings.CACHES, "answers": shared}
        monkeypatch.setattr(caches, "breaker", caches.Breaker())
        (vector,) = embedded(server, [QUESTION], PUBLIC, SEARCH, person=1)
        client = Client.from_url(redis.url)
        ((name, kept),) = [(name, client.get(name)) for name in client.keys("*")]
        assert b"ferry" not in name + kept
        assert vector.astype("float32").tobytes() not in kept
        redis.stop()
        assert np.allclose(embedded(server, [QUESTION], PUBLIC, SEARCH, person=1)[0], vector, atol=1e-6)
    finally:
        redis.stop()
