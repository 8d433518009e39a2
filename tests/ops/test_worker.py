"""The worker goes on through failures, shows that it lives, and ends soon when asked."""

import shutil
import sqlite3
import time
from contextlib import closing

import pytest

from tests.ops.processes import Program
from tests.servers import Postgres
from tests.tables import fill_postgres

CODE = """
import time
import django
django.setup()
from django.core.management import call_command
from django.db import OperationalError
from langai_site import registry
from langai_site.processes import worker
call_command("migrate", verbosity=0)
registry.worker_jobs.clear()
worker.BEAT_SECONDS = 0.2
{jobs}
print("working")
worker.main()
"""
COUNTED = """
runs = []
def more():
    runs.append(1)
    print("run", len(runs))
    return len(runs) < 3
registry.worker_job("documents", seconds=600, run=more)
"""
FAILING = """
runs = []
def fail():
    runs.append(1)
    if len(runs) == 1:
        raise OperationalError("database is locked")
    if len(runs) == 2:
        raise ValueError("a job that fails")
    print("went on")
registry.worker_job("sweep", seconds=0.1, run=fail)
"""
LONG = """
def long():
    print("long job began")
    time.sleep(600)
registry.worker_job("documents", seconds=1, run=long)
"""
# More than the pool has connections, and none of them due again while the test runs.
MANY = """
from django.db import connection
def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    print("asked")
for number in range(14):
    registry.worker_job(f"job {number}", seconds=600, run=ask)
"""


@pytest.fixture
def work(tmp_path, tables):
    started = []
    shutil.copy(tables, tmp_path / "langai.sqlite3")

    def start(jobs: str, **settings: str) -> Program:
        program = Program(CODE.format(jobs=jobs), tmp_path, **settings)
        started.append(program)
        return program

    yield start
    for program in started:
        program.process.kill()
        program.process.wait()


def beats(folder) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(folder / "langai.sqlite3")) as database:
        return database.execute("SELECT worker, beat_at FROM langai_site_heartbeat").fetchall()


def test_a_job_with_more_to_do_runs_again_at_once(work):
    program = work(COUNTED)
    program.until("run 3", seconds=30)
    assert program.stop() == 0
    assert "run 4" not in program.log


def test_a_job_that_fails_is_logged_and_runs_again(work):
    program = work(FAILING)
    program.until("went on")
    assert "sweep: the database failed (OperationalError); trying again in 1 s" in program.log
    assert "sweep failed" in program.log
    assert "ValueError" in program.log
    assert program.stop() == 0


@pytest.mark.needs("postgres")
def test_jobs_that_wait_hold_no_connection_that_others_need(work):
    postgres = Postgres().start()
    try:
        fill_postgres(postgres, "postgres")
        program = work(MANY, DATABASE_URL=postgres.url)
        program.until("asked", times=14)
        assert program.stop() == 0
        assert "the database failed" not in program.log
    finally:
        postgres.stop()


def test_a_long_job_neither_stops_the_heartbeat_nor_holds_up_the_end(work, tmp_path):
    program = work(LONG)
    program.until("long job began")
    first = until_beaten(tmp_path, [])
    assert until_beaten(tmp_path, first) != first
    assert program.stop() == 0
    assert beats(tmp_path) == []


def until_beaten(folder, before) -> list[tuple[str, str]]:
    deadline = time.monotonic() + 60
    while (now := beats(folder)) in ([], before):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return now
