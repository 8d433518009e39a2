"""Titles: the beginning of the first message, without what detectors call sensitive."""

from functools import partial

import pytest

from chat.conversations.titles import UNTOLD, title_of
from chat.models import Conversation
from chat.turns import storage
from langai_site.detectors import DetectorRule, detect
from langai_site.sensitivity import Sensitivity
from tests.detectors import made

CARD = "4111 1111 1111 1111"
NUMBER = "[payment card number]"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("word " * 30, "word " * 11 + "word…"),
        ("\n\n  What is  this?\nIt is long.", "What is this?"),
        (f"Why was {CARD} declined?", f"Why was {NUMBER} declined?"),
        (f"Why was {CARD.replace(' ', '')} declined?", f"Why was {NUMBER} declined?"),
        (f"Card {CARD}, and 5555 5555 5555 4444 too", f"Card {NUMBER} and {NUMBER} too"),
        (
            f"A question that is so long that it is cut in the number {CARD}",
            "A question that is so long that it is cut in the number…",
        ),
        ("为什么我的卡4111111111111111被拒绝了", f"为什么我的卡{NUMBER}被拒绝了"),
        ("Why was 4111\u200b 1111 1111 1111 declined?", f"Why was {NUMBER} declined?"),
        ("4111 1111\n1111 1111 was declined", f"{NUMBER} was declined"),
        ("Is DE89 3704 0044 0532 0130 00 right?", "Is [IBAN] right?"),
    ],
)
def test_what_is_sensitive_is_masked(text, title):
    assert title_of(text, detect) == title


@pytest.mark.parametrize(
    "secret", [made.pem(), made.pem(end=" "), made.jwt(), "ghp_" + made.signs(36), "password: " + made.signs(14)]
)
def test_no_secret_stands_in_a_title(secret):
    title = title_of(f"Does {secret} still work?", detect)
    assert title.startswith("Does [")
    assert secret[-12:-2] not in title
    assert not secret[40:50] or secret[40:50] not in title


def test_rules_of_admins_count_too():
    rule = DetectorRule("Projects", "word", "Falcon", Sensitivity.INTERNAL)
    title = title_of("When does Falcon start?", partial(detect, rules_=[rule]))
    assert title == "When does [sensitive] start?"


def test_what_cannot_be_masked_is_not_told():
    everything = partial(detect, rules_=[DetectorRule("All", "regex", "[^ ]", Sensitivity.INTERNAL)])
    assert title_of("How are you?", everything) == UNTOLD


def test_a_clean_message_is_scanned_once():
    texts = []
    assert title_of("How are you?", lambda text: texts.append(text) or ()) == "How are you?"
    assert len(texts) == 1


def test_a_conversation_gets_such_a_title(alice):
    storage.post(alice, None, f"Why was {CARD} declined?")
    assert Conversation.objects.get().title == f"Why was {NUMBER} declined?"
