"""Raises the conversations that quote a document whose label rose: their history carries what it says.

A conversation quotes a document if one of its answers cites it, or if the ledger says that its passages went to a model
for one of its answers. Answers from before the ledger kept that are found by their citations alone.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from chat.models import Citation, Conversation, Message
from chat.services import conversations, labels, publishing
from langai_site.sensitivity import Sensitivity
from langai_site.usage import carried
from langai_site.writer import apart
from search.models import LabelRise
from search.services.label_rises import Labelled, labelled_of

logger = logging.getLogger(__name__)

# Conversations raised in one transaction: few enough not to hold up other writers.
AT_ONCE = 200
EVERY = 1.0
# No turn that was under way when a label rose is expected to end later.
LONGEST_TURN = timedelta(hours=1)
# The words of a cause where the title of the document is not known any more.
UNNAMED = "a document"


def count_quoting(labelled: Labelled) -> int:
    """Return how many conversations have an answer that cites it."""
    return Conversation.objects.filter(_citing(labelled)).count()


def begin(rise: int) -> None:
    """Raise the first conversations in the transaction that raised the document's label."""
    _go_on(LabelRise.objects.get(pk=rise), tell=False)


async def keep_raising() -> None:
    """Go on with what was asked for, and tell the pages that are open. In the web process: it knows them."""
    while True:
        try:
            for conversation in await apart(step):
                await publishing.publish(conversation, {"type": "label.rose"})
        except Exception:
            logger.exception("conversations could not be raised with a label")
        await asyncio.sleep(EVERY)


@transaction.atomic
def step() -> list[UUID]:
    """Do a part of the first rise that is not done; return the conversations whose pages are to be told."""
    undone = LabelRise.objects.filter(done_at=None)
    if connection.features.has_select_for_update_skip_locked:
        undone = undone.select_for_update(skip_locked=True)
    rise = undone.first()
    return _go_on(rise, tell=True) if rise else []


def _go_on(rise: LabelRise, *, tell: bool) -> list[UUID]:
    raised = _raise_citing(rise)
    if len(raised) < AT_ONCE:
        raised += _raise_given(rise)
    rise.raised += len(raised)
    untold = [*map(UUID, rise.untold), *raised]
    rise.untold = [] if tell else [str(conversation) for conversation in untold]
    # It is done only when the pages know it too.
    rise.done_at = rise.done_at if tell else None
    rise.save()
    return untold if tell else []


def _raise_citing(rise: LabelRise) -> list[UUID]:
    labelled = labelled_of(rise)
    found = Conversation.objects.filter(_citing(labelled), label__lt=_label_of(rise))
    return _raise(found, labelled, rise)


def _raise_given(rise: LabelRise) -> list[UUID]:
    """Those whose answers were given its passages and cite none of them. At the ledger's end the rise is done."""
    labelled = labelled_of(rise)
    documents = {row["document"] for row in labelled.document_ids}
    part = carried.conversations_given(documents, after=rise.entries_seen)
    found = Conversation.objects.filter(pk__in=part.conversations, label__lt=_label_of(rise))
    raised = _raise(found, labelled, rise)
    # Whoever did not fit into this step is found by the same part of the ledger again.
    if len(raised) < AT_ONCE:
        rise.entries_seen = part.last_entry
        rise.done_at = timezone.now() if part.is_last else None
    return raised


def catch_up(conversation: UUID, documents: Collection[str]) -> None:
    """Raise a conversation whose answer was under way when a label rose, and was given or cites what it labels.

    In the transaction that closes the answer; `documents` are the ids of what went along with its calls.
    """
    for rise in LabelRise.objects.filter(asked_at__gte=timezone.now() - LONGEST_TURN):
        labelled = labelled_of(rise)
        found = Conversation.objects.filter(pk=conversation, label__lt=_label_of(rise))
        if not {str(row["document"]) for row in labelled.document_ids} & set(documents):
            found = found.filter(_citing(labelled))
        _raise(found, labelled, rise)


def _label_of(rise: LabelRise) -> Sensitivity:
    """What it was raised to, but no more than it has now: an admin may have thought better of it.

    Deleting it is no such second thought: then the label that it had last counts.
    """
    return min(Sensitivity(rise.label), labelled_of(rise).label)


def _citing(labelled: Labelled) -> Q:
    """A condition on conversations, without a join: one that cites a document twenty times is one conversation."""
    replies = Citation.objects.filter(source__in=labelled.source_ids).values("reply")
    return Q(pk__in=Message.objects.filter(pk__in=replies).values("conversation"))


def _raise(found: QuerySet[Conversation], labelled: Labelled, rise: LabelRise) -> list[UUID]:
    """Raise up to AT_ONCE of these conversations, also those that were deleted and can be brought back."""
    rows = list(found.select_related("owner").order_by("pk").select_for_update(of=("self",))[:AT_ONCE])
    label, titles = _label_of(rise), _titles(rows, labelled)
    for conversation in rows:
        cause = labels.passage(titles.get(conversation.pk, UNNAMED), label)
        conversations.raise_label(conversation, [cause])
    Conversation.objects.bulk_update(rows, ["label", "label_cause"])
    _raise_replies(rows, labelled, label)
    return [conversation.pk for conversation in rows]


def _titles(rows: Sequence[Conversation], labelled: Labelled) -> dict[UUID, str]:
    """What the document is called in each conversation that cites it: its owner has read that name there."""
    cited = Citation.objects.filter(reply__conversation__in=rows, source__in=labelled.source_ids)
    return dict(cited.order_by().values_list("reply__conversation", "title"))


def _raise_replies(rows: Iterable[Conversation], labelled: Labelled, label: Sensitivity) -> None:
    cited = Citation.objects.filter(source__in=labelled.source_ids).values("reply")
    Message.objects.filter(conversation__in=rows, pk__in=cited, label__lt=label).update(label=label)
