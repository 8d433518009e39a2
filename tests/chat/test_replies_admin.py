"""What admins see of replies and label changes, and what they do not."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import AsyncClient
from django.urls import reverse

from chat.conversations import access, labels
from chat.live import runner
from chat.models import Citation, Conversation, LabelChange, Message
from chat.turns import closing, storage
from chat.turns.receipt import Receipt
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from langai_site.sensitivity import Sensitivity
from tests.chat.factories import routed

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
MARKER = "xyzzy-secret-words"
REPLIES, CHANGES = "/admin/chat/reply/", "/admin/chat/labelchange/"

RECEIPT = {
    "label": "Internal",
    "label_causes": labels.written([labels.passage(MARKER, INTERNAL)]),
    "complexity": "complex",
    "complexity_causes": ["asks to compare"],
    "passages": 3,
    "notice": MARKER,
    "asked": [MARKER],
    "unverified": [MARKER],
    "model": "The Big One",
    "name": "openai/big",
    "hosted": True,
    "route": "auto: complex → strong",
    "rule": "complex",
    "policy": 4,
    "rejected": [{"model": "openai/small", "why": "may not see internal text"}],
    "request": routed(prompt_tokens=12_345).written(),
    "input_tokens": 9_876,
    "output_tokens": 54,
    "estimated": False,
    "cost": "0.0123",
    "first_token_ms": 321,
    "duration_ms": 4_500,
    "failures": ["openai/small: rejected: status 400, unknown_parameter"],
}


@pytest.fixture
def page(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def reply(alice):
    """Make a reply with a receipt, in a conversation with the marker in everything that anybody wrote."""
    started = storage.post(alice, None, f"What is {MARKER}?")
    outcome = closing.TurnOutcome(
        text=f"It is {MARKER}.",
        status=Message.Status.FAILED,
        causes=[labels.passage(MARKER, INTERNAL)],
        model="openai/big",
        error=f"Could not: {MARKER}",
        error_code="cut",
        receipt=Receipt.from_json(RECEIPT),
    )
    closing.close(started, outcome, [])
    values = {"version": 1, "title": MARKER, "page": 1, "start": 0, "end": 9}
    Citation.objects.create(reply_id=started.reply, number=1, source=started.reply, **values)
    return Message.objects.get(id=started.reply)


@pytest.mark.django_db
class TestReplies:
    def test_the_list_and_the_page_show_what_the_turn_took_and_why(self, page, reply):
        listed = page.get(REPLIES).text
        for words in ("alice", "failed", "Internal", "complex", "The Big One", "9,876 in, 54 out", "$0.012", "4.50 s"):
            assert words in listed
        shown = page.get(f"{REPLIES}{reply.id}/change/").text
        for words in (
            *("asks to compare", "a passage", "auto: complex → strong", "openai/big", "cut", "0.32 s"),
            *("openai/small: may not see internal text", "12,345 tokens in at most", str(reply.conversation_id)),
            "openai/small: rejected: status 400, unknown_parameter",
        ):
            assert words in shown

    def test_no_word_of_anybodys_is_on_any_page(self, page, reply):
        for address in (
            *(REPLIES, f"{REPLIES}{reply.id}/change/", f"{REPLIES}{reply.id}/history/", CHANGES),
            f"{CHANGES}{LabelChange.objects.get().pk}/change/",
            *(f"/admin/chat/conversation/{end}" for end in ("", f"{reply.conversation_id}/change/")),
            f"/admin/chat/conversation/{reply.conversation_id}/delete/",
        ):
            answer = page.get(address)
            assert answer.status_code == 200, address
            assert MARKER not in answer.text, address

    @pytest.mark.parametrize(
        "asked",
        [
            *("parts__icontains=xyzzy", "error__contains=xyzzy", "receipt__unverified__0__startswith=x"),
            *("conversation__title__startswith=x", "parent__parts__icontains=xyzzy", "citations__title=x"),
        ],
    )
    def test_no_address_tells_whether_a_text_has_a_word_in_it(self, page, reply, asked):
        assert page.get(f"{REPLIES}?{asked}").status_code == 400

    @pytest.mark.parametrize(
        "asked", ["title__startswith=x", "label_cause__contains=x", "messages__parts__icontains=x"]
    )
    def test_nor_does_one_about_conversations(self, page, reply, asked):
        assert page.get(f"/admin/chat/conversation/?{asked}").status_code == 400

    def test_searching_finds_ids_and_names_and_no_texts(self, page, reply):
        for words, found in ((str(reply.id), 1), (str(reply.conversation_id), 1), ("alice", 1), (MARKER, 0)):
            answer = page.get(REPLIES, {"q": words})
            assert len(answer.context["cl"].result_list) == found, words

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            *(({"status__exact": "failed"}, 1), ({"status__exact": "complete"}, 0)),
            *(({"label__exact": 10}, 1), ({"label__exact": 20}, 0)),
            *(({"model": "openai/big"}, 1), ({"model": "quotes"}, 0)),
            ({"created_at__year": 1999}, 0),
        ],
    )
    def test_replies_are_filtered_by_status_label_model_and_day(self, page, reply, asked, found):
        assert len(page.get(REPLIES, asked).context["cl"].result_list) == found

    def test_questions_are_not_among_them(self, page, reply):
        assert len(page.get(REPLIES).context["cl"].result_list) == 1
        assert page.get(f"{REPLIES}{reply.parent_id}/change/").status_code == 302

    def test_one_that_is_still_written_or_was_refused_has_a_page_too(self, page, alice):
        started = storage.post(alice, None, "How long?")
        assert page.get(f"{REPLIES}{started.reply}/change/").status_code == 200
        Message.objects.filter(id=started.reply).update(receipt={"label": "Public", "cost": None, "request": {}})
        assert "unpriced" in page.get(f"{REPLIES}{started.reply}/change/").text

    def test_nobody_changes_adds_or_deletes_one(self, page, reply):
        assert page.get(f"{REPLIES}add/").status_code == 403
        assert page.post(f"{REPLIES}{reply.id}/change/", {"status": "complete"}).status_code == 403
        assert page.post(f"{REPLIES}{reply.id}/delete/", {"post": "yes"}).status_code == 403

    def test_staff_need_the_permission_to_see_them(self, client, reply):
        person = User.objects.create_user("staff", is_staff=True)
        client.force_login(person)
        assert client.get(REPLIES).status_code == 403
        person.user_permissions.set(Permission.objects.filter(codename="view_reply"))
        assert client.get(REPLIES).status_code == 200
        assert client.get(f"{REPLIES}{reply.id}/change/").status_code == 200


@pytest.mark.django_db
class TestLabelChanges:
    def test_they_say_who_raised_and_lowered_what_and_why(self, page, reply, alice):
        access.lower_label(alice.id, reply.conversation_id, PUBLIC, "the figures are published")
        text = page.get(CHANGES).text
        assert "the figures are published" in text
        assert "a passage" in text
        assert str(reply.conversation_id) in text

    def test_a_reason_is_not_told_again_where_the_label_rises_later(self, page, alice):
        words = f"this conversation: {labels.lowered(MARKER)}"
        LabelChange.objects.create(
            conversation=alice_conversation(alice), user_id=alice.id, username="alice", before=0, after=10, cause=words
        )
        text = page.get(CHANGES).text
        assert "this conversation: lowered by you" in text
        assert MARKER not in text

    def test_they_are_kept_as_they_are(self, page, reply):
        change = LabelChange.objects.get()
        assert page.get(f"{CHANGES}add/").status_code == 403
        assert page.post(f"{CHANGES}{change.pk}/change/", {"cause": ""}).status_code == 403
        assert page.post(f"{CHANGES}{change.pk}/delete/", {"post": "yes"}).status_code == 403
        assert page.get(f"{CHANGES}?cause__contains={MARKER}").status_code == 400

    def test_pages_hold_no_inline_script_or_style(self, page, reply):
        for address in (REPLIES, CHANGES, f"{REPLIES}{reply.id}/change/"):
            text = page.get(address).text
            assert "<style" not in text
            assert " style=" not in text
            assert not [tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag and "json" not in tag]


def alice_conversation(alice):
    return Conversation.objects.create(owner=alice, title=MARKER).id


@pytest.mark.django_db(transaction=True)
async def test_a_reply_keeps_what_routing_was_asked_and_who_answered():
    alice = await User.objects.acreate_user("alice")
    client = AsyncClient()
    await client.aforce_login(alice)
    fields = {"text": "How long?", "label": "internal", "complexity": "complex", "max_tokens": "77"}
    await client.post(reverse("chat:start"), fields)
    await runner.drain(10)
    receipt = (await in_database_thread(Message.objects.get, role="assistant")).receipt
    kept = Receipt.from_json(receipt).request
    assert (kept.requested, kept.label, kept.complexity, kept.max_tokens) == ("auto", INTERNAL, "complex", 77)
    assert 0 < kept.prompt_tokens < 5_000
    assert receipt["name"] == "quotes"
