"""What is sensitive is seen, what only looks like it is not: no miss and no false alarm on the labelled texts."""

import re
from pathlib import Path

import pytest

from langai_site.detectors import FAMILIES, detect
from langai_site.sensitivity import Sensitivity
from tests.detectors.made import card
from tests.detectors.negatives import NEGATIVES
from tests.detectors.positives import POSITIVES

BEFORE, AFTER = "Could you have a look at this, please?\n\n", "\n\nThank you, and best regards."


@pytest.mark.parametrize(("text", "kind"), POSITIVES)
def test_what_a_text_holds_is_seen_and_nothing_else(text, kind):
    assert [detection.kind for detection in detect(text)] == [kind]


@pytest.mark.parametrize(("text", "kind"), POSITIVES)
def test_it_is_seen_within_a_longer_text(text, kind):
    assert [detection.kind for detection in detect(BEFORE + text + AFTER)] == [kind]


@pytest.mark.parametrize("text", NEGATIVES)
def test_what_only_looks_sensitive_raises_nothing(text):
    assert detect(text) == ()
    assert detect(BEFORE + text + AFTER) == ()


@pytest.mark.parametrize(("text", "kind"), POSITIVES)
def test_what_was_seen_is_told_without_repeating_it(text, kind):
    (detection,) = detect(text)
    told = set(re.findall(r"\w{4,}|\d+", detection.words)) - {str(detection.count)}
    secrets = set(re.findall(r"[\w/+-]*\d[\w/+-]*", text))
    assert not told & secrets
    assert detection.label == (Sensitivity.INTERNAL if kind == "email_list" else Sensitivity.CONFIDENTIAL)


def test_every_family_has_its_texts():
    seen = [any(list(family(text)) for text, _ in POSITIVES if text.isascii()) for family in FAMILIES]
    assert all(seen)


def test_several_are_counted_once_each_and_the_highest_label_comes_first():
    numbers = [card(prefix) for prefix in ("4539", "5412", "6011")]
    addresses = " ".join(f"person{number}@example.org" for number in range(12))
    found = detect(f"{addresses}\n{numbers[0]}, {numbers[1]}, {numbers[0]}, {numbers[2]}\nDE89370400440532013000")
    assert [detection.words for detection in found] == [
        "3 payment card numbers",
        "an IBAN",
        "a list of 12 e-mail addresses",
    ]
    assert [detection.count for detection in found] == [3, 1, 12]


def test_the_page_about_labels_names_every_kind():
    page = (Path(__file__).parents[2] / "docs" / "labels.md").read_text()
    named = set(re.findall(r"`([a-z_]+)…?`", page.split("## What admins add")[0]))
    kinds = {re.sub(r"^national_id_..$", "national_id_", kind) for _, kind in POSITIVES}
    assert kinds | {"word", "regex"} <= named
