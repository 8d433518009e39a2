"""Checks whether calls were labelled as their documents were at that time: the second half of the proof.

The chain shows that nobody changed an entry. This shows that an entry was right when it was written.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from langai_site import document_uses
from langai_site.sensitivity import Sensitivity
from langai_site.usage.ledger.verification import CHUNK, LedgerFinding, sent_between
from langai_site.usage.models import UsageEntry

# How far the clocks of two hosts, or the time of a change and that of its commit, may differ.
CLOCKS_APART = timedelta(seconds=2)
RIGHT, TOO_LOW, TOO_CLOSE, UNKNOWN = "right", "too low", "too close", "unknown"


@dataclass
class LabelProof:
    """The result of the comparison.

    `compared` counts the calls whose documents are known, and `findings` names those that were labelled too low.
    The rest cannot be known: `unrecorded` calls were made before LangAI recorded all that they carried, calls
    `with_answers` carried earlier answers, which may quote documents that the entry does not name,
    `without_history` carried a document whose label at that time is not recorded, and for `too_close` a label rose
    within CLOCKS_APART of the call, so it is unknown which came first.
    """

    compared: int = 0
    findings: list[LedgerFinding] = field(default_factory=list)
    unrecorded: int = 0
    with_answers: int = 0
    without_history: int = 0
    too_close: int = 0

    def lines(self) -> Iterator[str]:
        """Yield sentences about what was found and what is not known."""
        too_low = len(self.findings)
        yield _("%(compared)s calls carried passages; %(too_low)s of them were labelled too low for these.") % {
            "compared": intcomma(self.compared),
            "too_low": intcomma(too_low),
        }
        if self.unrecorded:
            yield _("Not known: %(unrecorded)s calls were made before LangAI recorded all that they carry.") % {
                "unrecorded": intcomma(self.unrecorded)
            }
        if self.with_answers:
            yield (
                _(
                    "Not known: %(with_answers)s calls carried earlier answers. Of what these quote only the label "
                    "of their conversation is known."
                )
                % {"with_answers": intcomma(self.with_answers)}
            )
        if self.without_history:
            yield _("Not known: %(without_history)s calls carried a document whose label then was not recorded.") % {
                "without_history": intcomma(self.without_history)
            }
        if self.too_close:
            seconds = int(CLOCKS_APART.total_seconds())
            yield _("Not known: for %(too_close)s calls a label rose within %(seconds)s seconds of the call.") % {
                "too_close": intcomma(self.too_close),
                "seconds": seconds,
            }


def compare_labels(start: datetime | None = None, end: datetime | None = None) -> LabelProof:
    """Compare the label of every call between two times (the second not included) with those of its documents.

    Text that a person or a program wrote has no history: only its entry holds a label. The same
    is true of earlier answers: an admin may have left their conversation low, or its owner lowered it.
    """
    proof, calls = LabelProof(), _calls(start, end)
    proof.unrecorded = calls.filter(Q(sent_at=None) | Q(earlier_answers=None)).count()
    proof.with_answers = calls.filter(earlier_answers__gt=0).count()
    carrying = calls.exclude(documents="").order_by("pk")
    last = 0
    while chunk := list(carrying.filter(pk__gt=last)[:CHUNK]):
        _compare(chunk, proof)
        last = chunk[-1].pk
    return proof


def _calls(start: datetime | None, end: datetime | None) -> QuerySet[UsageEntry]:
    """Return the entries for which something was sent: not for answers from the cache or a built-in model."""
    return sent_between(UsageEntry.objects.filter(cached=False, bytes_sent__gt=0), start, end)


def _compare(entries: Sequence[UsageEntry], proof: LabelProof) -> None:
    history = document_uses.label_history(_documents(entries))
    for entry in entries:
        verdicts = {_verdict(entry, document, history): document for document in _documents([entry])}
        proof.compared += 1
        proof.without_history += UNKNOWN in verdicts
        if TOO_LOW in verdicts:
            proof.findings.append(_finding(entry, verdicts[TOO_LOW]))
        else:
            proof.too_close += TOO_CLOSE in verdicts


def _documents(entries: Iterable[UsageEntry]) -> list[UUID]:
    return [UUID(document) for entry in entries for document in entry.documents.split()]


def _verdict(entry: UsageEntry, document: UUID, history: document_uses.LabelHistory) -> str:
    assert entry.sent_at is not None
    found = history.between(document, entry.sent_at - CLOCKS_APART, entry.sent_at + CLOCKS_APART)
    if found is None:
        return UNKNOWN
    lowest, highest = found
    if lowest > entry.label:
        return TOO_LOW
    return TOO_CLOSE if highest > entry.label else RIGHT


def _finding(entry: UsageEntry, document: UUID) -> LedgerFinding:
    label = Sensitivity(entry.label).label.lower()
    where = "a hosted model" if entry.hosted else "a local model"
    return LedgerFinding(
        entry.pk, f"It was sent to {where} as {label}, but document {document} was labelled higher then."
    )
