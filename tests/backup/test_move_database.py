"""A move to another kind of database brings every value along, or nothing at all."""

import shutil

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from chat.models import MessageWords
from langai_site import stored_data
from langai_site.backup import databases
from langai_site.database_move import moving
from langai_site.database_move.rows import MoveError, stored_models
from langai_site.models import Heartbeat
from search.models import PassageKeywords
from tests.backup.conftest import OTHERS, rows_of
from tests.ops.processes import Program
from tests.ops.test_settings import manage
from tests.servers import Postgres

# Made again by the worker, or about the tables themselves.
NOT_COPIED = {"django_migrations", "search_passagekeywords", "search_keywordcounts", "chat_messagewords"}


@pytest.fixture
def source(used, data):
    """A data folder with a copy of the database, for commands in processes of their own."""
    if connection.vendor != "sqlite":
        pytest.skip("the way back from PostgreSQL is part of the test on SQLite")
    databases.dump(data / "langai.sqlite3")
    return data


@pytest.fixture
def postgres():
    server = Postgres().start()
    yield server
    server.stop()


def move(source, url, **values):
    return manage("move_database", url, DATA_DIR=str(source), **values)


@pytest.mark.needs("postgres")
def test_all_values_come_to_postgresql_and_back_also_after_a_move_that_was_killed(source, postgres, tmp_path, tables):
    killed = Program(f"import sys, manage; sys.argv = ['', 'move_database', {postgres.url!r}]; manage.main()", source)
    killed.until("Comparing")
    killed.process.kill()
    killed.process.wait()
    there = {"DATABASE_URL": postgres.url, "DATA_DIR": str(tmp_path / "langai")}
    moved = move(source, postgres.url)
    assert moved.returncode == 0, moved.stderr
    assert "chat_message: 6 rows" in moved.stdout
    assert "every value was compared" in moved.stdout
    # New rows get new ids.
    made = manage("api_key", "alice", "--name", "script", "--scope", "chat", **there)
    assert made.returncode == 0, made.stderr
    back = tmp_path / "back.sqlite3"
    shutil.copy(tables, back)
    moved = manage("move_database", f"sqlite:///{back}", **there)
    assert moved.returncode == 0, moved.stderr
    original, returned = rows_of(source / "langai.sqlite3"), rows_of(back)
    # The key, and the event that it leaves.
    for table in ("accounts_apikey", "audit_auditevent"):
        assert len(returned[table]) == len(original[table]) + 1
        returned[table].pop()
    for table in NOT_COPIED:
        original.pop(table)
        returned.pop(table)
    assert original["usage_seal"]
    assert {table for table in OTHERS if not original[table]} == set()
    assert {name for name in original if original[name] != returned[name]} == set()


def test_it_neither_moves_onto_itself_nor_onto_other_rows_nor_while_a_worker_runs(used, source, tmp_path):
    with pytest.raises(MoveError, match="database in use"):
        moving.move(f"sqlite:///{connection.settings_dict['NAME']}", print)
    shutil.copy(source / "langai.sqlite3", tmp_path / "used.sqlite3")
    refused = move(source, f"sqlite:///{tmp_path / 'used.sqlite3'}")
    assert (refused.returncode, "already has accounts" in refused.stderr) == (1, True)
    Heartbeat.objects.create(worker="here:1", beat_at=timezone.now())
    with pytest.raises(MoveError, match="worker is running"):
        moving.move(f"sqlite:///{tmp_path / 'other.sqlite3'}", print)


def test_words_are_not_copied_because_the_worker_finds_them_again():
    found = {"chat.FiguresRead", "chat.StatedFigure", "chat.FigureConflict"}
    assert {"search.PassageKeywords", "chat.MessageWords"} | found == set(stored_data.derived_models)
    assert not {PassageKeywords, MessageWords} & set(stored_models())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "address must be such as"),
        ("mysql://langai@127.0.0.1/langai", "address must be such as"),
    ],
)
def test_an_address_that_cannot_be_used_is_told(used, url, words):
    with pytest.raises(CommandError, match=words):
        call_command("move_database", url)
