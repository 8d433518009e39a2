"""What an English worker or person stored is read by a German person in German, and by programs in English."""

from dataclasses import replace

import polib
import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from chat.conversations import access, export, labels
from chat.models import Conversation, LabelChange, Message
from chat.pages import receipt_text
from chat.transfers import trusted
from chat.turns import closing, storage
from chat.turns.receipt import Receipt
from langai_site.sensitivity import Sensitivity
from langai_site.sentences import TEMPLATES, drawn
from tests.chat.test_turns import outcome

pytestmark = pytest.mark.django_db(transaction=True)
CARD = " ".join(["4111", "1111", "1111", "1111"])
CATALOGUE = settings.BASE_DIR / "langai_site/locale/de/LC_MESSAGES/django.po"


def test_every_stored_sentence_has_a_german_one_with_the_same_values():
    found = {entry.msgctxt: entry for entry in polib.pofile(str(CATALOGUE)) if entry.msgctxt in TEMPLATES}
    missing = []
    for code, template in TEMPLATES.items():
        entry = found.get(code)
        if code.startswith("test."):
            continue
        texts = [*entry.msgstr_plural.values()] if entry and template.many else [entry.msgstr] if entry else []
        names = {name for text in texts for name in template.names if f"%({name})s" in text}
        is_english = entry and (entry.msgid, entry.msgid_plural) == (template.one, template.many)
        if not is_english or not all(texts) or entry.fuzzy or names != template.names:
            missing.append(code)
        else:
            assert all(text % dict.fromkeys(template.names, 1) for text in texts)
    assert missing == []


@pytest.fixture
def answered(alice):
    """A question with a card number, asked and answered in English, whose answer failed."""
    started = storage.post(alice, None, f"Why was {CARD} declined?")
    [cause] = storage.post(alice, None, f"And {CARD}?").request.causes
    receipt = Receipt(label="Confidential", label_causes=(cause,), complexity="simple", notice=closing.INTERRUPTED)
    ended = replace(outcome(label=Sensitivity.CONFIDENTIAL), receipt=receipt, error=closing.INTERRUPTED)
    assert closing.close(started, replace(ended, text="", status=Message.Status.INTERRUPTED), [])
    return Conversation.objects.get(id=started.conversation)


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


GERMAN = ("eine Kartennummer in Ihrer Nachricht", "Die Antwort wurde unterbrochen.")
ENGLISH = ("a payment card number in your message", "The answer was interrupted.")


@pytest.mark.parametrize(("language", "seen", "unseen"), [("de", GERMAN, ENGLISH), ("en", ENGLISH, GERMAN)])
def test_a_page_reads_in_the_language_of_its_reader(page, answered, language, seen, unseen):
    address = reverse("chat:conversation", args=[answered.id])
    html = page.get(address, headers={"Accept-Language": language}).content.decode()
    for words in seen:
        assert words in html
    for words in unseen:
        assert words not in html


def test_programs_and_the_rows_of_the_answer_keep_english_beside_the_code(answered):
    reply = answered.messages.replies().get()
    assert reply.error == "The answer was interrupted. What had been written is kept."
    assert reply.receipt["notice"] == reply.error
    assert reply.receipt["sentences"]["notice"] == {"code": "ended.interrupted", "values": {}}
    [cause] = reply.receipt["label_causes"]
    assert cause["words"] == "a payment card number in your message"
    assert cause["sentence"]["values"]["found"] == {"code": "found.payment_card", "values": {"count": 1}}


def test_an_old_row_without_a_code_is_shown_as_it_is(page, answered):
    Conversation.objects.update(label_cause="a card number in your message")
    Message.objects.replies().update(error="It broke.", receipt={"label": "Confidential", "notice": "Cut."})
    address = reverse("chat:conversation", args=[answered.id])
    html = page.get(address, headers={"Accept-Language": "de"}).content.decode()
    for words in ("a card number in your message", "It broke.", "Cut."):
        assert words in html


def test_a_receipt_is_drawn_in_the_language_of_its_reader(answered):
    receipt = Receipt.from_json(answered.messages.replies().get().receipt)
    with translation.override("de"):
        lines = dict(receipt_text.receipt_lines(receipt))
        text = export.markdown(answered.messages.all())
    assert "Vertraulich: eine Kartennummer in Ihrer Nachricht" in lines.values()
    assert "Die Antwort wurde unterbrochen." in text


def test_a_lowered_label_keeps_its_reason_and_loses_it_where_it_may_not_be_read(alice, answered):
    lowered = access.lower_label(alice.pk, answered.id, Sensitivity.INTERNAL, "a card for tests")
    assert lowered.label_cause == "lowered by you: a card for tests"
    change = LabelChange.objects.order_by("id").last()
    with translation.override("de"):
        assert drawn(change.cause) == "von Ihnen gesenkt: a card for tests"
        assert drawn(labels.unquoted(labels.so_far(Sensitivity.INTERNAL, change.cause).words)) == (
            "diese Unterhaltung: von Ihnen gesenkt"
        )


@pytest.mark.parametrize("is_forged", [False, True])
def test_an_imported_file_says_the_same_in_every_language(answered, is_forged):
    row = answered.messages.replies().get().receipt
    cause = row["label_causes"][0]
    cause["words"] = "chosen by you" if is_forged else cause["words"]
    stored = trusted.receipt_of({"receipt": row})
    assert stored["label_causes"][0]["words"] == cause["words"]
    assert ("sentence" in stored["label_causes"][0], "sentences" in stored) == (not is_forged, not is_forged)
    found = trusted.causes_of({"causes": [cause | {"label": "confidential"}]})
    assert [("sentence" in one, one["words"]) for one in found] == [(not is_forged, cause["words"])]
