"""A deleted chat leaves a receipt, and a search of all stores finds whatever is left of it, in each of them."""

import json
import sqlite3
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.apps import apps
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from chat.conversations import access, removing
from chat.history import rows as history_rows
from chat.models import Conversation, Folder, Message, MessageWords
from langai_site import fingerprints, redis_settings, stored_data
from langai_site.accounts import deletion_receipts, scanned_stores
from langai_site.accounts.models import DeletionReceipt, User
from langai_site.audit.models import AuditEvent
from search import remainders
from search.vectors import deployment_prefix, get_store
from tests.accounts.test_holds import LONG_AGO
from tests.chat.attached import attach
from tests.chat.factories import first_policy, long_conversation
from tests.servers import Redis

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "The merger with Tangerine Holdings closes on the last Friday of this quarter, says number {}."


@pytest.fixture
def alice(settings, tmp_path):
    settings.MEDIA_ROOT = settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "files"
    settings.CHROMA_PATH = tmp_path / "chroma"
    first_policy()
    return User.objects.create_user("alice", password="a long enough one")


@pytest.fixture
def talk(alice):
    """A chat with an attached file, which is read and indexed."""
    conversation, messages = long_conversation(alice, 4, SECRET, "Merger")
    key = attach(alice, "The board of Tangerine Holdings met in the small room behind the kitchen.", "board.txt")
    message = messages[0]
    message.attachments.model.objects.filter(pk=key).update(message=message)
    history_rows.fill()
    return conversation


def removed(talk):
    """Delete the chat for good, and return its receipt."""
    access.delete(talk.owner_id, talk.pk)
    Conversation.objects.filter(pk=talk.pk).update(deleted_at=LONG_AGO)
    removing.purge_deleted()
    return DeletionReceipt.objects.get()


def verified(receipt, tmp_path) -> str:
    file, out = tmp_path / "receipt.json", StringIO()
    file.write_text(json.dumps(deletion_receipts.as_document(receipt)))
    try:
        call_command("verify_deletion", str(file), stdout=out)
    except CommandError as error:
        return out.getvalue() + str(error)
    return out.getvalue()


def test_nothing_is_left_and_the_receipt_is_sealed(talk, alice, tmp_path):
    receipt = removed(talk)
    assert receipt.removed["chat_message"] == 4
    assert receipt.removed["files"] == receipt.removed["vectors"] == 1
    deletion_receipts.check()
    receipt.refresh_from_db()
    assert {"database", "files", "words of conversations"} <= set(receipt.clean)
    assert AuditEvent.objects.filter(action="deletion.prove", object_id=receipt.sealed_as).exists()
    shown = verified(receipt, tmp_path)
    assert "as it was sealed" in shown
    assert "Found none" in shown
    text = json.dumps(deletion_receipts.as_document(receipt))
    assert not any(word in text for word in ("Tangerine", "Merger", "board"))


def in_table(talk, alice):
    Folder.objects.create(owner=alice, name="F", instructions=SECRET.format(1))


def in_an_id(talk, alice):
    Folder.objects.create(owner=alice, name=str(talk.pk))


def in_a_file(talk, alice):
    default_storage.save("documents/left.txt", ContentFile(("x " * 600_000 + SECRET.format(2)).encode()))


def in_the_words(talk, alice):
    other, _messages = long_conversation(alice, 2, "Nothing {}", "Other")
    MessageWords.objects.filter(conversation=other).delete()
    pk = in_the_words.pk
    MessageWords.objects.create(pk=pk, conversation=other, version=1)


def in_the_queue(talk, alice):
    folder = Path(scanned_stores.settings.CHROMA_PATH)
    folder.mkdir()
    with sqlite3.connect(folder / "chroma.sqlite3") as made:
        made.execute("CREATE TABLE embeddings_queue (id TEXT)")
        made.execute("INSERT INTO embeddings_queue VALUES (?)", [str(in_the_queue.pk)])


@pytest.mark.parametrize(
    ("plant", "place"),
    [
        (in_table, "database: chat_folder.instructions"),
        (in_an_id, "database: chat_folder.name"),
        (in_a_file, "files: documents"),
        (in_the_words, "words of conversations: chat_messagewords"),
        (in_the_queue, "Chroma's queue: embeddings_queue"),
    ],
)
def test_what_is_left_is_found(talk, alice, tmp_path, plant, place):
    in_the_words.pk = MessageWords.objects.filter(conversation=talk.pk).first().pk
    in_the_queue.pk = remainders_of_passages()[0]
    receipt = removed(talk)
    plant(talk, alice)
    assert place in verified(receipt, tmp_path)
    deletion_receipts.check()
    receipt.refresh_from_db()
    assert receipt.sealed_as == ""
    assert place.partition(":")[0] not in receipt.clean


def remainders_of_passages() -> list[int]:
    return list(apps.get_model("search.Passage").objects.values_list("pk", flat=True))


def test_what_sqlite_leaves_in_its_files_is_found(talk, tmp_path, monkeypatch):
    receipt = removed(talk)
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "other.sqlite3"))
    (tmp_path / "other.sqlite3").write_bytes(b"")
    (tmp_path / "other.sqlite3-wal").write_bytes(b"\0" * 90 + json.dumps(SECRET.format(3)).encode())
    left = deletion_receipts.places_left(deletion_receipts.as_document(receipt))
    if connection.vendor == "sqlite":
        assert ("database files", "other.sqlite3-wal") in {entry[:2] for entry in left}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite is searched by its files")
def test_reading_sqlites_files_leaves_its_locks(talk):
    """Without them, the next process to end takes itself for the last one, and removes the log of writes."""
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    before = log.stat().st_ino
    assert "database files" in {found.store for found in scanned_stores.all_places()}
    program = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM sqlite_master').fetchone()"
    )
    subprocess.run([sys.executable, "-c", program, connection.settings_dict["NAME"]], check=True)
    assert log.stat().st_ino == before


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux has a file that cannot be read")
def test_a_file_of_the_database_that_cannot_be_read_is_not_taken_for_clean():
    with pytest.raises(OSError, match="mem cannot be read"):
        list(scanned_stores._pieces_of_database(Path("/proc/self/mem")))


def test_a_vector_that_is_left_is_found(talk, tmp_path, settings, chroma_server):
    settings.CHROMA_URL = chroma_server.url
    (pk,) = remainders_of_passages()
    receipt, name = removed(talk), f"{deployment_prefix(settings.SECRET_KEY)}999-test"
    assert not remainders.unreachable().get("vectors")
    get_store().upsert(name, [pk], np.eye(1, 384, dtype=np.float32))
    try:
        assert f"vectors: {name}" in verified(receipt, tmp_path)
    finally:
        get_store().drop(name)
    assert "in vectors" not in verified(receipt, tmp_path)


@pytest.mark.needs("redis")
def test_a_key_that_is_left_in_redis_is_found(talk, tmp_path, settings):
    started = Redis().start()
    try:
        settings.CACHES = redis_settings.caches(started.url)
        reply = talk.messages.filter(role="assistant").first().pk
        receipt = removed(talk)
        assert "Not searched: cache" not in verified(receipt, tmp_path)
        caches["live"].set(f"stop:{reply.hex}", 1, 60)
        assert "cache: live" in verified(receipt, tmp_path)
    finally:
        started.stop()


def test_every_column_is_searched_unless_its_type_holds_no_text():
    known = {models.CharField, models.TextField, models.JSONField, models.UUIDField, models.BinaryField}
    for model in apps.get_models(include_auto_created=True):
        searched = set(scanned_stores.columns(model))
        for field in model._meta.concrete_fields:
            if isinstance(field, tuple(known)):
                assert field.attname in searched, field
    assert {"parts", "receipt"} <= set(scanned_stores.columns(Message))


def test_a_remainder_of_a_long_text_is_found():
    text = " ".join(f"w{number}" for number in range(20_000))
    kept = fingerprints.kept(text, "salt")
    assert len(kept) <= fingerprints.MOST
    part = " ".join(text.split()[5_000:5_090])
    assert {digest for _, digest in fingerprints.digests(fingerprints.runs(part), ["salt"])} & kept


def test_a_changed_receipt_is_refused(talk, tmp_path):
    receipt = removed(talk)
    deletion_receipts.check()
    receipt.refresh_from_db()
    receipt.digests = receipt.digests[1:]
    assert "was changed" in verified(receipt, tmp_path)


def test_a_person_downloads_their_own_receipts_alone(talk, alice):
    receipt = removed(talk)
    mine, other = Client(), Client()
    mine.force_login(alice)
    other.force_login(User.objects.create_user("bob"))
    assert "not proven yet" in mine.get("/accounts/receipts/").text
    assert mine.get(f"/accounts/receipts/{receipt.pk}/").json()["removed"]["chat_message"] == 4
    assert other.get(f"/accounts/receipts/{receipt.pk}/").status_code == 404
    assert receipt.deleted_at < timezone.now()
    assert set(scanned_stores.stores()) >= set(stored_data.other_store_names)
