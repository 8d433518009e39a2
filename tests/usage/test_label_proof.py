"""The proof compares what a call was labelled with what its documents were labelled at that moment."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from langai_site.sensitivity import Sensitivity
from langai_site.usage.ledger.chain import written_out
from langai_site.usage.ledger.label_proof import compare_labels
from langai_site.usage.ledger.verification import LedgerQuestion, went_out
from langai_site.usage.models import UsageEntry
from search.models import Collection, LabelRecord, Source
from search.services import index
from search.types import PageText, SourceInfo, TextSpan
from tests.usage.conftest import entered
from tests.usage.test_verify_ledger import run  # noqa: F401 - fixture

pytestmark = pytest.mark.django_db

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
NOW = timezone.now()
RAISED, LATER = NOW - timedelta(hours=1), NOW - timedelta(minutes=1)


@pytest.fixture
def document():
    """A document that was public for a day, and has been confidential for an hour."""
    collection = Collection.objects.create(name="Notes", sensitivity=PUBLIC)
    info = SourceInfo(uuid4(), 1, collection.pk, "Notes", "a.txt", "text/plain", PUBLIC)
    index(info, [PageText(1, "Some text.")], [TextSpan("Some text.", 1, 0, 10)])
    LabelRecord.objects.update(since=NOW - timedelta(days=1))
    source = Source.objects.get()
    source.sensitivity = CONFIDENTIAL
    source.save()
    LabelRecord.objects.filter(label=CONFIDENTIAL).update(since=RAISED)
    assert LabelRecord.objects.filter(since=RAISED).count() == 1
    return info.document


def sent(documents, at, label=PUBLIC, **changes):
    ids = tuple(str(document) for document in documents)
    return entered(label=label, hosted=True, bytes_sent=100, documents=ids, sent_at=at, **changes)


def test_a_call_before_the_label_rose_was_right(document):
    sent([document], RAISED - timedelta(minutes=1))
    proof = compare_labels()
    assert (proof.compared, proof.findings) == (1, [])


def test_a_call_after_the_label_rose_was_labelled_too_low(document, run):  # noqa: F811 - the fixture
    row = sent([document], LATER)
    (finding,) = compare_labels().findings
    assert (finding.entry, str(document) in finding.text) == (row.pk, True)
    code, out, _err = run()
    assert code == 1
    assert f"Entry {row.pk}: It was sent to a hosted model as public" in out


def test_a_call_that_was_labelled_as_high_is_right(document):
    sent([document], LATER, CONFIDENTIAL)
    assert compare_labels().findings == []


def test_one_document_of_several_is_enough(document):
    sent([uuid4(), document], LATER)
    proof = compare_labels()
    assert (len(proof.findings), proof.without_history) == (1, 1)


def test_what_happened_at_the_same_moment_is_not_judged(document):
    sent([document], RAISED + timedelta(seconds=1))
    proof = compare_labels()
    assert (proof.findings, proof.too_close) == ([], 1)
    assert any("within 2 seconds" in line for line in proof.lines())


def test_it_says_what_it_cannot_know(document):
    sent([uuid4()], LATER)
    sent([document], NOW - timedelta(days=9))
    entered(label=PUBLIC, hosted=True, bytes_sent=100)
    proof = compare_labels()
    assert (proof.compared, proof.without_history, proof.unrecorded) == (2, 2, 1)
    assert sum("Not known" in line for line in proof.lines()) == 2


def test_it_says_that_it_cannot_judge_what_earlier_answers_quote(document):
    sent([document], RAISED - timedelta(minutes=1), earlier_answers=2)
    sent([document], RAISED - timedelta(minutes=1))
    proof = compare_labels()
    assert (proof.compared, proof.findings, proof.with_answers, proof.unrecorded) == (2, [], 1, 0)
    assert "Not known: 1 calls carried earlier answers." in " ".join(proof.lines())


def test_entries_from_before_earlier_answers_were_counted_say_so_and_keep_their_seals(document):
    row = sent([document], RAISED - timedelta(minutes=1))
    UsageEntry.objects.update(earlier_answers=None)
    assert compare_labels().unrecorded == 1
    row.refresh_from_db()
    assert "earlier_answers" not in written_out(row)


def test_only_the_time_that_is_asked_about_counts(document):
    """By when a call was sent: its entry is written when it has ended, here after the time that is asked about."""
    row = sent([document], LATER)
    UsageEntry.objects.filter(pk=row.pk).update(at=NOW + timedelta(minutes=1))
    just_after = LATER + timedelta(seconds=1)
    assert compare_labels(start=just_after).compared == 0
    assert compare_labels(end=LATER).compared == 0
    assert len(compare_labels(start=LATER, end=just_after).findings) == 1
    asked = {"label": PUBLIC, "hosted": True}
    assert [entry.pk for entry in went_out(LedgerQuestion(LATER, just_after, **asked))] == [row.pk]
    assert not went_out(LedgerQuestion(just_after, **asked)).exists()
    UsageEntry.objects.filter(pk=row.pk).update(at=LATER, sent_at=None)
    assert went_out(LedgerQuestion(LATER, just_after, **asked)).exists()
