"""People take turns, small files pass large ones, and what was slow lets others go first."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from documents import lanes, limits, tasks
from documents.claims import claim
from documents.extraction.registry import FORMATS
from documents.lanes import ANY, SMALL
from documents.models import Document
from langai_site.accounts.models import User
from langai_site.processes import worker
from tests.documents import files

pytestmark = pytest.mark.django_db(transaction=True)
Status = Document.Status


@pytest.fixture
def bob(alice):
    return User.objects.create_user("bob", password="b")


@pytest.fixture
def uploaded(upload):
    """Queue documents of a person: a small text for each name, or a large one where that says so."""

    def uploaded(user, *names: str) -> list[Document]:
        made = [upload(f"{user} {name}", f"{user}-{name}.txt", user=user) for name in names]
        large = [document.pk for document, name in zip(made, names, strict=True) if "large" in name]
        Document.objects.filter(pk__in=large).update(size=lanes.SMALL_BYTES + 1)
        return made

    return uploaded


def taken(lane=ANY) -> list[str]:
    """The names of all that waits in a lane, in the order in which it is taken."""
    names = []
    while held := claim("worker", lane):
        document = Document.objects.get(pk=held.document_id)
        names.append(document.file_name.removesuffix(".txt"))
        document.delete()
    return names


def test_people_take_turns_however_much_one_of_them_has_uploaded(uploaded, alice, bob):
    uploaded(alice, "1", "2", "3")
    uploaded(bob, "1")
    uploaded(None, "1")
    # Rows stay: turns are known by them.
    order = [Document.objects.get(pk=claim("worker").document_id).file_name for _ in range(5)]
    assert order == ["alice-1.txt", "bob-1.txt", "None-1.txt", "alice-2.txt", "alice-3.txt"]


def test_the_small_lane_takes_nothing_large_and_nothing_that_was_slow(uploaded, alice):
    _, slow, died, _ = uploaded(alice, "large", "slow", "died", "small")
    Document.objects.filter(pk=slow.pk).update(slow=True)
    Document.objects.filter(pk=died.pk).update(attempts=1)
    assert taken(SMALL) == ["alice-small"]
    assert sorted(taken()) == ["alice-died", "alice-large", "alice-slow"]


def test_what_was_slow_or_failed_goes_behind_but_not_for_ever(uploaded, alice, bob):
    slow, died, _ = uploaded(alice, "slow", "died", "next")
    uploaded(bob, "other")
    just = timezone.now()
    Document.objects.filter(pk=slow.pk).update(slow=True, taken_at=just)
    Document.objects.filter(pk=died.pk).update(attempts=1, taken_at=just)
    assert taken() == ["bob-other", "alice-next", "alice-died", "alice-slow"]
    (slow,) = uploaded(alice, "slow")
    Document.objects.filter(pk=slow.pk).update(slow=True, taken_at=just - lanes.BEHIND_FOR - timedelta(seconds=1))
    (died,) = uploaded(bob, "died")
    Document.objects.filter(pk=died.pk).update(attempts=1, taken_at=just)
    assert taken() == ["alice-slow", "bob-died"]


def test_a_small_file_that_takes_its_time_is_put_behind_and_read_with_all_it_may_take(upload, alice, monkeypatch):
    monkeypatch.setattr(limits, "QUICK_SECONDS", 1)
    slow = upload(drawn_for_long(40), "slow.pdf")
    small = upload("Small.", "small.txt")
    assert tasks.work_once("test", SMALL)
    slow.refresh_from_db()
    assert (slow.status, slow.slow, slow.attempts, slow.claimed_by) == (Status.QUEUED, True, 0, "")
    assert tasks.work_once("test")
    small.refresh_from_db()
    assert small.status == Status.READY
    assert not tasks.work_once("test", SMALL)
    assert tasks.work_once("test")
    slow.refresh_from_db()
    assert (slow.status, slow.attempts) == (Status.READY, 1)


def drawn_for_long(pages: int, times: int = 60_000) -> bytes:
    """A PDF whose pages all draw the same, which takes about a tenth of a second each."""
    content = b"BT /F1 9 Tf (x) Tj ET " + b"1 1 m 2 2 l S " * times
    kids = b" ".join(b"%d 0 R" % number for number in range(5, pages + 5))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 3 0 R/Resources<</Font<</F1 4 0 R>>>>>>"
    return files.pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
            b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            *[page] * pages,
        ]
    )


@pytest.fixture
def working():
    """A worker's lanes, until the test ends."""
    threads = []

    def start(*started: lanes.Lane) -> None:
        for lane in started:
            threads.append(threading.Thread(target=work, args=(lane,)))
            threads[-1].start()

    yield start
    worker.stopping.set()
    for thread in threads:
        thread.join()


def work(lane: lanes.Lane) -> None:
    while not worker.stopping.is_set():
        if not tasks.work_once("test", lane):
            worker.stopping.wait(0.05)
    connection.close()


def until(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_slow_document_holds_nobodys_others(upload, working, alice, bob):
    slow = upload(drawn_for_long(3000, 200_000), "slow.pdf", user=alice)
    working(ANY, ANY, SMALL)
    until(lambda: Document.objects.filter(pk=slow.pk, status=Status.WORKING).exists())
    small = [
        upload(f"{user} {number}", f"{user}-{number}.txt", user=user) for number in range(20) for user in (alice, bob)
    ]
    until(lambda: Document.objects.filter(status=Status.READY).count() == len(small))
    slow.refresh_from_db()
    assert (slow.status, slow.stage, slow.attempts) == (Status.WORKING, "reading", 1)
    worker.stopping.set()
    until(lambda: Document.objects.filter(pk=slow.pk, status=Status.QUEUED, attempts=0).exists())


def test_while_a_large_document_is_embedded_another_is_read_and_small_ones_pass(meaning, upload, working, alice, bob):
    rules = (f"Rule {number}: locker {number} is opened with key {number * 7}.\n" for number in range(10_000))
    large = upload("".join(rules), "large.txt", user=alice)
    other = upload("Refunds are paid within 30 days.", "other.txt", user=bob)
    Document.objects.update(size=lanes.SMALL_BYTES + 1)
    working(ANY, ANY, SMALL)
    until(lambda: Document.objects.filter(pk=large.pk, stage="embedding").exists())
    small = upload("The alarm code is changed every Monday.", "small.txt", user=alice)
    until(lambda: not Document.objects.filter(pk__in=[small.pk, other.pk]).exclude(status=Status.READY).exists())
    large.refresh_from_db()
    assert (large.status, large.stage) == (Status.WORKING, "embedding")


def test_a_document_that_is_read_for_long_lets_another_be_read_beside_it(upload, working, alice, bob, monkeypatch):
    monkeypatch.setattr(lanes, "LONG_SECONDS", 0)
    slow = upload(drawn_for_long(3000, 200_000), "slow.pdf", user=alice)
    Document.objects.update(size=lanes.SMALL_BYTES + 1)
    working(ANY, ANY)
    until(lambda: Document.objects.filter(pk=slow.pk, status=Status.WORKING).exists())
    other = upload("Refunds are paid within 30 days.", "other.txt", user=bob)
    until(lambda: Document.objects.filter(pk=other.pk, status=Status.READY).exists())
    slow.refresh_from_db()
    assert (slow.status, slow.stage, slow.attempts) == (Status.WORKING, "reading", 1)


@pytest.fixture
def held_up(upload, working, alice, bob, monkeypatch):
    """Two people's files that each take a reader for minutes, in a worker that is reading both."""
    monkeypatch.setattr(lanes, "LONG_SECONDS", 0.5)
    bad = [upload(drawn_for_long(3000, 200_000 + at), f"{at}.pdf", user=user) for at, user in enumerate((alice, bob))]
    Document.objects.update(size=lanes.SMALL_BYTES + 1)
    working(ANY, ANY, SMALL)
    until(lambda: Document.objects.filter(status=Status.WORKING).count() == 2)
    return bad


def test_two_people_whose_files_take_all_the_time_there_is_hold_up_nobody(upload, held_up):
    carol = User.objects.create_user("carol", password="c")
    theirs = [upload(f"Carol's {number}.", f"{number}.txt", user=carol) for number in range(4)]
    Document.objects.filter(pk__in=[theirs[0].pk, theirs[1].pk]).update(size=lanes.SMALL_BYTES + 1)
    # A worker died while it read this one, so the lane for small files does not take it.
    Document.objects.filter(pk=theirs[2].pk).update(attempts=1)
    until(
        lambda: Document.objects.filter(pk__in=[document.pk for document in theirs], status=Status.READY).count() == 4
    )
    # One of them goes on; the other waits until that has ended, and lost no attempt.
    rows = Document.objects.filter(pk__in=[document.pk for document in held_up])
    until(lambda: sorted(rows.values_list("status", "slow")) == [(Status.QUEUED, True), (Status.WORKING, False)])
    assert rows.get(status=Status.QUEUED).attempts == 0
    worker.stopping.wait(2)
    assert rows.filter(status=Status.WORKING).count() == 1


def test_two_long_readings_go_on_while_nothing_else_waits(held_up):
    worker.stopping.wait(3)
    rows = Document.objects.filter(pk__in=[document.pk for document in held_up])
    assert list(rows.values_list("status", "slow")) == [(Status.WORKING, False)] * 2


def test_the_second_slow_document_is_taken_once_the_first_is_read(uploaded, alice, bob):
    lane = lanes.Lane()
    uploaded(alice, "slow")
    uploaded(bob, "slow")
    Document.objects.update(slow=True)
    first = claim("worker", lane).document
    with lane.working_on(first):
        assert claim("worker", lane) is None
        lane.end_reading(first)
        second = claim("worker", lane).document
        with lane.working_on(second):
            assert lane.may_read_on(second)
    assert {first.uploaded_by, second.uploaded_by} == {alice, bob}


@pytest.mark.parametrize("size", [1, lanes.SMALL_BYTES + 1])
def test_a_document_that_is_no_longer_worked_on_leaves_its_place(uploaded, alice, size):
    lane = lanes.Lane()
    (document, other) = uploaded(alice, "1", "2")
    document.size = size
    with lane.working_on(document):
        assert lane.may_read_on(document)
    assert lane._has_long_place(other)


def test_the_large_documents_of_one_person_leave_a_place_to_others(uploaded, alice, bob):
    lane = lanes.Lane()
    uploaded(alice, "large 1", "large 2", "small")
    with lane.working_on(claim("worker", lane).document):
        assert taken(lane) == ["alice-small"]
        (other,) = uploaded(bob, "large")
        with lane.working_on(claim("worker", lane).document):
            assert Document.objects.get(pk=other.pk).status == Status.WORKING
            assert claim("worker", lane) is None
        assert claim("worker", lane) is None
    assert taken(lane) == ["alice-large 2"]


def test_a_lane_that_waits_to_read_ends_with_its_process(upload):
    upload()
    lane = lanes.Lane()
    with lane.reading(worker.stopping.is_set):
        worker.stopping.set()
        assert not tasks.work_once("test", lane)
    assert Document.objects.get().attempts == 0


def test_crafted_files_take_no_more_than_their_size_explains(upload):
    document = upload("x", "a.html")
    for megabytes, seconds in ((0, 20), (3, 80), (1000, 300)):
        document.size = megabytes * limits.MB
        assert limits.most_for(FORMATS[".html"], document).cpu_seconds == seconds
    for name in (".docx", ".odt", ".pptx", ".xlsx"):
        allowed = limits.most_for(FORMATS[name], Document(size=1))
        assert (allowed.cpu_seconds, allowed.unpacked_cpu_seconds) == (20, 5)
