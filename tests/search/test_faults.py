"""Whatever dies while a document is indexed, and when: afterwards it is there once, and nothing differs."""

import contextlib
from uuid import uuid4

import pytest
from django.db import OperationalError, connection

from search.embeddings import hosted
from search.models import Passage, Source
from search.services import indexing
from search.upkeep.sync import sync_vectors
from search.upkeep.verification import differences
from tests.search.conftest import HANDBOOK
from tests.search.proxy import Proxy
from tests.search.test_services import find

NEW = [*(f"Paragraph {at} of the new version is about item {at}." for at in range(4)), "Everyone has 31 days off."]
QUESTION = "How many days off do I get?"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    """Three batches for a document, at a fraction of the work."""
    monkeypatch.setattr(indexing, "INDEX_BATCH", 2)


class Killed(BaseException):
    """The process is gone."""


class Fault:
    """Lets `left` statements of the database through. Then it raises, from there on or once."""

    def __init__(self, left: int, error: BaseException, *, once: bool) -> None:
        self.left, self.error, self.once, self.counted = left, error, once, 0

    def __call__(self, execute, sql, params, many, context):
        self.counted += 1
        self.left -= 1
        if self.left == 0 or (self.left < 0 and not self.once):
            raise self.error
        return execute(sql, params, many, context)


def index_under(fault, add, collection, document):
    """Whether indexing a second version came to its end."""
    with connection.execute_wrapper(fault), contextlib.suppress(Killed, OperationalError):
        add(collection, NEW, document=document, version=2)
        return True
    return False


def assert_true_again(alice, add, collection, document, *, done):
    """One version or the other is found whole; tried again, it is the new one, once."""
    live = Source.objects.get(document=document, live=True)
    assert Passage.objects.filter(source=live).count() == (len(NEW) if live.version == 2 else len(HANDBOOK))
    sync_vectors()
    assert [str(each) for each in differences(mend=False)] == []
    if not done:
        add(collection, NEW, document=document, version=2)
    sync_vectors()
    assert [str(each) for each in differences(mend=False)] == []
    assert Source.objects.get(document=document, live=True).version == 2
    hits = find(alice, QUESTION).hits
    assert hits[0].text == NEW[-1]
    assert {hit.version for hit in hits} == {2}


def statements(add, collection):
    """How many statements it takes to index a version in the place of another."""
    document = uuid4()
    add(collection, document=document)
    counting = Fault(10**9, Killed(), once=False)
    assert index_under(counting, add, collection, document)
    Source.objects.filter(document=document).delete()
    return counting.counted


def every(number, *, tests=16):
    """From 1 to `number`, at most about `tests` of them, with both ends."""
    step = max(1, number // tests)
    return sorted({*range(1, number + 1, step), number})


@pytest.mark.parametrize("kind", ["killed", "database lost"])
def test_a_worker_killed_or_cut_off_the_database_at_any_statement(alice, handbook, embedder, store, add, kind):
    for left in every(statements(add, handbook)):
        document = uuid4()
        add(handbook, document=document)
        error = Killed() if kind == "killed" else OperationalError("the connection was lost")
        assert not index_under(Fault(left, error, once=kind != "killed"), add, handbook, document)
        assert_true_again(alice, add, handbook, document, done=False)
        Source.objects.filter(document=document).delete()
        sync_vectors()


def test_a_vector_store_that_dies_at_any_request(alice, handbook, embedder, store, chroma_server, settings, add):
    proxy = Proxy(chroma_server.url)
    settings.CHROMA_URL = f"http://127.0.0.1:{proxy.port}"
    document = uuid4()
    add(handbook, document=document)
    before = proxy.passed
    add(handbook, NEW, document=document, version=2)
    requests = proxy.passed - before
    assert requests >= 4
    for left in range(requests + 1):
        document = uuid4()
        add(handbook, document=document)
        proxy.left = left
        add(handbook, NEW, document=document, version=2)
        assert Source.objects.get(document=document, live=True).version == 2
        proxy.left = 10**9
        assert_true_again(alice, add, handbook, document, done=True)
        Source.objects.filter(document=document).delete()
        sync_vectors()
    proxy.stop()


def test_an_embedder_that_dies_at_any_request(handbook, embedder, store, upstream, served, settings, add, monkeypatch):
    # No waiting before it is asked again.
    monkeypatch.setattr(hosted, "PAUSE", 0)
    proxy = Proxy(upstream.url)
    served("e64", url=f"http://localhost:{proxy.port}/v1")
    settings.EMBEDDER_MIN_SCORE = 0.0
    add(handbook)
    before = proxy.passed
    add(handbook, NEW)
    requests = proxy.passed - before
    assert requests >= 3
    for left in range(requests):
        proxy.left = left
        texts = [f"{text} Number {left}." for text in NEW]
        source = add(handbook, texts)
        assert Source.objects.get(pk=source).live
        proxy.left = 10**9
        sync_vectors()
        assert [str(each) for each in differences(mend=False)] == []
    proxy.stop()
