"""Compares what answers cite with the versions that replaced the cited ones. The worker does it, in steps.

An answer keeps what it cites: what is stored is only what became of the passage. Synchronous.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from chat.conversations.label_rises import LONGEST_TURN
from chat.models import ChangeNotice, Citation, Message, PassageChange, Replacement, Share
from chat.models.keeping import Keeping
from chat.verified import following
from search.models import Source
from search.passage_changes import FollowedPassage, NextVersion
from search.services import version_texts
from search.services.version_texts import Span

# Citations that are compared and written in one transaction.
AT_ONCE = 50
# People get a notice if they asked within this time, or pinned the conversation, or share the answer by a link.
TOLD_WITHIN = timedelta(days=30)
_PLACE = ("source", "version", "state", "page", "start", "end_page", "end")


def begin(source: UUID) -> None:
    """Have the worker compare what answers cite of the earlier versions with this one, which has just gone live."""
    Replacement.objects.get_or_create(source=source)


def compare() -> None:
    """Compare what answers cite, for every replacement that waits.

    A second time after the longest turn: an answer that was running may have cited the version before.
    """
    late = Q(created_at__lt=timezone.now() - LONGEST_TURN)
    for row in Replacement.objects.filter(late | Q(compared_at=None), done_at=None):
        _compare_one(row)
        now = timezone.now()
        is_late = row.created_at < now - LONGEST_TURN
        Replacement.objects.filter(pk=row.pk).update(compared_at=now, done_at=now if is_late else None)


def _compare_one(row: Replacement) -> None:
    source = version_texts.live_version(row.source)
    if source is None:
        # A newer version has replaced this one, or the document was deleted.
        return
    earlier = version_texts.replaced_by(source)
    following.compare(source, earlier)
    waiting = _uncompared(earlier, source)
    version: NextVersion | None = None
    while batch := list(waiting[:AT_ONCE]):
        version = version or version_texts.version_of(source.pk)
        _write(batch, source, version)


def _uncompared(earlier: Collection[UUID], source: Source) -> QuerySet[Citation]:
    cited = Citation.objects.filter(source__in=earlier).exclude(change__source=source.pk)
    return cited.select_related("reply__conversation").order_by("pk")


def _write(batch: Sequence[Citation], source: Source, version: NextVersion) -> None:
    old = version_texts.texts(map(span_of, batch))
    followed = version.follow((old.get(span_of(citation), ""), citation.page) for citation in batch)
    changes = [_change(citation, found, source) for citation, found in zip(batch, followed, strict=True)]
    shared = _shared({citation.reply.conversation_id for citation in batch})
    with transaction.atomic():
        PassageChange.objects.bulk_create(
            changes, update_conflicts=True, unique_fields=["citation"], update_fields=_PLACE
        )
        replies = {change.citation.reply for change in changes if change.matters}
        told = [reply for reply in replies if _is_told(reply, is_shared=str(reply.pk) in shared)]
        ChangeNotice.objects.bulk_create(
            (ChangeNotice(user_id=reply.conversation.owner_id, reply=reply, source=source.pk) for reply in told),
            ignore_conflicts=True,
        )


def span_of(citation: Citation) -> Span:
    """Return the place of a cited passage."""
    return Span(citation.source, citation.page, citation.start, citation.page, citation.end)


def _change(citation: Citation, found: FollowedPassage, source: Source) -> PassageChange:
    place = found.place
    at = {"page": place.page, "start": place.start, "end_page": place.end_page, "end": place.end} if place else {}
    return PassageChange(citation=citation, source=source.pk, version=source.version, state=found.state.value, **at)


def _shared(conversations: Collection[UUID]) -> set[str]:
    """Return the ids of the messages in these conversations that somebody can open by a link."""
    snapshots = Share.objects.open().filter(conversation__in=conversations).values_list("snapshot", flat=True)
    return {str(message["id"]) for snapshot in snapshots for message in snapshot}


def _is_told(reply: Message, *, is_shared: bool) -> bool:
    conversation = reply.conversation
    if reply.deleted_at or conversation.deleted_at or conversation.keeping != Keeping.KEPT:
        return False
    return is_shared or bool(conversation.pinned_at) or reply.created_at > timezone.now() - TOLD_WITHIN


def answers_citing(documents: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many answers cite each of `documents`, ids or a query of them, in any version; not cited: left out."""
    versions = version_texts.versions_of(documents)
    of_them = Source.objects.filter(document__in=documents).values("pk")
    kept = Citation.objects.filter(source__in=of_them, reply__deleted_at=None, reply__conversation__deleted_at=None)
    counts: dict[UUID, int] = {}
    for source, answers in kept.order_by().values_list("source").annotate(Count("reply", distinct=True)):
        document = versions[source]
        counts[document] = counts.get(document, 0) + answers
    return counts
