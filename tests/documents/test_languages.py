"""The pages of documents, search, usage and models in another language: nothing stays in English."""

import pytest
from django.urls import reverse
from django.utils import translation

from documents.extraction.types import ExtractionError
from documents.models import Document
from documents.notes import described
from documents.sentences import restored, said, stored
from documents.services import own
from documents.services.own import CollectionDescription
from documents.tasks import WENT_WRONG
from langai_site.outbound.models import Connection, Model
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import Budget, UsageEntry
from search.places import place_text
from tests import pseudo

PAGES = {
    "documents:library": "",
    "documents:new": "",
    "documents:people": "",
    "documents:review": "",
    "documents:collection": "collection",
    "documents:settings": "own",
    "documents:document": "document",
    "search:search": "",
    "usage:mine": "",
    "usage:everybody": "",
}
ADMIN_PAGES = {
    "documents_document_add": "",
    "documents_document_change": "document",
    "documents_document_replace": "document",
    "documents_document_read_again": "document",
    "search_collection_add": "",
    "search_collection_change": "collection",
    "outbound_connection_add": "",
    "outbound_connection_change": "connection",
    "outbound_connection_models": "connection",
    "outbound_model_add": "",
    "outbound_model_change": "model",
    "outbound_model_health": "",
    "usage_usageentry_verify": "",
    "usage_budget_add": "",
    "audit_auditevent_changelist": "",
}
# Names that people gave, and names of standards. The sentence about a budget is stored, and drawn from its code.
NAMES = (
    "alice",
    "Policies",
    "Notes",
    "holiday",
    "txt",
    "LangAI",
    "Office",
    "office",
    "Qwen",
    "gpt",
    "openai",
    "OpenAI",
)
STANDARDS = ("CSV", "JSON", "kB", "MB", "UTF", "windows", "ISO", "Macintosh", "DOS", "KOI8-R", "KOI8-U", "GB", "Big5")
OTHERS = ("OpenAI", "Shift JIS", "EUC-JP", "Sha256", "The budget of everybody here for this month")
# What other rooms bring to these pages.
FRAME = ("Menu", "Audit log", "Search")


@pytest.fixture
def rows(alice, upload, policies):
    """Return the ids of what the pages show, by its kind."""
    mine = own.create(alice, CollectionDescription("Notes", "", Sensitivity.INTERNAL))
    document, reason = upload(), said(WENT_WRONG)
    Document.objects.filter(pk=document.pk).update(
        status="failed",
        error=str(reason),
        error_sentence=stored(reason),
        notes=[{"code": "recognised", "pages": [1, 2], "count": 2}],
    )
    UsageEntry.objects.create(
        **{"username": "alice", "user_id": alice.pk, "model": "openai/gpt", "provider": "openai", "hosted": True},
        **{"label": 0, "input_tokens": 1, "output_tokens": 1, "duration_ms": 1, "cost": 1, "status": "complete"},
    )
    Budget.objects.create(scope="site", amount=5)
    connection = Connection.objects.create(name="Office", slug="office", address="http://10.0.0.1:1/v1")
    model = Model.objects.create(name="office/a", display_name="Qwen", provider="office")
    found = {"collection": policies, "own": mine, "document": document, "connection": connection, "model": model}
    return {"": [], **{kind: [row.pk] for kind, row in found.items()}}


def test_no_word_of_a_page_stays_in_english(client, alice, rows, monkeypatch):
    client.force_login(alice)
    pseudo.speak(monkeypatch)
    known = (*NAMES, *STANDARDS, *OTHERS, *FRAME, Document.objects.get().sha256, *map(str, rows["document"]))
    left = {}
    for name, kind in PAGES.items():
        left[name] = [*pseudo.untranslated(client.get(reverse(name, args=rows[kind])).text, known)]
    for name, kind in ADMIN_PAGES.items():
        shown = client.get(reverse(f"admin:{name}", args=rows[kind])).text
        left[name] = [*pseudo.untranslated(shown, known, "content")]
    assert {name: words for name, words in left.items() if words} == {}


def test_pages_speak_german(client, alice, rows):
    alice.language = "de"
    alice.save()
    client.force_login(alice)
    shown = client.get(reverse("documents:collection", args=rows["collection"])).text
    words = ["1 Dokument", "Nicht lesbar: In LangAI", "Unsicher gelesen", "Die Seiten 1 bis 2 wurden", "Intern"]
    assert [word for word in words if word not in shown] == []


def test_a_stored_reason_is_drawn_in_the_readers_language_and_an_old_one_stays():
    error = ExtractionError("Slide %(number)s: %(reason)s", number=3, reason=said("This file has no text in it."))
    kept = stored(error.sentence)
    new, old = Document(error=error.message, error_sentence=kept), Document(error="It was a Tuesday.")
    assert restored(kept) == error.sentence
    assert new.reason == error.message == "Slide 3: This file has no text in it."
    with translation.override("de"):
        assert new.reason == "Folie 3: In dieser Datei ist kein Text."
        assert old.reason == "It was a Tuesday."
        # What an earlier row says is shown, not what was stored for another reason.
        assert Document(error="Other.", error_sentence=kept).reason == "Other."


@pytest.mark.parametrize(
    ("note", "text"),
    [
        ({"code": "empty_pages", "pages": [3, 7, 8, 9], "count": 4}, "Die Seiten 3, 7 bis 9 haben keinen Text."),
        ({"code": "part", "value": "the hidden sheet “A”", "count": 1}, "Nicht gelesen: the hidden sheet “A”."),
        (
            {"code": "part", "value": stored(said("the hidden sheet “%(name)s”", name="A")), "count": 1},
            "Nicht gelesen: das verborgene Blatt „A“.",
        ),
        (
            {"code": "attachment", "value": "a.zip: Broken.", "count": 1},
            "Der Anhang „a.zip“ wurde nicht gelesen. Broken.",
        ),
    ],
)
def test_notes_are_drawn_in_the_readers_language(note, text):
    with translation.override("de"):
        assert [drawn.text for drawn in described([note])] == [text]


@pytest.mark.parametrize(
    ("stored_place", "text"),
    [
        ("page 3", "Seite 3"),
        ("Prices, rows 2 to 40", "Prices, Zeilen 2 bis 40"),
        ("slide 4", "Folie 4"),
        ("Page of honour", "Page of honour"),
        ("", ""),
    ],
)
def test_places_are_drawn_in_the_readers_language(stored_place, text):
    assert place_text(stored_place) == stored_place
    with translation.override("de"):
        assert place_text(stored_place) == text
