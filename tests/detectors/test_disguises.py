"""Other digits, invisible signs and other spaces hide nothing."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from langai_site.detectors import detect
from langai_site.detectors.plain import plain
from langai_site.sensitivity import Sensitivity
from tests.detectors.made import card, groups

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u202a\ufe0f"
SPACES = " \u00a0\u2002\u2007\u2009\u202f\u3000"
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"
ZEROS = (0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10, 0x1D7CE)
PREFIXES = ("4", "51", "2221", "6011", "3530", "62")


@given(
    st.sampled_from(PREFIXES),
    st.sampled_from(ZEROS),
    st.sampled_from(["", *SPACES, *DASHES, "\n", "\r\n", "."]),
    st.text(INVISIBLE, max_size=3),
    st.integers(0, 15),
)
def test_a_card_number_is_seen_however_it_is_written(prefix, zero, sign, invisible, at):
    number = card(prefix)
    written = groups(number, sign=sign) if sign else number
    written = "".join(chr(zero + int(char)) if char.isdigit() else char for char in written)
    written = written[:at] + invisible + written[at:]
    assert [detection.kind for detection in detect(f"Zahlung: {written}, bitte")] == ["payment_card"]


@given(st.text(max_size=300))
def test_the_plain_form_is_a_fixed_point(text):
    assert plain(plain(text)) == plain(text)


@given(st.text(max_size=500))
def test_any_text_at_all_is_read(text):
    for detection in detect(text):
        assert detection.count > 0
        assert detection.words


# Some of these are letters to a pattern and hidden to a reader, also at a word's beginning or end.
@given(st.text("ab1A\u200b\u115f\u1160\u3164\uffa0-. ", max_size=8))
@example("a\u200bb\u115f")
@example("\u115fa\u200bb")
def test_hidden_letters_at_the_end_of_a_word_are_read(text):
    for detection in detect(text):
        assert detection.count > 0


@given(st.lists(st.integers(0, 9999), min_size=7, max_size=200))
def test_a_long_row_of_numbers_is_no_card(numbers):
    """Not even where four neighbours happen to have a card's check digit."""
    row = " ".join(f"{number:04}" for number in [1, *numbers])
    assert not any(detection.kind == "payment_card" for detection in detect(row))


@given(st.sets(st.integers(0, 999_999), min_size=2, max_size=200))
def test_a_list_of_cards_is_told_in_one_line(prefixes):
    numbers = {card(f"4{prefix:06}") for prefix in prefixes}
    (found,) = detect("\n".join(numbers))
    assert (found.words, found.count) == (f"{len(numbers)} payment card numbers", len(numbers))


@pytest.mark.parametrize(
    "written",
    [
        json.dumps({"card": f"Card:\n{groups(card('4'))}"}),
        json.dumps({"a": json.dumps({"card": f"\n{groups(card('4'))}"})}),
        json.dumps(groups(card("4"))).replace("4", "\\u0034", 1),
    ],
)
def test_the_escapes_of_json_conceal_nothing(written):
    assert [found.label for found in detect(written)] == [Sensitivity.CONFIDENTIAL]
    assert detect(json.dumps({"path": "C:\\new\\table", "text": "a\nb"})) == ()
