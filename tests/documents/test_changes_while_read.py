"""What becomes of a document while its text is being embedded outside the building counts from the next call on."""

import threading

import pytest
from django.core.files.base import ContentFile

from documents import services, tasks
from documents.models import Document
from langai_site.accounts.models import User
from langai_site.database.writer import apart, in_database_thread
from langai_site.sensitivity import Sensitivity
from search import services as search
from search.embeddings import hosted
from search.models import Collection, Source
from search.services import indexing
from tests.locks import HAS_ROW_LOCKS, in_thread, wait_for_a_lock
from tests.upstream.watched import watched_upstream

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
NAME = "hosted_vllm/e64"


class Embedder:
    """An embedder outside the building: what it was asked to embed, and what happens when it is first asked."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.change = None

    async def on_call(self, request):
        self.bodies.append(request["body"])
        change, self.change = self.change, None
        if change:
            await in_database_thread(change)

    @property
    def bodies_with_text(self) -> list[str]:
        return [body for body in self.bodies if "SECRETWORD" in body]


@pytest.fixture
async def elsewhere(transactional_db, settings, monkeypatch):
    # Like a new process.
    monkeypatch.setattr(hosted, "_embedders", {})
    embedder = Embedder()
    async with watched_upstream(embedder.on_call) as upstream:
        settings.LOCAL_HOSTS = ["127.0.0.1"]
        settings.EMBEDDER, settings.EMBEDDER_BASE_URL = NAME, f"http://localhost:{upstream.port}/v1"
        yield embedder


def upload(paragraphs):
    parts = (f"# Part {at}\n\nParagraph {at} says SECRETWORD. {'Filler. ' * 60}\n\n" for at in range(paragraphs))
    collection = Collection.objects.create(name="Notes", everyone=True, sensitivity=PUBLIC)
    user = User.objects.create_user("alice")
    return services.upload(collection=collection, file=ContentFile("".join(parts).encode(), "a.md"), user=user)


def relabel():
    services.relabel(Document.objects.get(), title="a", sensitivity=CONFIDENTIAL)


def read_all():
    while tasks.work_once("test"):
        pass


async def test_a_label_that_rises_before_the_first_text_is_embedded_keeps_all_of_it_inside(elsewhere):
    """The embedder is asked for its dimension first, and that is when the document is relabelled."""
    elsewhere.change = relabel
    await in_database_thread(upload, 3)
    await apart(read_all)
    assert (len(elsewhere.bodies) > 0, elsewhere.bodies_with_text) == (True, [])
    assert await in_database_thread(lambda: Source.objects.get().label) == CONFIDENTIAL
    assert await in_database_thread(lambda: Document.objects.get().status) == "ready"


async def test_the_rest_of_a_document_that_is_deleted_while_it_is_embedded_stays(elsewhere, caplog):
    await apart(hosted.find, NAME)

    def relabel_and_delete():
        relabel()
        services.delete(Document.objects.get())

    elsewhere.change = relabel_and_delete
    await in_database_thread(upload, hosted.BATCH + 4)
    await apart(read_all)
    assert len(elsewhere.bodies_with_text) == 1
    assert not await in_database_thread(Source.objects.exists)
    assert not [record for record in caplog.records if record.exc_info]


async def test_without_a_change_all_of_it_is_embedded(elsewhere):
    """So that the tests of this file could fail."""
    await apart(hosted.find, NAME)
    await in_database_thread(upload, hosted.BATCH + 4)
    await apart(read_all)
    assert len(elsewhere.bodies_with_text) == 2


# SQLite has one writer at a time.
if HAS_ROW_LOCKS:

    def test_a_document_that_is_shown_and_relabelled_at_once_is_both(monkeypatch):
        upload(1)
        made, shown, relabelled = threading.Event(), threading.Event(), threading.Event()
        show, relabel_sources = indexing._go_live, search.relabel

        def go_live(*args):
            made.set()
            assert shown.wait(10)
            return show(*args)

        def hold(*args, **values):
            if not shown.is_set():
                shown.set()
                assert relabelled.wait(10)
            relabel_sources(*args, **values)

        monkeypatch.setattr(indexing, "_go_live", go_live)
        monkeypatch.setattr(search, "relabel", hold)
        results = []
        reading = in_thread(read_all, results)
        assert made.wait(10)
        relabelling = in_thread(relabel, results)
        wait_for_a_lock()
        relabelled.set()
        reading.join()
        relabelling.join()
        assert results == [None, None]
        assert Document.objects.get().status == "ready"
        assert Source.objects.get().label == CONFIDENTIAL
