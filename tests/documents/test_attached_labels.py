"""The label of an attached file: by all of its text, however long that is."""

import pytest

from documents import attached
from documents.extraction.types import Extracted, ExtractedPage
from langai_site.sensitivity import Sensitivity

pytestmark = pytest.mark.django_db
CARD = "4111 1111 1111 1111"


def pages(*texts):
    return Extracted("", tuple(map(ExtractedPage, texts)))


@pytest.fixture(autouse=True)
def labels(settings):
    settings.UNREADABLE_LABEL, settings.DEFAULT_SENSITIVITY = "internal", "public"


@pytest.mark.parametrize("before", range(attached.SCANNED_AT_ONCE - 22, attached.SCANNED_AT_ONCE + 3, 6))
def test_what_is_secret_is_found_wherever_the_parts_of_a_long_text_end(before):
    text = f"{'oil ' * (before // 4)}{' ' * (before % 4)} {CARD} {'oil ' * 1000}"
    assert attached.label_of(pages(text)) == Sensitivity.CONFIDENTIAL


def test_pages_are_scanned_together_and_none_twice_as_a_whole(monkeypatch):
    scanned = []
    monkeypatch.setattr(attached.detectors, "scan", lambda text: scanned.append(text) or ())
    texts = [f"{number:04} {'oil ' * 12_000}" for number in range(40)]
    assert attached.label_of(pages("", *texts, " ")) == Sensitivity.PUBLIC
    assert max(map(len, scanned)) <= attached.SCANNED_AT_ONCE
    assert sum(map(len, scanned)) < sum(map(len, texts)) * 1.1
    for number in range(40):
        assert any(f"{number:04}" in part for part in scanned)
    assert attached.label_of(pages("", " \n ")) == Sensitivity.INTERNAL


def test_a_stop_ends_the_scanning_of_a_long_text():
    parts = iter([None, None])
    with pytest.raises(StopIteration):
        attached.label_of(pages("oil " * attached.SCANNED_AT_ONCE), watch=lambda: next(parts))
