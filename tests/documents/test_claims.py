import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from documents import claims, cleanup, services, tasks
from documents.claims import ClaimLostError, Lease, claim
from documents.models import Document
from langai_site.processes import worker
from search.models import Source

pytestmark = pytest.mark.django_db(transaction=True)


def let_lease_run_out() -> None:
    Document.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_the_one_that_waits_longest_is_taken_first(upload):
    first, second = upload("One", "1.txt"), upload("Two", "2.txt")
    assert claim("a").document_id == first.pk
    assert claim("b").document_id == second.pk
    assert claim("c") is None


def test_workers_never_take_the_same_document(upload):
    for number in range(12):
        upload(f"Text {number}", f"{number}.txt")
    taken, barrier = [], threading.Barrier(4)

    def take_all(name: str) -> None:
        barrier.wait()
        misses = 0
        while misses < 5:
            held = claim(name)
            taken.append(held.document_id) if held else time.sleep(0.01)
            misses += held is None
        connection.close()

    threads = [threading.Thread(target=take_all, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 12


def test_a_killed_workers_document_is_taken_up_again_and_the_dead_claim_changes_nothing(upload):
    upload()
    dead = claim("a")
    assert claim("b") is None
    let_lease_run_out()
    alive = claim("b")
    assert alive.document_id == dead.document_id
    assert Document.objects.get().attempts == 2
    with pytest.raises(ClaimLostError):
        dead.finish(Document.Status.READY)
    assert Document.objects.get().status == "working"


def test_after_three_stops_it_is_given_up_with_the_reason(upload):
    upload()
    for _ in range(claims.MAX_ATTEMPTS):
        claim("a").update(stage="embedding")
        let_lease_run_out()
    assert claim("a") is None
    document = Document.objects.get()
    assert document.status == "failed"
    assert "stopped 3 times while embedding" in document.error


def test_a_lease_is_renewed_while_work_goes_on(upload):
    upload()
    held = claim("a")
    let_lease_run_out()
    with Lease(held, every=0.05):
        deadline = time.monotonic() + 60
        while Document.objects.get().lease_until < timezone.now() and time.monotonic() < deadline:
            time.sleep(0.02)
    assert Document.objects.get().lease_until > timezone.now() + timedelta(seconds=20)


def test_a_lost_claim_is_noticed_by_its_lease(upload):
    document = upload()
    held = claim("a")
    with Lease(held, every=0.05):
        services.delete(document)
        assert held.lost.wait(5)
    with pytest.raises(ClaimLostError):
        claims.progress_of(held)("embedding", 0.5)


def test_progress_is_written_only_when_it_changes(upload, django_assert_num_queries):
    upload()
    report = claims.progress_of(claim("a"))
    with django_assert_num_queries(1):
        for _ in range(50):
            report("embedding", 0.5)
    assert (Document.objects.get().stage, Document.objects.get().progress) == ("embedding", 59)


def test_a_worker_that_is_told_to_stop_gives_its_document_back(upload):
    upload()
    worker.stopping.set()
    assert not tasks.work_once("a")
    document = Document.objects.get()
    assert (document.status, document.attempts, document.claimed_by) == ("queued", 0, "")


def test_what_a_killed_process_left_is_mended(upload, policies):
    document = upload()
    Document.objects.update(status="ready")
    Source.objects.create(
        document="00000000-0000-4000-8000-000000000000", collection=policies, title="t", file_name="f", media_type="m"
    )
    cleanup.sweep()
    assert not Source.objects.exists()
    document.refresh_from_db()
    assert document.status == "queued"
