"""Raises the conversations that quote a document whose label rose: their history carries what it says.

A conversation quotes a document if one of its answers cites it, or was given passages of it. Answers from before LangAI
kept the second are found by their citations alone.

That takes steps. A conversation that is asked something before its step is raised then, by itself.
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
from search.services.label_rises import Labelled, labelled_of

# Conversations raised in one transaction: few enough not to hold up other writers.
AT_ONCE = 200
# No turn that was under way when a label rose is expected to end later.
LONGEST_TURN = timedelta(hours=1)
_UNDONE = CompiledQuery(lambda: LabelRise.objects.filter(done_at=None).order_by().values_list("pk"))


def count_quoting(labelled: Labelled) -> int:
    """Return how many conversations have an answer that cites it or was given passages of it."""
    return Conversation.objects.filter(_quoting(labelled)).count()


def begin(rise: int) -> None:
    """Raise the first conversations in the transaction that raised the document's label."""
    _go_on(LabelRise.objects.get(pk=rise), tell=False)


def is_undone() -> bool:
    """Return whether there is a rise that has not come to all conversations."""
    return bool(_UNDONE.rows())


@transaction.atomic
def step() -> list[UUID]:
    """Do a part of the first rise that is not done; return the conversations whose pages are to be told."""
    undone = LabelRise.objects.filter(done_at=None)
    if connection.features.has_select_for_update_skip_locked:
        undone = undone.select_for_update(skip_locked=True)
    rise = undone.first()
    return _go_on(rise, tell=True) if rise else []


def _go_on(rise: LabelRise, *, tell: bool) -> list[UUID]:
    labelled = labelled_of(rise)
    raised = _raise(Conversation.objects.filter(_quoting(labelled), label__lt=_label_of(rise)), labelled, rise)
    rise.raised += len(raised)
    untold = [*map(UUID, rise.untold), *raised]
    rise.untold = [] if tell else [str(conversation) for conversation in untold]
    # It is done only when the pages know it too.
    rise.done_at = timezone.now() if tell and len(raised) < AT_ONCE else None
    rise.save()
    return untold if tell else []


def catch_up(reply: UUID) -> None:
    """Raise the conversation of an answer that was under way when a label rose, if it quotes what that labels.

    In the transaction that closes the answer. A rise that was over before the answer began is not looked at again: the
    owner may have lowered the label since.
    """
    recent = Q(done_at=None) | Q(done_at__gte=timezone.now() - LONGEST_TURN)
    rises = list(LabelRise.objects.filter(recent))
    if not rises:
        return
    conversation, began = Message.objects.values_list("conversation", "created_at").get(pk=reply)
    for rise in rises:
        if rise.done_at is None or rise.done_at >= began:
            _raise_one(conversation, rise)


def reach(conversation: UUID) -> bool:
    """Raise a conversation that is about to go out, if a rise has not come to it yet. Return whether it was raised.

    Without a rise that is not done, which is the usual case, this costs one query on an empty index.
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


def _quotes(conversation: UUID, labelled: Labelled) -> bool:
    """Return whether this conversation quotes it; the query starts at the conversation, however many quote it."""
    cited = Citation.objects.filter(reply__conversation=conversation).values("source")
    given = GivenDocument.objects.filter(reply__conversation=conversation).values("document")
    return labelled.includes(cited, given)


def _label_of(rise: LabelRise) -> Sensitivity:
    """Return the label it was raised to, but not above its present one: an admin may have lowered it again.

    Deleting it is no such second thought: then the label that it had last counts.
    """
    return min(Sensitivity(rise.label), labelled_of(rise).label)


def _quoting(labelled: Labelled) -> Q:
    """A condition on conversations, without a join: one that cites a document twenty times is one conversation."""
    return Q(pk__in=Message.objects.filter(pk__in=_replies(labelled)).values("conversation"))


def _replies(labelled: Labelled) -> QuerySet[Any, Any]:
    """The ids of the answers that cite it or were given passages of it."""
    citing = Citation.objects.filter(source__in=labelled.source_ids).order_by().values("reply")
    return citing.union(GivenDocument.objects.filter(document__in=labelled.document_ids).values("reply"))


def _raise(found: QuerySet[Conversation], labelled: Labelled, rise: LabelRise) -> list[UUID]:
    """Raise up to AT_ONCE of these conversations, also those that were deleted and can be brought back."""
    rows = list(found.select_related("owner").order_by("pk").select_for_update(of=("self",))[:AT_ONCE])
    label, titles = _label_of(rise), _titles(rows, labelled)
    for conversation in rows:
        cause = labels.passage(titles.get(conversation.pk, labels.UNNAMED), label)
        access.raise_label(conversation, [cause])
    Conversation.objects.bulk_update(rows, ["label", "label_cause"])
    _raise_replies(rows, labelled, label)
    return [conversation.pk for conversation in rows]


def _titles(rows: Sequence[Conversation], labelled: Labelled) -> dict[UUID, str]:
    """What the document is called in each conversation that cites it: its owner has read that name there."""
    cited = Citation.objects.filter(reply__conversation__in=rows, source__in=labelled.source_ids)
    return dict(cited.order_by().values_list("reply__conversation", "title"))


def _raise_replies(rows: Iterable[Conversation], labelled: Labelled, label: Sensitivity) -> None:
    replies = Message.objects.filter(conversation__in=rows, pk__in=_replies(labelled), label__lt=label)
    replies.update(label=label)
