"""Raises the conversations that quote a document or collection whose label rose: their history contains its text.

A conversation quotes a document if one of its answers cites it or was given passages of it. Answers from before LangAI
recorded the latter are found by their citations alone.

This happens in steps. A conversation that is used before its step is raised at that moment.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from chat.conversations import access, labels
from chat.models import Citation, Conversation, GivenDocument, Message
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.sensitivity import Sensitivity
from search.models import LabelRise
from search.services.label_rises import RelabelTarget, labelled_of

# Conversations raised in one transaction: few enough not to hold up other writers.
AT_ONCE = 200
# Every turn that was running when a label rose is expected to end within this time.
LONGEST_TURN = timedelta(hours=1)
_UNDONE = CompiledQuery(lambda: LabelRise.objects.filter(done_at=None).order_by().values_list("pk"))


def count_quoting(labelled: RelabelTarget) -> int:
    """Return how many conversations have an answer that cites the target or was given passages of it."""
    return Conversation.objects.filter(_quoting(labelled)).count()


def begin(rise: int) -> None:
    """Raise the first conversations in the transaction that raised the label."""
    _continue_rise(LabelRise.objects.get(pk=rise), tell=False)


def is_undone() -> bool:
    """Return whether there is a rise that has not reached all conversations."""
    return bool(_UNDONE.rows())


@transaction.atomic
def step() -> list[UUID]:
    """Do one step of the first rise that is not done; return the conversations whose pages must be told."""
    undone = LabelRise.objects.filter(done_at=None)
    if connection.features.has_select_for_update_skip_locked:
        undone = undone.select_for_update(skip_locked=True)
    rise = undone.first()
    return _continue_rise(rise, tell=True) if rise else []


def _continue_rise(rise: LabelRise, *, tell: bool) -> list[UUID]:
    labelled = labelled_of(rise)
    raised = _raise(Conversation.objects.filter(_quoting(labelled), label__lt=_label_of(rise)), labelled, rise)
    rise.raised += len(raised)
    untold = [*map(UUID, rise.untold), *raised]
    rise.untold = [] if tell else [str(conversation) for conversation in untold]
    # The rise is done only when the pages know it too.
    rise.done_at = timezone.now() if tell and len(raised) < AT_ONCE else None
    rise.save()
    return untold if tell else []


def catch_up(reply: UUID) -> None:
    """Raise the conversation of an answer that was running when a label rose, if it quotes the target.

    Call it in the transaction that closes the answer. A rise that was done before the answer began is not considered
    again: the owner may have lowered the label since.
    """
    recent = Q(done_at=None) | Q(done_at__gte=timezone.now() - LONGEST_TURN)
    rises = list(LabelRise.objects.filter(recent))
    if not rises:
        return
    conversation, began = Message.objects.values_list("conversation", "created_at").get(pk=reply)
    for rise in rises:
        if rise.done_at is None or rise.done_at >= began:
            _raise_one(conversation, rise)


def catch_up_copy(conversation: UUID) -> None:
    """Raise a conversation that was copied while a label rose: the rise may have counted the original alone.

    Call it at the end of the transaction that copies.
    """
    recent = Q(done_at=None) | Q(done_at__gte=timezone.now() - LONGEST_TURN)
    for rise in LabelRise.objects.filter(recent):
        _raise_one(conversation, rise)


def reach(conversation: UUID) -> bool:
    """Raise a conversation that is about to be sent, if a rise has not reached it yet. Return whether it was raised.

    If no rise is pending, as usual, this costs one query on an empty index.
    """
    if not is_undone():
        return False
    with transaction.atomic():
        raised = [_raise_one(conversation, rise) for rise in LabelRise.objects.filter(done_at=None)]
    return any(raised)


def _raise_one(conversation: UUID, rise: LabelRise) -> bool:
    labelled = labelled_of(rise)
    if not _quotes(conversation, labelled):
        return False
    return bool(_raise(Conversation.objects.filter(pk=conversation, label__lt=_label_of(rise)), labelled, rise))


def _quotes(conversation: UUID, labelled: RelabelTarget) -> bool:
    """Return whether this conversation quotes the target; the query starts from the conversation, so it is cheap."""
    cited = Citation.objects.filter(reply__conversation=conversation).values("source")
    given = GivenDocument.objects.filter(reply__conversation=conversation).values("document")
    return labelled.includes(cited, given)


def _label_of(rise: LabelRise) -> Sensitivity:
    """Return the label of the rise, but not above the target's present label: an admin may have lowered it again.

    If the target was deleted, its last label counts.
    """
    return min(Sensitivity(rise.label), labelled_of(rise).label)


def _quoting(labelled: RelabelTarget) -> Q:
    """Return a condition on conversations, without a join, so that each conversation is counted once."""
    return Q(pk__in=Message.objects.filter(pk__in=_replies(labelled)).values("conversation"))


def _replies(labelled: RelabelTarget) -> QuerySet[Any, Any]:
    """Return the ids of the answers that cite the target or were given passages of it."""
    citing = Citation.objects.filter(source__in=labelled.source_ids).order_by().values("reply")
    return citing.union(GivenDocument.objects.filter(document__in=labelled.document_ids).values("reply"))


def _raise(found: QuerySet[Conversation], labelled: RelabelTarget, rise: LabelRise) -> list[UUID]:
    """Raise up to AT_ONCE of these conversations, including deleted ones that can be restored."""
    rows = list(found.select_related("owner").order_by("pk").select_for_update(of=("self",))[:AT_ONCE])
    label, titles = _label_of(rise), _titles(rows, labelled)
    for conversation in rows:
        cause = labels.passage(titles.get(conversation.pk, labels.UNNAMED), label)
        access.raise_label(conversation, [cause])
    Conversation.objects.bulk_update(rows, ["label", "label_cause"])
    _raise_replies(rows, labelled, label)
    return [conversation.pk for conversation in rows]


def _titles(rows: Sequence[Conversation], labelled: RelabelTarget) -> dict[UUID, str]:
    """Return the document's title in each conversation that cites it: its owner has read that title there."""
    cited = Citation.objects.filter(reply__conversation__in=rows, source__in=labelled.source_ids)
    return dict(cited.order_by().values_list("reply__conversation", "title"))


def _raise_replies(rows: Iterable[Conversation], labelled: RelabelTarget, label: Sensitivity) -> None:
    replies = Message.objects.filter(conversation__in=rows, pk__in=_replies(labelled), label__lt=label)
    replies.update(label=label)
