"""Tells owners which verified answers they have to review, and what changed in the passages. Synchronous."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from chat.models import VerifiedAnswer, VerifiedNotice
from chat.verified import access, following
from langai_site.accounts.models import User
from langai_site.database.compiled_queries import CompiledQuery
from search import passage_changes
from search.services import version_texts
from search.services.version_texts import Span

# Notices that are read at once.
MOST = 50
_UNSEEN = CompiledQuery(
    lambda user: (
        VerifiedNotice.objects.filter(user=user, seen_at=None)
        .order_by("-created_at", "-pk")
        .values_list("answer")[:MOST]
    ),
    user=-982451653,
)


@dataclass(frozen=True)
class CitedChange:
    """A cited passage as it was and as it is now; `new` is empty if it is gone. `words` say it in short."""

    number: int
    title: str
    old: str
    new: str
    words: str


def unseen(user: User) -> Sequence[VerifiedAnswer]:
    """Return the answers that the person should review, if there is a new notice. One cheap query if there are none."""
    ids = [key for (key,) in _UNSEEN.rows(user=user.pk)]
    if not ids:
        return []
    rows = VerifiedAnswer.objects.filter(pk__in=ids, collection__in=access.owned_collections(user))
    return list(rows.filter(state=VerifiedAnswer.State.EXPIRED).select_related("collection"))


def mark_seen(user: User) -> None:
    """Remember that the person was told."""
    VerifiedNotice.objects.filter(user=user, seen_at=None).update(seen_at=timezone.now())


def changes(user: User, answer: VerifiedAnswer) -> list[CitedChange]:
    """Return what changed in the passages that an answer cites, as far as the person may read both versions."""
    changed = [(one, one.next) for one in answer.citations.all() if one.next]
    spans = [(following.span_of(one), _next_span(place)) for one, place in changed]
    texts = version_texts.texts([span for pair in spans for span in pair], user.pk)
    return [
        CitedChange(
            one.number, one.title, texts[old], texts[new], passage_changes.in_short(texts[old], texts[new], answer.text)
        )
        for (one, _place), (old, new) in zip(changed, spans, strict=True)
        if old in texts and new in texts
    ]


def _next_span(place: dict[str, str | int]) -> Span:
    page = int(place["page"])
    return Span(UUID(str(place["source"])), page, int(place["start"]), page, int(place["end"]))
