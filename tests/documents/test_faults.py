"""Whatever dies at whichever stage of reading a document: afterwards it is there once, and nothing differs."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as project
from django.db import OperationalError, connection
from django.utils import timezone

from documents import tasks
from documents.claims import Claim, claim
from documents.models import Document
from langai_site.sensitivity import Sensitivity
from search.access import reader_of
from search.models import Passage, Source
from search.services import find
from search.upkeep.sync import sync_vectors
from search.upkeep.verification import differences
from tests.documents import files
from tests.servers import Chroma

pytestmark = pytest.mark.django_db(transaction=True)

# More than are embedded at once, one passage a page.
PAGES = [f"Rule {number}: locker {number} is opened with key {number * 7}." for number in range(1, 71)]
# What a worker writes to the row: reading, splitting, what was found, two batches embedded, ready.
CHANGES = range(6)


@pytest.fixture
def document(meaning, upload) -> Document:
    return upload(files.pdf(*PAGES), "lockers.pdf")


@pytest.fixture
def model_in_data(folder, model_dir):
    """Where a process of its own looks for it."""
    (folder / "model").symlink_to(model_dir)


def database_url() -> str:
    """The address of the test's own database."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    return f"postgresql://{values['USER']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


def doomed(changes: int, settings: Any) -> int:
    """The exit code of a worker that is killed when it changes the row once more."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "langai_site.settings",
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(settings.DATA_DIR),
        "SECRET_KEY": settings.SECRET_KEY,
        "CHROMA_URL": settings.CHROMA_URL,
    }
    script = f"import django; django.setup(); from tests.documents.doomed import work; work({changes})"
    return subprocess.run([sys.executable, "-c", script], env=environment, cwd=project.BASE_DIR, timeout=120).returncode


def lease_runs_out() -> None:
    Document.objects.filter(status="working").update(lease_until=timezone.now() - timedelta(seconds=1))


def assert_whole(document: Document, alice: Any) -> None:
    """The document is ready and found, each passage once, after the work that was cut short is taken up."""
    lease_runs_out()
    while tasks.work_once("next"):
        pass
    document.refresh_from_db()
    assert (document.status, document.error, document.passages) == ("ready", "", len(PAGES))
    assert [source.live for source in Source.objects.all()] == [True]
    assert Passage.objects.count() == len(PAGES)
    sync_vectors()
    assert [str(each) for each in differences(mend=False)] == []
    hits = async_to_sync(find)("Which key opens locker 44?", reader_of(alice), label=Sensitivity.PUBLIC).hits
    assert hits[0].page == 44


@pytest.mark.parametrize("changes", CHANGES)
def test_a_worker_that_is_killed_at_any_stage(document, alice, settings, model_in_data, changes):
    assert doomed(changes, settings) == -signal.SIGKILL
    assert async_to_sync(find)("Which key opens locker 44?", reader_of(alice), label=Sensitivity.PUBLIC).hits == ()
    assert_whole(document, alice)


class Watched(Claim):
    """A claim that calls `then` at its N-th change of the row, and goes on."""

    def __init__(self, held: Claim, changes: int, then: Any) -> None:
        super().__init__(held.document, held.holder)
        self.left, self.then = changes, then

    def update(self, **values: Any) -> None:
        if self.left == 0:
            self.then()
        self.left -= 1
        super().update(**values)


@pytest.mark.any_database
@pytest.mark.parametrize("changes", CHANGES)
def test_a_vector_store_that_is_killed_at_any_stage(document, alice, settings, tmp_path, changes):
    server = Chroma(tmp_path / "chroma").start()
    settings.CHROMA_URL = server.url
    try:
        tasks.work_on(Watched(claim("test"), changes, lambda: server.stop(signal.SIGKILL)))
        server.start()
        assert_whole(document, alice)
    finally:
        server.stop()


def lose_connections() -> None:
    """What a restart of the database does to all that are connected."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


# SQLite has no connection that could be lost.
if project.DATABASES["default"]["ENGINE"].endswith("postgresql"):

    @pytest.mark.parametrize("changes", CHANGES)
    def test_a_database_that_goes_away_at_any_stage(document, alice, changes):
        with pytest.raises(OperationalError):
            tasks.work_on(Watched(claim("test"), changes, lose_connections))
        # As the worker does before it tries again.
        connection.close()
        assert_whole(document, alice)
