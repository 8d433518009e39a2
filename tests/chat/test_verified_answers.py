# ruff: noqa: RUF001 - signs of other scripts belong here
"""Verified answers: who makes one, when it is shown in place of a model's, and when it is not any more."""

import json

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from chat.conversations import export
from chat.conversations.access import reply_as_shown
from chat.models import Conversation, GivenDocument, VerifiedAnswer, VerifiedNotice
from chat.transfers import schema, trusted
from chat.turns.receipt import Receipt
from chat.verified import access, following, indexing, making
from chat.verified.same_question import asks_the_same
from documents import cleanup, services
from langai_site.errors import LangAIError
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry
from search.models import Collection, Source
from search.services import move, relabel
from tests.chat.handbook import ANSWER, LATER, LEAVE, QUESTION, asked, asked_again, read_all, replaced, text, verified

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_stores")]


def shows(reply):
    return Receipt.from_json(reply.receipt).verified is not None


def test_it_is_shown_at_once_with_who_and_when_and_nothing_is_sent_or_charged(client, alice, bob, document):
    made = verified(alice, variants=["What is my annual leave?"])
    before = UsageEntry.objects.count()
    for question in (QUESTION, "how many holiday days do I get per year?", "What's my annual leave"):
        reply = asked(bob, question)
        assert (reply.text, reply.status) == (ANSWER, "complete")
        assert [(one.number, one.title, one.page) for one in reply.citations.all()] == [(1, "Leave", 1)]
    assert UsageEntry.objects.count() == before
    receipt = Receipt.from_json(reply.receipt)
    assert (receipt.sent, receipt.model, receipt.verified.name) == (False, "", "alice")
    assert set(GivenDocument.objects.filter(reply=reply).values_list("document", flat=True)) == {made.pk, document.pk}
    client.force_login(bob)
    page = LexborHTMLParser(client.get(reverse("chat:conversation", args=[reply.conversation_id])).text)
    badge = page.css_first(".verified")
    assert "Verified by alice" in " ".join(badge.text().split())
    assert badge.css_first("form").attributes["action"] == reverse("chat:retry", args=[reply.pk])
    assert "no model was asked" in page.css_first(".receipt dl").text()
    assert "25 days a year" in client.get(reverse("chat:verified", args=[made.pk])).text
    shown = client.get(f"/api/conversations/{reply.conversation_id}").json()["messages"][-1]["verified"]
    assert (shown["name"], shown["current"], shown["version"]) == ("alice", True, 1)
    assert "verified by alice on" in export.markdown([reply])
    assert client.get(reverse("chat:why-not", args=[reply.pk])).status_code == 200


def test_a_model_answers_when_somebody_asks_again(alice, bob, document):
    verified(alice)
    reply = asked_again(bob, asked(bob))
    assert not shows(reply)
    assert reply.model == "quotes"
    assert not shows(asked(bob, fresh=True))


@pytest.mark.parametrize(
    "question",
    [
        "How many days of sick leave do I get a year?",
        "How many days of holiday do part-time staff get a year?",
        "How many days of holiday do I get in 2027?",
        "When do holiday days expire?",
    ],
)
def test_another_question_gets_it_as_a_passage_only(alice, bob, document, question):
    verified(alice)
    assert not shows(asked(bob, question))


SAME = [
    ("Wie viele Urlaubstage habe ich im Jahr?", "Wie viele Tage Urlaub habe ich pro Jahr?", True),
    ("Wer genehmigt Reisekosten über 500 Euro?", "Wer genehmigt Reisekosten unter 500 Euro?", False),
    ("How long is the notice period during probation?", "What is the notice period in probation?", True),
    ("How long is the notice period during probation?", "How long is the notice period after probation?", False),
    ("Can I work from abroad?", "Can I not work from abroad?", False),
    ("Who pays the employer contribution?", "Who pays the employee contribution?", False),
    ("When are invoices paid?", "Who paid the invoices?", False),
    ("What is the warranty of X200?", "What is the warranty of X300?", False),
    ("每年有多少天年假？", "每年年假有多少天？", True),
    ("Mikä on loma?", "MIKÄ ON LOMA", True),
    ("Mikä on loma?", "Mikä on pitkä loma?", False),
]


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_words_decide_whether_two_questions_are_the_same(one, other, same):
    assert asks_the_same(one, other) is same
    assert asks_the_same(other, one) is same


def test_only_an_owner_verifies_and_only_what_cites_one_collection(client, alice, bob, document):
    reply = asked(bob)
    client.force_login(bob)
    assert client.get(reverse("chat:verify", args=[reply.pk])).status_code == 403
    client.force_login(alice)
    assert client.get(reverse("chat:verify", args=[reply.pk])).status_code == 404
    mine = asked(alice)
    page = client.get(reverse("chat:verify", args=[mine.pk]))
    assert "Handbook" in page.text
    day = str(timezone.localdate() + LATER)
    form = {"question": QUESTION, "variants": "", "text": "No source.", "review_by": day}
    refused = client.post(reverse("chat:verify", args=[mine.pk]), form)
    assert refused.status_code == 400
    assert "at least one source" in refused.text
    assert "No source." in refused.text
    made = client.post(reverse("chat:verify", args=[mine.pk]), form | {"text": ANSWER})
    assert made.status_code == 302
    again = client.post(reverse("chat:verify", args=[mine.pk]), form | {"text": ANSWER})
    assert (again.status_code, "has a verified answer in this collection" in again.text) == (409, True)
    answer = VerifiedAnswer.objects.get()
    client.force_login(bob)
    assert client.post(reverse("chat:verified-retire", args=[answer.pk])).status_code == 404
    assert client.post(reverse("chat:verified-change", args=[answer.pk]), form).status_code == 302
    answer.refresh_from_db()
    assert (answer.version, answer.state) == (1, "verified")
    Collection.objects.update(everyone=False)
    for name, args in (("verified", [answer.pk]), ("verified-answers", [answer.collection_id])):
        assert client.get(reverse(f"chat:{name}", args=args)).status_code == 404


def test_it_expires_when_a_cited_passage_changes_until_an_owner_reviews_it(client, alice, bob, document):
    made = verified(alice)
    old = asked(bob)
    made.citations.update(dated="2020-01-31")
    replaced(document, f"Preface.\n\n{LEAVE}")
    assert shows(asked(bob))
    # It is as old as the version that its citation follows.
    assert made.citations.get().dated.year > 2020
    made.citations.update(dated="2020-01-31")
    replaced(document, LEAVE.replace("25", "28"))
    indexing.run()
    made.refresh_from_db()
    assert (made.state, made.reason) == ("expired", "changed")
    assert not shows(asked(bob))
    assert not reply_as_shown(bob.pk, old.pk).verified_state.is_current
    assert [notice.user for notice in VerifiedNotice.objects.all()] == [alice]
    client.force_login(alice)
    assert "1 verified answer has to be reviewed" in " ".join(client.get(reverse("chat:new")).text.split())
    assert QUESTION in client.get(reverse("chat:changes")).text
    form = client.get(reverse("chat:verified-change", args=[made.pk])).text
    assert "25 → 28 days" in form
    changed = {"question": QUESTION, "text": ANSWER.replace("25", "28"), "review_by": str(timezone.localdate() + LATER)}
    assert client.post(reverse("chat:verified-change", args=[made.pk]), changed | {"seen": "1"}).status_code == 409
    seen = {"seen": str(made.version)}
    assert client.post(reverse("chat:verified-change", args=[made.pk]), changed | seen).status_code == 302
    indexing.run()
    reply = asked(bob)
    assert (shows(reply), "28 days" in reply.text) == (True, True)
    assert (reply.citations.get().version, reply.citations.get().dated.year > 2020) == (3, True)
    assert not VerifiedNotice.objects.exists()


@pytest.mark.parametrize("happens", ["due", "deleted", "moved"])
def test_it_expires_when_it_is_due_and_when_its_document_is_gone(alice, bob, document, happens, shared):
    made = verified(alice)
    if happens == "due":
        VerifiedAnswer.objects.update(review_by=timezone.localdate())
    elif happens == "deleted":
        services.delete(document)
    else:
        other = Collection.objects.create(name="Other", everyone=True)
        move(document.pk, other.pk)
    assert not shows(asked(bob))
    following.expire_due()
    made.refresh_from_db()
    assert (made.state, made.reason) == ("expired", "due" if happens == "due" else "gone")


def test_its_label_rises_with_what_it_cites_and_raises_the_conversation(alice, bob, document):
    made = verified(alice)
    relabel(document.pk, title="Leave", sensitivity=Sensitivity.CONFIDENTIAL)
    assert Source.objects.get(document=made.pk).label == Sensitivity.CONFIDENTIAL
    reply = asked(bob)
    assert shows(reply)
    assert Conversation.objects.get(pk=reply.conversation_id).label == reply.label == Sensitivity.CONFIDENTIAL


def test_what_it_says_of_a_document_with_other_readers_is_its_owners_alone(client, alice, bob, document):
    made = verified(alice)
    page, listed = reverse("chat:verified", args=[made.pk]), reverse("chat:verified-answers", args=[made.collection_id])
    closed = Collection.objects.create(name="Board", sensitivity=Sensitivity.CONFIDENTIAL)
    move(document.pk, closed.pk)
    # In the same moment: nobody finds it, and a model that may not see the document does not get its words.
    assert not Source.objects.live().filter(document=made.pk).exists()
    made.refresh_from_db()
    assert (made.state, made.label) == ("expired", Sensitivity.CONFIDENTIAL)
    indexing.run()
    following.expire_due()
    assert not Source.objects.live().filter(document=made.pk).exists()
    client.force_login(bob)
    assert client.get(page).status_code == 404
    assert QUESTION not in client.get(listed).content.decode()
    client.force_login(alice)
    assert "25 days" in client.get(page).content.decode()
    move(document.pk, made.collection_id)
    indexing.run()
    assert Source.objects.live().filter(document=made.pk).exists()


def test_it_has_the_label_of_all_that_the_answer_was_made_from_as_it_is_now(alice, shared, document):
    file = ContentFile(b"Holidays of the board are decided in May.", "board.txt")
    other = services.upload(collection=shared, file=file, user=alice, title="Board")
    read_all()
    reply = asked(alice)
    GivenDocument.objects.get_or_create(reply=reply, document=other.pk)
    relabel(other.pk, title="Board", sensitivity=Sensitivity.CONFIDENTIAL)
    reply.refresh_from_db()
    assert reply.label < Sensitivity.CONFIDENTIAL
    assert making.create(alice, reply.pk, text()).label == Sensitivity.CONFIDENTIAL


def test_a_retired_one_is_found_no_more_and_the_sweep_keeps_the_others(client, alice, bob, document):
    made = verified(alice)
    cleanup.sweep()
    assert shows(asked(bob))
    client.force_login(alice)
    assert client.post(reverse("chat:verified-retire", args=[made.pk])).status_code == 302
    assert not Source.objects.live().filter(document=made.pk).exists()
    assert not shows(asked(bob))
    client.force_login(bob)
    assert client.get(reverse("chat:verified", args=[made.pk])).status_code == 404


def test_an_imported_file_cannot_say_that_an_answer_was_verified(alice, bob, document):
    verified(alice)
    reply = asked(bob)
    row = json.loads(json.dumps(schema.message_values(reply), default=str))
    assert row["receipt"]["verified"]["name"] == "alice"
    assert "verified" not in trusted.receipt_of(row)


def test_a_readers_list_has_what_is_in_force_and_an_owners_has_all(alice, bob, document, shared):
    made = verified(alice)
    following.expire([made.pk], VerifiedAnswer.Reason.DUE)
    assert access.of_collection(bob, shared.pk)[1:] == (False, [])
    assert access.of_collection(alice, shared.pk)[1:] == (True, [made])
    with pytest.raises(LangAIError):
        access.of_collection(bob, 0)
