"""Imports that are refused, or in which some part is broken: what the report says, and what is still imported."""

import json

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import translation

from chat.models import Folder, Transfer
from chat.transfers import access, importing, packages
from chat.transfers.readers import detection
from langai_site.errors import ConflictError, InvalidError
from tests.chat.exports import (
    chatgpt,
    claude_project,
    packed,
)
from tests.chat.import_reports import counts, imported, left_out
from tests.chat.test_exports import client_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_broken_conversation_costs_only_itself(alice):
    text = json.dumps(
        [chatgpt("c1"), chatgpt("c2", "Two"), chatgpt("c3", "Three"), {"title": "Empty", "mapping": {}}, 7]
    )
    text = text.replace('"title": "Two"', '"title": Two')
    row = imported(alice, f'{text[:-1]}, {{"title": "Cut'.encode(), "export.json")
    assert counts(row) == {"found": 5, "imported": 2, "updated": 0, "same": 0, "broken": 3}
    broken = {detection.NOT_JSON: 1, detection.NO_MESSAGES: 1, detection.UNFINISHED: 1}
    assert left_out(row) == {**broken, importing.NO_FILE: 2}
    page = client_of(alice).get(reverse("chat:transfer", args=[row.id])).content.decode()
    assert "It is not valid JSON" in page


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"PK\x03\x04 broken", "x.zip", packages.NOT_A_ZIP),
        (b"[]", "x.json", importing.NOTHING),
        (b'{"hello": 1}', "x.json", importing.NOTHING),
        (packed(readme_json={"a": 1}), "x.zip", importing.NOTHING),
    ],
)
def test_what_is_no_export_says_what_to_do(alice, data, name, words):
    row = imported(alice, data, name)
    assert (row.status, row.error) == ("failed", words)
    assert not access.stored_path(row).exists()


def test_zip_bombs_are_refused_and_damage_costs_one_file(alice, monkeypatch, tmp_path):
    monkeypatch.setattr(packages, "SMALL", 1000)
    bomb = packed(conversations_json=b"[" + b" " * 3_000_000 + b"]")
    assert imported(alice, bomb).error == packages.BOMB
    monkeypatch.setattr(packages, "MOST_ENTRIES", 1)
    assert imported(alice, packed(a_json=[], b_json=[])).error == packages.TOO_MANY % {"most": packages.MOST_ENTRIES}
    monkeypatch.undo()
    damaged = bytearray(packed(a_json=[chatgpt()], b_json=[chatgpt("c2")]))
    place = damaged.find(b"a.json") + 60
    damaged[place : place + 20] = b"\xff" * 20
    row = imported(alice, bytes(damaged))
    assert counts(row)["imported"] == 1
    assert left_out(row)[importing.DAMAGED] == 1


@pytest.mark.parametrize(("name", "data"), [("notes.txt", b"x"), ("empty.zip", b"")])
def test_other_files_are_refused_at_once(alice, name, data):
    with pytest.raises(InvalidError):
        access.start_import(alice, ContentFile(data, name))


def test_one_person_fills_no_disk(alice, bob, settings):
    settings.IMPORT_MAX_MB = 1
    half = ContentFile(b"x" * 600_000, "export.json")
    access.start_import(alice, half)
    with pytest.raises(ConflictError, match="Wait until some are done"):
        access.start_import(alice, half)
    access.start_import(bob, half)
    for _ in range(access.MOST_EXPORTS):
        access.start_export(bob.pk, None)
        Transfer.objects.filter(kind="export").update(status="done")
    with pytest.raises(ConflictError, match="Remove one"):
        access.start_export(bob.pk, None)
    Transfer.objects.filter(owner=bob).first().delete()
    access.start_export(bob.pk, None)


def test_files_that_cannot_be_kept_are_counted_by_reason(alice, settings):
    settings.ATTACHMENTS_MB = 1
    attachments = [{"id": f"file-{name}", "name": name} for name in ("film.mp4", "big.txt", "none.txt")]
    value = chatgpt()
    value["mapping"]["q1"]["message"]["metadata"]["attachments"] = attachments
    data = packed(**{"conversations_json": [value], "file-film.mp4": b"x", "file-big.txt": b"x " * 600_000})
    row = imported(alice, data)
    assert counts(row)["imported"] == 1
    assert left_out(row) == {
        importing.UNREADABLE_TYPE: 1,
        importing.FULL % {"size": 1}: 1,
        importing.NO_FILE: 1,
    }


def test_halves_of_characters_in_titles_and_folders_cost_nothing_else(alice):
    project = claude_project()
    project |= {"name": "Half \ud83d", "prompt_template": "Half \ud83d\0"}
    broken = chatgpt("c2", "Half \ud83d\0") | {"mapping": {}}
    row = imported(alice, packed(projects_json=[project], conversations_json=[broken, chatgpt()]))
    assert (row.report["imported"], row.report["broken"]) == (1, 1)
    assert Folder.objects.get().name == "Half \N{REPLACEMENT CHARACTER}"
    page = client_of(alice).get(reverse("chat:transfer", args=[row.id]))
    assert "Half \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}" in page.content.decode()


def test_a_report_is_read_in_the_language_in_which_the_import_was_started(alice, settings):
    """Reasons are stored in English; a reason with a number in it, in the language of the one who started."""
    settings.ATTACHMENTS_MB = 1
    value = chatgpt()
    value["mapping"]["q1"]["message"]["metadata"]["attachments"] = [
        {"id": f"file-{name}", "name": name} for name in ("film.mp4", "big.txt")
    ]
    data = packed(**{"conversations_json": [value], "file-film.mp4": b"x", "file-big.txt": b"x " * 600_000})
    with translation.override("de"):
        row, broken = imported(alice, data), imported(alice, b"PK\x03\x04", "broken.zip")
    assert importing.UNREADABLE_TYPE in left_out(row)
    page = client_of(alice)
    page.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    report = page.get(reverse("chat:transfer", args=[row.pk])).text
    assert "Dateien einer Art, die LangAI nicht lesen kann" in report
    assert "Dateien über die 1 MB hinaus" in report
    listed = page.get(reverse("chat:transfers")).text
    assert "Das ist keine vollständige ZIP-Datei." in listed
    assert broken.status == "failed"
