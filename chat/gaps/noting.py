"""Notes that a question was not answered well, without a word of it. Synchronous."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from chat.grounding.checking import SentenceCheck
from chat.grounding.deciding import SentenceVerdict
from chat.models import Citation, Feedback, GapQuestion
from chat.models.feedback import Reason
from chat.models.keeping import Keeping
from search.models import Source
from search.questions.queries import needs_no_search

# What can be wrong with an answer that says something of the documents; tone and length do not.
ABOUT_DOCUMENTS = (Reason.WRONG, Reason.INCOMPLETE, Reason.NOT_FROM_DOCUMENTS, Reason.UNSUPPORTED, Reason.OUTDATED)
# Opinions that are looked at again: people can take one back.
RECENT = timedelta(days=7)
Kind = GapQuestion.Kind


def note_nothing(reply: UUID, question: str, history: Sequence[str], collections: Sequence[int]) -> None:
    """Note that nothing was found for a question. Small talk needs no documents, so it is left out."""
    if settings.KNOWLEDGE_GAPS and collections and not needs_no_search(question, history):
        _note(reply, Kind.NOTHING, collections)


def note_checked(reply: UUID, checks: Iterable[SentenceCheck], sources: Iterable[UUID]) -> None:
    """Note an answer of which a cited source says otherwise."""
    if settings.KNOWLEDGE_GAPS and any(check.verdict == SentenceVerdict.OTHERWISE for check in checks):
        _note(reply, Kind.UNSUPPORTED, _collections(sources))


def note_wrong() -> None:
    """Note the answers that people marked as wrong, and forget those of which they no longer say so."""
    marked = GapQuestion.objects.filter(kind=Kind.WRONG, found_at=None, created_at__gte=timezone.now() - RECENT)
    marked.filter(Q(reply__feedback=None) | Q(reply__feedback__good=True)).delete()
    if not settings.KNOWLEDGE_GAPS:
        return
    bad = Feedback.objects.filter(good=False, at__gte=timezone.now() - RECENT, reply__gap_question=None)
    bad = bad.filter(reply__deleted_at=None, reply__conversation__keeping=Keeping.KEPT)
    # Only what is cited says whose documents an answer is about.
    for feedback in bad.filter(Exists(Citation.objects.filter(reply=OuterRef("reply")))):
        if not feedback.reasons or set(feedback.reasons) & set(ABOUT_DOCUMENTS):
            cited = Citation.objects.filter(reply=feedback.reply_id).values_list("source", flat=True)
            _note(feedback.reply_id, Kind.WRONG, _collections(cited))


def _collections(sources: Iterable[UUID]) -> list[int]:
    found = Source.objects.filter(pk__in=set(sources)).order_by().values_list("collection", flat=True)
    return sorted(set(found))


def _note(reply: UUID, kind: Kind, collections: Sequence[int]) -> None:
    if collections:
        GapQuestion.objects.get_or_create(reply_id=reply, defaults={"kind": kind, "collections": list(collections)})
