"""Answers know when a passage that they cite changed: what is said, to whom, and what is never shown."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from chat import migrations
from chat.conversations import export, forks
from chat.models import ChangeNotice, Citation, Conversation, Message, PassageChange, Replacement, Share
from chat.models.keeping import Keeping
from chat.turns import cited_sources, comparing_versions
from chat.turns.change_notices import unseen
from documents import services, tasks
from langai_site import document_uses
from search.models import Collection, Source

pytestmark = pytest.mark.django_db(transaction=True)

OLD = "Everyone has 25 days of holiday a year. Days that are left expire on 31 March of the following year."
NEW = OLD.replace("25", "28")


@pytest.fixture(autouse=True)
def _folder(tmp_path, settings):
    settings.MEDIA_ROOT, settings.DATA_DIR, settings.MODEL_DIR = tmp_path / "files", tmp_path, tmp_path / "model"
    settings.CHROMA_URL = ""


@pytest.fixture
def shared():
    return Collection.objects.create(name="Shared", everyone=True)


def read_all():
    while tasks.work_once("test"):
        pass


@pytest.fixture
def document(shared, admin):
    found = services.upload(collection=shared, file=ContentFile(OLD.encode(), "leave.txt"), user=admin, title="Leave")
    read_all()
    found.refresh_from_db()
    return found


def replaced(document, text=NEW):
    document.refresh_from_db()
    services.replace(document, file=ContentFile(text.encode(), "leave.txt"), user=None)
    read_all()
    comparing_versions.compare()


def answered(owner, document, *, days=1, text="You have 25 days [1].", **conversation):
    """Make an answer of some days ago that cites the whole text of the document's live version."""
    source = Source.objects.live().get(document=document.pk)
    at = timezone.now() - timedelta(days=days)
    row = Conversation.objects.create(owner=owner, title="Holiday", **conversation)
    question = Message.objects.create(conversation=row, role="user", parts=[{"type": "text", "text": "How many days?"}])
    reply = Message.objects.create(
        conversation=row, parent=question, role="assistant", parts=[{"type": "text", "text": text}], created_at=at
    )
    Conversation.objects.filter(pk=row.pk).update(current_leaf=reply)
    Citation.objects.create(
        reply=reply, number=1, source=source.pk, version=source.version, title="Leave", page=1, start=0, end=len(OLD),
        dated=(at - timedelta(days=400)).date(),
    )  # fmt: skip
    return reply


def shown(client, reply):
    page = client.get(reverse("chat:conversation", args=[reply.conversation_id]))
    return LexborHTMLParser(page.text)


def said(client, reply):
    return [" ".join(line.text().split()) for line in shown(client, reply).css("[role=note] p")]


def change_url(reply):
    return reverse("chat:passage-change", args=[reply.pk, 1])


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        (NEW, "changed", "Based on version 1 of “Leave” [1]: the passage changed: 25 → 28 days. Show what changed"),
        ("Ask the office.", "gone", "Based on version 1 of “Leave” [1]: the passage is not in version 2 any more. "
         "Show what changed"),
        (f"A preface.\n\n{OLD}", "same", None),
    ],
)  # fmt: skip
def test_an_old_answer_says_what_became_of_its_passage(client, alice, document, text, state, words):
    reply = answered(alice, document)
    replaced(document, text)
    assert [change.state for change in PassageChange.objects.all()] == [state]
    client.force_login(alice)
    assert said(client, reply) == ([words] if words else [])
    assert client.get(change_url(reply)).status_code == (200 if words else 404)
    assert len(unseen(alice)) == (1 if words else 0)


def test_the_change_is_shown_word_by_word_and_leads_to_asking_again(client, alice, document):
    reply = answered(alice, document)
    replaced(document)
    client.force_login(alice)
    page = LexborHTMLParser(client.get(change_url(reply)).text)
    assert [node.text().split()[-1] for node in page.css("del, ins")] == ["25", "28"]
    assert page.css_first("form[action$='/retry/']").attributes["action"] == reverse("chat:retry", args=[reply.pk])


def test_the_next_version_is_compared_in_turn(client, alice, document):
    reply = answered(alice, document)
    replaced(document)
    replaced(document, OLD.replace("25", "30"))
    client.force_login(alice)
    assert "25 → 30 days" in said(client, reply)[0]
    replaced(document, OLD + " That is all.")
    assert said(client, reply) == []


def test_nothing_is_said_to_somebody_who_may_no_longer_read_the_document(client, alice, document, shared):
    reply = answered(alice, document)
    replaced(document)
    Collection.objects.filter(pk=shared.pk).update(everyone=False)
    client.force_login(alice)
    assert said(client, reply) == []
    assert client.get(change_url(reply)).status_code == 404
    page = client.get(reverse("chat:changes")).text
    assert "Leave" not in page
    assert "28 days" not in page
    assert "passage that changed since" not in client.get(reverse("chat:new")).text


def test_another_persons_change_and_comparison_are_not_there(client, alice, bob, document):
    reply = answered(alice, document)
    replaced(document)
    client.force_login(bob)
    for url in (change_url(reply), reverse("chat:differs", args=[reply.pk])):
        assert client.get(url).status_code == 404
    assert not unseen(bob)


@pytest.mark.parametrize(
    ("values", "is_told"),
    [
        ({}, True),
        ({"days": 31}, False),
        ({"days": 31, "pinned_at": timezone.now()}, True),
        ({"deleted_at": timezone.now()}, False),
        ({"keeping": next(keeping for keeping in Keeping if keeping != Keeping.KEPT)}, False),
    ],
)
def test_who_asked_lately_or_pinned_the_conversation_is_told(client, alice, document, values, is_told):
    answered(alice, document, **values)
    replaced(document)
    assert ChangeNotice.objects.filter(user=alice).exists() == is_told


@pytest.mark.parametrize(("values", "is_told"), [({}, True), ({"revoked_at": timezone.now()}, False)])
def test_who_shares_the_answer_by_a_link_is_told(alice, document, values, is_told):
    reply = answered(alice, document, days=31)
    snapshot = [{"id": str(reply.pk), "text": "You have 25 days [1]."}]
    Share.objects.create(owner=alice, conversation=reply.conversation, snapshot=snapshot, **values)
    replaced(document)
    assert ChangeNotice.objects.filter(user=alice).exists() == is_told


def test_a_notice_is_shown_until_it_was_seen(client, alice, document):
    reply = answered(alice, document)
    replaced(document)
    client.force_login(alice)
    assert "1 of your answers cites a passage that changed since" in client.get(reverse("chat:new")).text
    page = client.get(reverse("chat:changes")).text
    assert "25 → 28 days" in page
    assert reverse("chat:retry", args=[reply.pk]) in page
    client.post(reverse("chat:changes"))
    assert "passage that changed since" not in client.get(reverse("chat:new")).text
    assert "25 → 28 days" not in client.get(reverse("chat:changes")).text


def test_an_answer_that_was_running_is_compared_later(alice, document):
    Replacement.objects.all().delete()
    late = answered(alice, document)
    citation = Citation.objects.filter(reply=late)
    citation_values = citation.values().get()
    citation.delete()
    replaced(document)
    Citation.objects.create(**citation_values)
    comparing_versions.compare()
    assert not PassageChange.objects.exists()
    Replacement.objects.update(created_at=timezone.now() - timedelta(hours=2))
    comparing_versions.compare()
    assert PassageChange.objects.get().state == "changed"
    assert Replacement.objects.filter(done_at=None).count() == 0


def test_what_was_replaced_before_an_update_is_compared_after_it(alice, document):
    reply = answered(alice, document)
    replaced(document)
    PassageChange.objects.all().delete()
    Replacement.objects.all().delete()
    [name] = Path(migrations.__path__[0]).glob("*_changed_passages.py")
    import_module(f"chat.migrations.{name.stem}").enqueue(apps, None)
    comparing_versions.compare()
    assert PassageChange.objects.get().citation.reply == reply


def test_a_copy_of_the_conversation_knows_it_too(client, alice, document):
    reply = answered(alice, document)
    replaced(document)
    copy = forks.fork(alice, reply.pk)
    client.force_login(alice)
    assert "25 → 28 days" in said(client, copy.current_leaf)[0]


def test_two_versions_of_an_answer_are_compared(client, alice, document):
    reply = answered(alice, document)
    newer = Message.objects.create(
        conversation=reply.conversation, parent=reply.parent, role="assistant",
        parts=[{"type": "text", "text": "You have 28 days [1]."}],
    )  # fmt: skip
    client.force_login(alice)
    page = LexborHTMLParser(client.get(reverse("chat:differs", args=[newer.pk])).text)
    compared = page.css_first(".compared")
    assert [node.text().split()[-1] for node in compared.css("del, ins")] == ["25", "28"]
    assert client.get(reverse("chat:differs", args=[reply.pk])).status_code == 404
    Conversation.objects.filter(pk=reply.conversation_id).update(current_leaf=newer)
    assert reverse("chat:differs", args=[newer.pk]) in shown(client, newer).html


def test_a_citation_says_how_old_its_version_is(client, alice, document):
    reply = answered(alice, document)
    client.force_login(alice)
    assert "1 year old" in shown(client, reply).css_first(".sources").text()
    # An answer that is continued stores its citations again, and an export names the day.
    citation = reply.citations.get()
    assert [one.place.get("dated") for one in cited_sources.cited(reply, alice)] == [str(citation.dated)]
    assert f"added on {citation.dated}" in export.markdown([reply])


def test_answers_that_cite_a_document_are_counted_without_saying_whose(alice, bob, document):
    answered(alice, document)
    replaced(document)
    answered(bob, document)
    answered(bob, document, deleted_at=timezone.now())
    assert document_uses.answers_citing([document.pk]) == {document.pk: 2}
