"""The detectors see whatever a model gets to see: what a prompt leaves out hides nothing from them."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.api import stateless
from chat.models import Message
from chat.turns import storage
from chat.turns.control_tokens import neutralised, visible
from langai_site.database.writer import in_database_thread
from langai_site.detectors import detect
from langai_site.detectors.plain import plain
from langai_site.errors import LangAIError
from langai_site.sensitivity import Sensitivity
from tests.chat.test_changes_during_a_turn import HOSTED, ended, house  # noqa: F401 - a fixture

ALL = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
IBAN = "DE89 3704 0044 0532 0130 00"
# One of each kind that prompts leave out or change, and what may stay beside letters of its script or emoji.
LEFT_OUT = (
    "\0\x01\x0b\x1c\x7f\x85\u00ad\u034f\u061c\u115f\u180b\u200b\u200c\u200d\u200e\u2028\u2065\u2066\u3164\ufe0f"
    "\ufeff\ufff0\ufff9\ufffd\U00013430\U0001bca0\U0001d173\U000e0041\U000e0100\U000e0fff\ud83d\ude00"
)
PARTS = [*LEFT_OUT, IBAN, "DE89", "AKIA", "12", "x", "ा", "می", "한", "❤", " ", "<|"]


def test_whatever_a_prompt_leaves_out_or_changes_the_detectors_read_alike():
    """Over all of Unicode: between dots, nothing stands beside a script or an emoji that needs it."""
    changed = set(ALL) - set(visible(".".join(["", *ALL, ""])))
    assert len(changed) > 4_000
    assert [hex(ord(char)) for char in changed if plain(visible(f".{char}.")) != plain(f".{char}.")] == []


def test_every_format_character_and_control_is_hidden_or_can_be_seen():
    """Notices those of a later Unicode version. The rest is signs before numbers, and white space."""
    seen = {char for char in ALL if unicodedata.category(char) in ("Cf", "Cc") and visible(f".{char}.") != ".."}
    numbers = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    assert seen == {*numbers, *"\t\n\r", "\0", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85"}


@pytest.mark.parametrize("hidden", LEFT_OUT, ids=ascii)
def test_a_number_and_a_key_are_seen_through_each_hidden_character(hidden):
    key = f"AKIA{'IOSFODNN7EXAMPLZ'[:8]}{hidden}{'IOSFODNN7EXAMPLZ'[8:]}"
    if hidden in "\x0b\x1c\x85\u2028":
        key = ""
    kinds = {found.kind for found in detect(f"Pay to DE89 3704{hidden} 0044 0532 0130 00, key {key}.")}
    assert kinds == ({"iban", "aws_key"} if key else {"iban"})


@pytest.mark.parametrize("hidden", "\x01\u200b\u200e\u2060\u2066\ufeff\U000e0041", ids=ascii)
def test_a_hidden_character_that_separates_a_word_from_a_number_does_not_hide_the_number(hidden):
    assert {found.kind for found in detect(f"account{hidden}{IBAN}{hidden}please")} == {"iban"}
    (found,) = detect(f"{IBAN}, account{hidden}AT61 1904 3002 3457 3201")
    assert found.count == 2


@pytest.mark.parametrize("hidden", "\x01\u200b\u200e\u2060\u2066\ufeff\U000e0041", ids=ascii)
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x|4111 1111 1|111 1111", "payment_card"),
        ("see:|x|4111 1111 1|111 1111", "payment_card"),
        ("a|AKIAIOSF|ODNN7EXAMPLZ", "aws_key"),
        (f"x|{IBAN[:-1]}|0", "iban"),
        ("my|card|4111|1111111|11111", "payment_card"),
        ("card|4111|111111111111|please|pay", "payment_card"),
        ("nr1|2|card|4111|111111111111", "payment_card"),
        ("my|key|AKIAIOSF|ODNN7EXAMPLZ|is|it", "aws_key"),
    ],
)
def test_hidden_characters_both_before_a_number_and_in_it_do_not_hide_it(text, kind, hidden):
    assert {found.kind for found in detect(text.replace("|", hidden))} == {kind}
    assert {found.kind for found in detect(text.replace("|", f"\u00ad{hidden}\u200d"))} == {kind}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PARTS)).map("".join))
def test_what_is_seen_in_a_prompt_was_seen_in_the_text(text):
    before = {found.kind: found.count for found in detect(text)}
    for found in detect(neutralised(text)):
        assert before[found.kind] >= found.count
    assert plain(plain(text)) == plain(text)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hidden", ["\x7f", "\u2065", "\U000e0100"], ids=ascii)
async def test_a_number_with_a_hidden_character_does_not_reach_a_model_elsewhere(house, hidden):  # noqa: F811
    text = IBAN.replace("3704", f"3704{hidden}")
    reply = await ended(await in_database_thread(storage.post, house.person, None, text, HOSTED, collections=["none"]))
    assert reply.status == Message.Status.FAILED
    question = await in_database_thread(lambda: Message.objects.get(role="user"))
    assert question.label == Sensitivity.CONFIDENTIAL
    with pytest.raises(LangAIError):
        async for _ in stateless.answer(house.person, stateless.StatelessRequest(text, model=HOSTED)):
            pass
    assert house.asked == []
