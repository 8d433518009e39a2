"""The pages of conversations in German: words, numbers, dates, and answers that were drawn in English before."""

import pytest
from django.urls import reverse
from django.utils import translation

from chat.conversations import folders, ordering
from chat.conversations.folders import FolderForm
from chat.conversations.ordering import Action
from chat.models import ListChange, Message
from chat.pages import check_text, thoughts
from langai_site.accounts.models import User
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity
from tests.chat.factories import long_conversation, version_of

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = """| Land | Tage |
|---|---|
| A | 30 |

- [x] Urlaub

```chart
{{"type": "line", "title": "Tage", "labels": ["A", "B"], "series": [{{"values": [1200, 2]}}]}}
```
"""
RECEIPT = {
    **{"label": "Internal", "complexity": "simple", "model": "A model", "name": "a", "route": "auto", "sent": True},
    **{"input_tokens": 1200, "output_tokens": 34, "duration_ms": 1500, "cost": "0.5", "hosted": True, "passages": 3},
}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def anna(db):
    return User.objects.create_user("anna", language="de")


@pytest.fixture
def page(client, anna):
    client.force_login(anna)
    return client


@pytest.fixture
def talk(anna):
    conversation, messages = long_conversation(anna, 2, TEXT, title="Urlaub")
    Message.objects.filter(pk=messages[1].pk).update(receipt=RECEIPT, model="A model")
    return conversation, messages


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("new", ["Was möchten Sie wissen?", "Fragen Sie zu Ihren Dokumenten", "Neuer Chat"]),
        ("all", ["Alle Chats", "Alle angezeigten auswählen"]),
        ("archive", ["Archiv", "Nichts ist archiviert."]),
        ("folders", ["Neuer Ordner", "Farbe", "Türkis"]),
        ("history", ["Eigene Unterhaltungen durchsuchen", "die letzten 7 Tage", "vertraulich"]),
        ("palette", ["Gehe zu", "Aktionen", "Farbschema: hoher Kontrast"]),
        ("keys", ["Tastenkürzel", "Strg K", "Die letzte Antwort kopieren"]),
        ("models", ["Modelle", "alle Stufen", "lokal, eingebaut"]),
    ],
)
def test_pages_speak_german(page, talk, name, words):
    shown = page.get(reverse(f"chat:{name}")).text
    assert [word for word in words if word not in shown] == []


def test_a_conversation_speaks_german_with_its_numbers_and_dates(page, talk):
    conversation, messages = talk
    version_of(messages[1], "Zweite")
    page.get(reverse("chat:conversation", args=[conversation.id]) + f"?reply={messages[1].id}")
    shown = page.get(reverse("chat:conversation", args=[conversation.id])).text
    assert "A model · 1.234 Token · 0,50 $ · 1,5 s" in shown
    assert "1 von 2" in shown
    assert "Stufe: Öffentlich. Warum?" in shown
    assert 'class="label public"' in shown
    printed = page.get(reverse("chat:print", args=[conversation.id])).text
    with translation.override("de"):
        assert f"{messages[0].created_at:%-d}. " in printed


def test_an_answer_that_was_drawn_in_english_is_drawn_again_in_german(page, talk, anna):
    conversation, _ = talk
    address = reverse("chat:conversation", args=[conversation.id])
    german = [
        "Tabelle: Land, Tage",
        "Erledigt",
        "Liniendiagramm: Tage. 2 Werte von 2 bis 1.200.",
        "<summary>Zahlen</summary>",
    ]
    english = ["Table: Land, Tage", "Done", "Line chart: Tage. 2 values from 2 to 1,200.", "<summary>Numbers</summary>"]
    for language, words, others in (("en", english, german), ("de", german, english), ("en", english, german)):
        User.objects.filter(pk=anna.pk).update(language=language)
        shown = page.get(address).text
        assert [word for word in words if word not in shown] == []
        assert [word for word in others if word in shown] == []


def test_what_was_done_with_conversations_is_said_in_german(anna, talk):
    conversation, _ = talk
    other, _ = long_conversation(anna, 2, title="Reisen")
    folder = folders.create(anna.pk, FolderForm("Personal"))
    ids = [conversation.id, other.id]
    changes = [
        ordering.order(anna.pk, ids, Action.MOVE, folder.id).change,
        ordering.order(anna.pk, ids[:1], Action.ARCHIVE).change,
        ordering.delete_folder(anna.pk, folder.id).change,
    ]
    # Whoever did it, and in whichever language: the notice speaks that of its reader.
    stored = [ListChange.objects.get(pk=change.pk) for change in changes]
    assert stored[1].shown == "Archived “Urlaub”."
    with translation.override("de"):
        said = [change.shown for change in stored]
    assert said == [
        "2 Unterhaltungen nach „Personal“ verschoben.",
        "„Urlaub“ archiviert.",
        "Ordner „Personal“ gelöscht. 2 Unterhaltungen daraus bleiben erhalten.",
    ]


def test_errors_are_in_german_for_people_and_in_english_for_programs(page, anna, settings):
    settings.MESSAGE_MAX_CHARS = 1000
    said = page.post(reverse("chat:start"), {"text": "x" * 1001}, headers=HTMX).text
    assert "Die Nachricht hat 1.001 Zeichen; erlaubt sind 1.000." in said
    gone = page.get("/api/conversations/6ba7b810-9dad-11d1-80b4-00c04fd430c8", headers={"Accept-Language": "de"})
    assert "error" in gone.json()
    assert "wurde gelöscht" not in gone.text


def test_the_palette_finds_actions_by_german_words(page):
    shown = page.get(reverse("chat:palette"), {"q": "tastatur"}).text
    assert "Tastenkürzel" in shown
    assert "Neuer Chat</b>" not in shown


def test_labels_keep_their_choices_and_have_two_names():
    with translation.override("de"):
        assert [str(name) for _, name in LABEL_CHOICES] == ["Öffentlich", "Intern", "Vertraulich"]
        assert [label.in_text for label in Sensitivity] == ["öffentlich", "intern", "vertraulich"]
    assert [label.label for label in Sensitivity] == ["Public", "Internal", "Confidential"]


def test_constants_are_drawn_when_they_are_read():
    progress = {"thinking": "", "seconds": 0.0, "at": 0.0, "waiting": "llama", "is_working": False, "before": 2}
    with translation.override("de"):
        assert thoughts.waiting_words(progress) == "llama ist beschäftigt: 2 vor Ihnen …"
        assert str(check_text.CAUTION).startswith("Verglichen wurden")
    assert thoughts.waiting_words(progress) == "llama is busy: 2 before you…"
