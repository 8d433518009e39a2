"""What owners of a collection see of its knowledge gaps, and what people are told about their own. Synchronous."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.gaps import clustering
from chat.gaps.clustering import MOST_PRIVATE
from chat.models import GapQuestion, KnowledgeGap
from chat.verified.access import access_owned_collection, owned_collections
from langai_site.accounts.models import User
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.errors import NotFoundError
from search.models import Collection

GONE = gettext_noop("This knowledge gap is closed, or it belongs to a collection that you do not own.")
# Groups on a page, and notices that are read at once.
SHOWN, MOST_NOTICES = 100, 50
_FOUND = CompiledQuery(
    lambda user: (
        GapQuestion.objects.filter(found_at__isnull=False, seen_at=None, reply__conversation__owner=user)
        .order_by("-found_at")
        .values_list("reply")[:MOST_NOTICES]
    ),
    user=-982451653,
)


@dataclass(frozen=True)
class ShownGap:
    """A group as owners of one collection see it. Without words, the people used different ones."""

    id: int
    people: int
    questions: int
    kinds: Sequence[tuple[str, int]]
    last: date
    words: Sequence[str] = ()
    is_waiting: bool = False


@dataclass
class CollectionGaps:
    """The gaps of a collection: groups of enough people, and how many questions are in smaller groups."""

    collection: Collection
    groups: list[ShownGap] = field(default_factory=list)
    others: int = 0


def of_collection(user: User, collection_id: int) -> CollectionGaps:
    """Return the open gaps of a collection to its owner, those of most people first. Raises NotFoundError."""
    collection = access_owned_collection(user, collection_id)
    found = CollectionGaps(collection)
    gaps = _open(collection_id)
    now = clustering.shown_now(gaps, collection_id)
    for gap in gaps:
        seen = now[gap.pk]
        if seen["people"] < MOST_PRIVATE:
            found.others += seen["questions"]
            continue
        kinds = [(str(GapQuestion.Kind(kind).label), count) for kind, count in sorted(seen["kinds"].items())]
        last = date.fromisoformat(seen["last"])
        found.groups.append(
            ShownGap(gap.pk, seen["people"], seen["questions"], kinds, last, seen["words"], gap.test_requested)
        )
    found.groups = sorted(found.groups, key=lambda gap: (-gap.people, -gap.questions))[:SHOWN]
    return found


def _open(collection_id: int) -> list[KnowledgeGap]:
    gaps = KnowledgeGap.objects.filter(closed_at=None, shown__has_key=str(collection_id))
    return [gap for gap in gaps if collection_id not in gap.dismissed]


@transaction.atomic
def request_test(user: User, collection_id: int, gap_id: int) -> None:
    """Have the worker test a group again. Raises NotFoundError."""
    gap = _access(user, collection_id, gap_id)
    gap.test_requested = True
    gap.save(update_fields=["test_requested"])


@transaction.atomic
def dismiss(user: User, collection_id: int, gap_id: int) -> None:
    """Put a group aside for the owners of one collection. Raises NotFoundError."""
    gap = _access(user, collection_id, gap_id)
    gap.dismissed = sorted({*gap.dismissed, collection_id})
    gap.save(update_fields=["dismissed"])


def _access(user: User, collection_id: int, gap_id: int) -> KnowledgeGap:
    """Return a group that the person can see on its page, locked."""
    rows = KnowledgeGap.objects.select_for_update().filter(pk=gap_id, closed_at=None)
    gap = rows.filter(shown__has_key=str(collection_id)).first()
    is_owner = owned_collections(user).filter(pk=collection_id).exists()
    if gap is None or not is_owner or gap.shown[str(collection_id)]["people"] < MOST_PRIVATE:
        raise NotFoundError(_(GONE))
    return gap


def found_for(user: User) -> list[GapQuestion]:
    """Return the person's own questions for which a later search found something, unless they know."""
    ids: list[UUID] = [reply for (reply,) in _FOUND.rows(user=user.pk)]
    if not ids:
        return []
    rows = GapQuestion.objects.there().filter(pk__in=ids, reply__conversation__owner=user)
    return list(rows.select_related("reply__parent", "reply__conversation"))


def mark_seen(user: User) -> None:
    """Remember that the person was told."""
    mine = GapQuestion.objects.filter(found_at__isnull=False, seen_at=None, reply__conversation__owner=user)
    mine.update(seen_at=timezone.now())
