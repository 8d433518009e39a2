"""The receipt as rows store it: what is written reads the same, and what earlier versions wrote can be read."""

from dataclasses import fields

import pytest

from chat.pages.receipt_text import receipt_lines
from chat.routing import past_turns
from chat.turns.receipt import EMPTY, Receipt
from tests.chat.factories import routed

ENDED = {
    "input_tokens": 9_876,
    "output_tokens": 54,
    "estimated": False,
    "cost": "0.0123",
    "first_token_ms": 321,
    "duration_ms": 4_500,
}
CACHED = {"cached": True, "saved": "0E-9"}
PLACED = {"model": "The Big One", "hosted": True, "route": "you chose it", "rejected": []}
WEIGHED = {
    "label": "Internal",
    "label_causes": [{"label": 10, "words": "a passage from “Salaries”"}],
    "complexity": "complex",
    "complexity_causes": [],
    "passages": 3,
    "notice": "",
}
REJECTED = [{"model": "openai/small", "why": "may not see internal text"}]
ROUTED = {"model": "The Big One", "name": "big", "route": "auto", "rule": "", "policy": None, "rejected": REJECTED}
THOUGHT = {"reasoning_tokens": 21}
LAST = {
    "request": routed(prompt_tokens=12_345).written(),
    "unverified": ["“so”"],
    "asked": None,
    "failures": ["m: rejected: 400"],
    "length": "shorter",
    "sent": True,
    "offers": [{"model": "openai/small", "name": "Small", "max_tokens": 500}],
    "instructions_tokens": 12,
    "files": ["report.pdf: whole, 3 pages"],
    "checks": [
        {
            "sentence": "It is 30 [1].",
            "verdict": "says_otherwise",
            "numbers": [1],
            "words": ["30"],
            "conflicts": [["figure", "30", "25", 1]],
        }
    ],
    "verified": {"answer": "00000000-0000-0000-0000-000000000001", "version": 2, "name": "Ana", "day": "2026-11-30"},
}

# Every key, in the order in which rows have them.
OF_TODAY = {
    "reasoning_tokens": 21,
    **ENDED,
    **CACHED,
    **WEIGHED,
    "folder": "Contracts",
    "folder_tokens": 12,
    "assistant": "⚓ Harbour",
    "assistant_version": 3,
    "assistant_tokens": 31,
    **ROUTED,
    "hosted": True,
    "answer_limit": "At most 1,200 tokens.",
    **LAST,
}
OF_TODAY = {name: OF_TODAY[name] for known in fields(Receipt) if (name := known.name) in OF_TODAY}


@pytest.mark.parametrize(
    "row",
    [
        {},
        OF_TODAY | {"price": "41"},
        OF_TODAY | {"price": "", "cost": None, "saved": None, "first_token_ms": None, "asked": [], "policy": 4},
        {**ENDED, "price": "", **CACHED, "rejected": [], "unverified": [], "asked": ["Handbook"]},
        {**ENDED, "price": "", **CACHED, **WEIGHED, "rejected": REJECTED, **LAST},
        {**ENDED, "price": "", **CACHED, **WEIGHED, **ROUTED, "hosted": False, "asked": None},
    ],
    ids=["still written", "answered", "unpriced", "failed early", "refused", "kept in no conversation"],
)
def test_a_receipt_of_today_is_stored_as_it_was_read(row):
    assert Receipt.from_json(row).to_json() == row


def test_the_keys_are_stored_in_one_order():
    assert list(Receipt.from_json(OF_TODAY).to_json()) == [known.name for known in fields(Receipt)]


@pytest.mark.parametrize(
    "row",
    [
        ENDED,
        ENDED | PLACED | {"label": "Public", "passages": 0, "notice": ""},
        ENDED | WEIGHED | {"rejected": []},
        ENDED | WEIGHED | ROUTED | {"asked": ["Handbook"], "from_a_later_version": 1},
        dict.fromkeys(OF_TODAY) | {"label": "Internal", "request": {}},
    ],
)
def test_a_receipt_of_an_earlier_version_can_be_read_and_shown(row):
    receipt = Receipt.from_json(row)
    assert receipt.label == row.get("label", "")
    assert receipt.model == (row.get("model") or "")
    assert bool(receipt_lines(receipt)) == bool(receipt.label)


def test_a_row_without_a_receipt_is_empty():
    assert Receipt.from_json(None) == Receipt.from_json({}) == EMPTY


def test_the_lab_asks_the_database_for_keys_that_receipts_have():
    keys = {getattr(column, "key_name", str(column).removeprefix("receipt__")) for column in past_turns.COLUMNS[3:]}
    assert keys == {"request", "name", "hosted", "input_tokens", "output_tokens", "cached"}
    assert keys <= {known.name for known in fields(Receipt)}
