"""Documents have an owner and a review date, and owners find those that need a review."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from chat.models import Citation, Conversation, Message
from documents.models import Document
from langai_site.accounts.models import User
from search.models import Collection, Source

pytestmark = pytest.mark.django_db(transaction=True)
REVIEW = "/library/review/"


@pytest.fixture
def bob(transactional_db):
    return User.objects.create_user("bob")


def browser_of(person):
    browser = Client()
    browser.force_login(person)
    return browser


def made(collection, title, *, days, answers=0, reader=None, **values):
    """Make a document that is searched, of so many days ago, with so many answers that cite it."""
    at = timezone.now() - timedelta(days=days)
    file = {"file_name": f"{title}.txt", "file": "documents/none.txt", "sha256": uuid.uuid4().hex}
    document = Document.objects.create(
        collection=collection, title=title, status="ready", uploaded_at=at, **file, **values
    )
    source = Source.objects.create(
        document=document.pk, collection=collection, title=title, file_name=f"{title}.txt", live=True, added_at=at
    )
    for _ in range(answers):
        conversation = Conversation.objects.create(owner=reader, title="Secret title")
        reply = Message.objects.create(conversation=conversation, role="assistant")
        Citation.objects.create(reply=reply, number=1, source=source.pk, version=1, title=title, page=1, start=0, end=5)
    return document


def rows(person):
    page = LexborHTMLParser(browser_of(person).get(REVIEW).text)
    return [(row.css_first("th a").text(), " ".join(row.css("td")[0].text().split())) for row in page.css("tbody tr")]


def test_what_is_due_comes_first_and_then_answers_by_age(alice, bob, policies):
    today = timezone.localdate()
    made(policies, "young", days=2, answers=3, reader=bob)
    made(policies, "old", days=400, answers=1, reader=bob)
    made(policies, "unused", days=900)
    made(policies, "due", days=1, review_by=today)
    made(policies, "later", days=1, review_by=today + timedelta(days=1))
    assert rows(alice) == [
        ("due", "0 answers"),
        ("old", "1 answer"),
        ("young", "3 answers"),
        ("unused", "0 answers"),
        ("later", "0 answers"),
    ]
    assert "Secret title" not in browser_of(alice).get(REVIEW).text


def test_it_lists_what_a_person_looks_after_and_may_read(alice, bob, policies):
    hidden = Collection.objects.create(name="Hidden")
    mine = Collection.objects.create(name="Mine")
    mine.owners.add(bob)
    made(policies, "bobs own", days=1, owner=bob)
    made(policies, "somebodys", days=1, owner=alice)
    made(hidden, "hidden from bob", days=1, owner=bob)
    made(mine, "in his collection", days=2)
    assert {title for title, _ in rows(bob)} == {"bobs own", "in his collection"}
    assert "Set owner" not in browser_of(bob).get(REVIEW).text
    assert REVIEW in browser_of(bob).get("/library/").text
    assert REVIEW not in browser_of(User.objects.create_user("carol")).get("/library/").text


def test_an_admin_sets_owner_and_review_date_and_readers_see_them(alice, bob, policies):
    document = made(policies, "rules", days=1)
    url = reverse("admin:documents_document_change", args=[document.pk])
    form = {"title": "rules", "sensitivity": 0, "owner": alice.pk, "review_by": "2020-05-03"}
    assert browser_of(alice).post(url, form).status_code == 302
    document.refresh_from_db()
    assert (document.owner, str(document.review_by)) == (alice, "2020-05-03")
    page = browser_of(bob).get(reverse("documents:collection", args=[policies.pk])).text
    assert "Due for review since 3 May 2020: ask alice" in page
    refused = browser_of(alice).post(url, form | {"owner": bob.pk})
    assert "Select a valid choice" in refused.text


def test_who_manages_a_collection_sets_them_in_the_library(alice, bob, policies):
    document = made(policies, "rules", days=1, answers=1, reader=bob)
    url = reverse("documents:document", args=[document.pk])
    assert "This change touches 1 answer:" in browser_of(alice).get(url).text
    form = {"title": "rules", "label": "public", "owner": "alice", "review_by": "2030-05-03"}
    assert browser_of(alice).post(url, form).status_code == 302
    document.refresh_from_db()
    assert (document.owner, str(document.review_by)) == (alice, "2030-05-03")
    assert browser_of(alice).post(url, form | {"owner": "bob"}).status_code == 400
    assert browser_of(bob).post(url, form).status_code in (403, 404)


def test_before_a_replacement_the_owner_sees_how_many_answers_it_touches(alice, bob, policies):
    document = made(policies, "rules", days=1, answers=2, reader=bob)
    page = browser_of(alice).get(reverse("admin:documents_document_replace", args=[document.pk])).text
    assert "This change touches 2 answers</strong> that cite the document" in page
    assert "Secret title" not in page
