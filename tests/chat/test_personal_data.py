"""A person downloads all that LangAI stores about them: from every table, and no secret and nobody else's."""

import json
import zipfile

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from chat.models import Feedback, Transfer
from chat.transfers import access, jobs
from documents.models import Document
from langai_site.accounts import keys, personal_data
from langai_site.accounts.models import Instructions
from langai_site.accounts.scopes import Scope
from langai_site.processes import worker
from langai_site.usage.types import Caller
from search.models import Collection
from tests.chat.factories import long_conversation
from tests.usage.conftest import entered

pytestmark = pytest.mark.django_db(transaction=True)


def downloaded(person):
    client = Client()
    client.force_login(person)
    client.post(reverse("chat:export-all"), {"everything": "", "thoughts": ""})
    worker.stopping.clear()
    assert jobs.run()
    row = Transfer.objects.get(owner=person)
    assert row.status == "done", row.error
    return zipfile.ZipFile(access.stored_path(row))


@pytest.fixture
def lives(alice, bob):
    """Two people who have used LangAI."""
    for person in (alice, bob):
        _conversation, messages = long_conversation(person, 2, f"Words of {person.username} {{}}")
        Feedback.objects.create(reply=messages[1], good=False, comment=f"{person.username} disagrees")
        Instructions.objects.create(user=person, about=f"I am {person.username}")
        keys.make(user=person, name=f"key of {person.username}", scopes=(Scope.CHAT,))
        entered(caller=Caller(user_id=person.pk, username=person.username))
        Collection.objects.create(name=f"Notes of {person.username}", kind="own", holder=person)
    return alice


def test_the_download_has_every_table_about_the_person_and_nothing_of_others(lives):
    archive = downloaded(lives)
    read = {name: archive.read(name).decode() for name in archive.namelist()}
    for table in ("accounts.user", "accounts.instructions", "accounts.apikey", "usage.usageentry", "chat.feedback"):
        assert "alice" in read[f"account/{table}.json"], table
    (profile,) = json.loads(read["account/accounts.user.json"])
    assert (profile["username"], "password" in profile) == ("alice", False)
    (key,) = json.loads(read["account/accounts.apikey.json"])
    assert (key["name"], "key_hash" in key) == ("key of alice", False)
    (entry,) = json.loads(read["account/usage.usageentry.json"])
    assert {"input_tokens", "output_tokens", "first_token_ms"} <= entry.keys()
    assert any(name.startswith("conversations/") for name in read)
    assert json.loads(read["manifest.json"])["account_files"] == sum(name.startswith("account/") for name in read)
    assert not any("bob" in text for text in read.values())


def test_the_files_of_a_persons_own_collection_are_in_it(lives, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "x.txt").write_text("my notes")
    own = Collection.objects.get(holder=lives)
    document = Document(collection=own, title="Notes", file_name="../notes.txt", file="x.txt", size=8, sha256="0" * 64)
    document.save()
    archive = downloaded(lives)
    name = f"documents/Notes of alice/{str(document.pk)[:8]} .._notes.txt"
    assert archive.read(name) == b"my notes"


def test_every_table_about_people_is_in_the_download_or_said_to_be_elsewhere():
    about_people = {model._meta.label for model in apps.get_models() if personal_data.person_columns(model)}
    found = {table.model._meta.label for table in personal_data.tables(1)}
    assert about_people - found == personal_data.ELSEWHERE & about_people
    assert about_people >= personal_data.ELSEWHERE
    assert "accounts.User" in found


def test_no_column_that_proves_who_somebody_is_is_ever_read():
    names = {
        f"{table.model._meta.label}.{field.attname}"
        for table in personal_data.tables(1)
        for field in table.model._meta.concrete_fields
        if personal_data.is_secret(field.attname)
    }
    assert {"accounts.User.password", "accounts.ApiKey.key_hash", "accounts.TokenFamily.refresh_hash"} <= names
    assert {"accounts.Invitation.token_hash", "mfa.Authenticator.data"} <= names
    for name in ("username", "input_tokens", "output_tokens", "first_token_ms"):
        assert not personal_data.is_secret(name), name
    for name in ("token", "token_hash", "token_secret", "refresh_token"):
        assert personal_data.is_secret(name), name
