"""Large documents are worked on in steps, and what is much smaller does not wait for their last one."""

import threading

import pytest
from django.db import connection

from documents import chunking, lanes, services, tasks
from documents.lanes import ANY
from documents.models import Document
from langai_site.accounts.models import User
from langai_site.processes import worker
from search.models import Collection, Passage, Source
from search.services import indexing
from search.types import PageText

pytestmark = pytest.mark.django_db(transaction=True)
Status = Document.Status
MB = 1024 * 1024


@pytest.fixture
def sized(upload):
    """Upload a text of so many paragraphs as if its file had so many bytes."""

    def sized(name: str, size: int, paragraphs: int = 1, **values) -> Document:
        text = "\n\n".join(f"{name} {number}. {'Words of it. ' * 60}" for number in range(paragraphs))
        document = upload(text, f"{name}.txt", **values)
        document.size = size
        document.save(update_fields=["size"])
        return document

    return sized


@pytest.fixture
def steps(monkeypatch):
    """Which document each batch of passages that was written belongs to, with one passage a batch."""
    monkeypatch.setattr(indexing, "INDEX_BATCH", 1)
    taken, write = [], indexing._write_and_store

    def written(source, *rest):
        taken.append(source.title)
        write(source, *rest)

    monkeypatch.setattr(indexing, "_write_and_store", written)
    return taken


def order() -> list[str]:
    return list(Document.objects.filter(status=Status.READY).order_by("ready_at").values_list("title", flat=True))


def test_a_thread_with_a_large_document_works_on_much_smaller_ones_between_its_steps(sized, steps, alice):
    bob = User.objects.create_user("bob", password="b")
    sized("huge", 800 * MB, 6, user=alice)
    sized("large", 90 * MB, 4, user=bob)
    for number in range(3):
        sized(f"small {number}", 1000, user=bob)
    assert tasks.work_once("test")
    # The huge one was taken first, and read to its end by the same thread.
    assert order()[-1] == "huge"
    assert set(order()[:3]) == {"small 0", "small 1", "small 2"}
    assert (steps.count("huge"), steps.count("large")) == (6, 4)
    assert not tasks.work_once("test")


def test_what_is_not_much_smaller_waits(sized, steps):
    sized("large", 16 * MB, 3)
    sized("other", 3 * MB)
    assert tasks.work_once("test")
    assert order() == ["large"]


def test_attached_files_pass_everything_and_wait_only_for_much_smaller_attached_ones(sized, steps, alice):
    attached = Collection.objects.create(name="a", kind=Collection.Kind.ATTACHED, holder=alice)
    bulk = sized("bulk", 3000, 3)
    chat = [sized(f"chat {number}", 3000, collection=attached) for number in range(2)]
    large = sized("large chat", 90 * MB, collection=attached)
    assert {each.pk for each in ANY.waiting_beside(bulk)} == {each.pk for each in [*chat, large]}
    assert list(ANY.waiting_beside(chat[0])) == []
    assert {each.pk for each in ANY.waiting_beside(large)} == {each.pk for each in chat}


def test_a_thread_that_may_not_read_now_goes_on_with_its_own(sized, steps):
    large = sized("large", 90 * MB, 2)
    sized("small", 1000)
    with ANY.reading(bool):
        assert not tasks.work_once("test", ANY, beside=large)
    assert tasks.work_once("test", ANY, beside=large)
    assert order() == ["small"]


def test_a_stop_between_two_steps_gives_both_documents_back(sized, steps, monkeypatch):
    sized("large", 90 * MB, 4)
    sized("small", 1000, 3)
    write = indexing._write_and_store

    def stopped(source, *rest):
        write(source, *rest)
        if source.title == "small":
            worker.stopping.set()

    monkeypatch.setattr(indexing, "_write_and_store", stopped)
    assert not tasks.work_once("test")
    rows = Document.objects.values_list("status", "attempts", "claimed_by")
    assert list(rows) == [(Status.QUEUED, 0, "")] * 2
    assert not Source.objects.exists()


def test_a_large_document_that_is_deleted_during_the_step_of_a_small_one_leaves_nothing(sized, steps, monkeypatch):
    large = sized("large", 90 * MB, 4)
    small = sized("small", 1000)
    write = indexing._write_and_store

    def deleted(source, *rest):
        write(source, *rest)
        if source.title == "small":
            services.delete(large)

    monkeypatch.setattr(indexing, "_write_and_store", deleted)
    assert tasks.work_once("test")
    assert list(Source.objects.values_list("document", flat=True)) == [small.pk]
    assert steps.count("large") <= 2


def test_a_page_without_end_is_split_in_steps_that_can_be_stopped():
    counted = []

    def watch() -> None:
        counted.append(None)
        if len(counted) == 3:
            raise InterruptedError

    text = "Words of a page. " * 100_000
    with pytest.raises(InterruptedError):
        chunking.split([PageText(1, text)], chunking.splitter(markdown=False), watch=watch)
    assert len(counted) == 3


def test_several_workers_share_one_queue_and_read_each_document_once(sized):
    documents = {sized(f"text {number}", 3 * MB if number % 4 else 1000).pk for number in range(12)}
    begin = threading.Barrier(3)

    def work(name: str) -> None:
        lane = lanes.Lane()
        begin.wait()
        while Document.objects.exclude(status=Status.READY).exists():
            tasks.work_once(name, lane)
        connection.close()

    workers = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    rows = Document.objects.filter(pk__in=documents, status=Status.READY, attempts=1)
    assert rows.count() == len(documents)
    assert Passage.objects.values("source__document").distinct().count() == Passage.objects.count() == len(documents)
