"""Keeps verified answers honest: labels rise with their documents, and one expires when a passage changes.

The worker does it, except for labels, which rise in the transaction that raises a document's. Synchronous.
"""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chat.models import VerifiedAnswer, VerifiedCitation, VerifiedNotice
from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity, highest
from search import services as search
from search.access import managed_collections
from search.models import Source
from search.passage_changes import FollowedPassage, State
from search.services import version_texts
from search.services.version_texts import Span

# Citations that are compared in one transaction.
AT_ONCE = 50
Reason = VerifiedAnswer.Reason


def compare(source: Source, earlier: Collection[UUID]) -> None:
    """Compare what verified answers cite of `earlier` versions with the one that is live now."""
    # Databases differ in what a negated look-up in JSON says of null.
    is_new = Q(next__isnull=True) | ~Q(next__source=str(source.pk))
    waiting = VerifiedCitation.objects.filter(is_new, source__in=earlier)
    rows = list(waiting.exclude(answer__state=VerifiedAnswer.State.RETIRED).select_related("answer").order_by("pk"))
    version = version_texts.version_of(source.pk) if rows else None
    for first in range(0, len(rows), AT_ONCE):
        batch = rows[first : first + AT_ONCE]
        assert version is not None
        old = version_texts.texts(map(span_of, batch))
        found = version.follow((old.get(span_of(citation), ""), citation.page) for citation in batch)
        _write(batch, found, source)


def span_of(citation: VerifiedCitation) -> Span:
    """Return the place of a cited passage."""
    return Span(citation.source, citation.page, citation.start, citation.page, citation.end)


@transaction.atomic
def _write(batch: Sequence[VerifiedCitation], found: Sequence[FollowedPassage], source: Source) -> None:
    expired: dict[UUID, Reason] = {}
    for citation, became in zip(batch, found, strict=True):
        place = became.place
        if place is None:
            expired[citation.answer_id] = Reason.GONE
            continue
        # A passage that now runs over to the next page is shown by its beginning.
        end = place.end if place.end_page == place.page else place.start + citation.end - citation.start
        there = {"version": source.version, "page": place.page, "start": place.start, "end": end}
        if became.state in (State.SAME, State.MOVED):
            VerifiedCitation.objects.filter(pk=citation.pk).update(
                source=source.pk, dated=source.added_at.date(), next=None, **there
            )
        else:
            VerifiedCitation.objects.filter(pk=citation.pk).update(next={"source": str(source.pk), **there})
            expired.setdefault(citation.answer_id, Reason.CHANGED)
    for reason in set(expired.values()):
        expire([key for key, why in expired.items() if why == reason], reason)


@transaction.atomic
def expire(answers: Iterable[UUID], reason: Reason) -> None:
    """Stop showing these answers as verified, and tell the owners of their collections."""
    rows = VerifiedAnswer.objects.select_for_update(of=("self",)).select_related("author")
    current = rows.filter(pk__in=list(answers), state=VerifiedAnswer.State.VERIFIED)
    for answer in current:
        answer.state, answer.reason, answer.version = VerifiedAnswer.State.EXPIRED, reason, answer.version + 1
        answer.save(update_fields=["state", "reason", "version"])
        owners = User.objects.filter(is_active=True, owned_collections=answer.collection_id)
        told = set(owners.values_list("pk", flat=True))
        author = answer.author
        if author and managed_collections(author).filter(pk=answer.collection_id).exists():
            told.add(author.pk)
        VerifiedNotice.objects.bulk_create(
            (VerifiedNotice(user_id=user, answer=answer) for user in sorted(told)), ignore_conflicts=True
        )


def expire_due() -> None:
    """Expire the answers whose review date has come, and those that cite a document which is gone or was moved."""
    current = VerifiedAnswer.objects.filter(state=VerifiedAnswer.State.VERIFIED)
    expire(current.filter(review_by__lte=timezone.localdate()).values_list("pk", flat=True), Reason.DUE)
    there = VerifiedAnswer.objects.exclude(state=VerifiedAnswer.State.RETIRED)
    hide_uncovered(there.exclude(pk__in=there.covered()).values_list("pk", flat=True))


@transaction.atomic
def hide_uncovered(answers: Iterable[UUID]) -> None:
    """Let nobody find answers that cite a document which left their collection: it may have other readers now."""
    keys = list(answers)
    expire(keys, Reason.GONE)
    found = Source.objects.live().filter(document__in=keys).values_list("document", flat=True)
    if shown := list(found):
        search.hide(shown)
        # Should the document come back, the answer is found again.
        VerifiedAnswer.objects.filter(pk__in=shown).update(indexed=0)


def follow(document: UUID) -> None:
    """Follow a document that has another label or another collection now, in the transaction that changed it."""
    raise_labels(document)
    citing = VerifiedAnswer.objects.filter(citations__source__in=Source.objects.filter(document=document))
    citing = citing.exclude(state=VerifiedAnswer.State.RETIRED).distinct()
    hide_uncovered(citing.exclude(pk__in=citing.covered()).values_list("pk", flat=True))


def raise_labels(document: UUID) -> None:
    """Raise the label of the verified answers that cite a document to its own, in the transaction that raised that."""
    versions = Source.objects.filter(document=document).select_related("collection")
    labels = {source.pk: source.label for source in versions}
    cited = VerifiedCitation.objects.filter(source__in=labels).select_related("answer")
    raised: dict[UUID, Sensitivity] = {}
    for citation in cited:
        answer, label = citation.answer, labels[citation.source]
        if label > answer.label:
            raised[answer.pk] = highest(label, raised.get(answer.pk, label))
    for key, label in raised.items():
        VerifiedAnswer.objects.filter(pk=key).update(label=label)
        search.relabel(key, title=VerifiedAnswer.objects.get(pk=key).question[:300], sensitivity=label)


def still_cited(sources: Collection[UUID]) -> set[UUID]:
    """Return those of the versions that verified answers cite."""
    return set(VerifiedCitation.objects.filter(source__in=sources).order_by().values_list("source", flat=True))
