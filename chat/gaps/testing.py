"""Tests again whether the documents answer a question, and closes the groups in which they do. The worker does it."""

import asyncio
from datetime import timedelta
from functools import partial

from django.utils import timezone

from chat.conversations import label_rises
from chat.gaps import clustering
from chat.models import GapQuestion, KnowledgeGap
from chat.verified import matching
from chat.verified.match import found_answers
from langai_site import detectors
from langai_site.accounts.open_accounts import AccountClosedError, require_open
from langai_site.errors import NotAdmittedError
from langai_site.outbound.types import Present
from langai_site.sensitivity import highest
from search import services as search
from search.access import reader_of
from search.types import Hit

# Questions of a group that are tested, and days after which an open one is forgotten.
MOST, KEPT = 50, timedelta(days=365)
# The best passages that are looked at.
BEST = 3
Kind = GapQuestion.Kind


def run_requested() -> None:
    """Test the groups that an owner asked for."""
    for gap in KnowledgeGap.objects.filter(closed_at=None, test_requested=True):
        test(gap)


def run_all() -> None:
    """Test all open groups, and forget what is old or was deleted by its person. Every night."""
    GapQuestion.objects.filter(found_at=None, created_at__lt=timezone.now() - KEPT).delete()
    for gap in KnowledgeGap.objects.filter(closed_at=None):
        test(gap)


def test(gap: KnowledgeGap) -> None:
    """Search for each question of a group, as its person would. What is found now closes it."""
    rows = gap.questions.there().filter(found_at=None, reply__parent__isnull=False)
    for row in rows.select_related("reply__parent", "reply__conversation__owner")[:MOST]:
        if _is_answered(row):
            GapQuestion.objects.filter(pk=row.pk).update(found_at=timezone.now())
    clustering.refresh(gap)
    is_open = gap.questions.there().filter(found_at=None).exists()
    gap.closed_at, gap.test_requested = None if is_open else timezone.now(), False
    gap.save(update_fields=["closed_at", "test_requested"])


def _is_answered(row: GapQuestion) -> bool:
    """Return whether a search finds something: of what was answered badly, only what is new since counts."""
    owner, text = row.reply.conversation.owner, clustering.text_of(row)
    find = partial(search.find_for_prompt, text, reader_of(owner).only(row.collections), budget_chars=4_000)
    try:
        label = _present(row).label
        hits: tuple[Hit, ...] = asyncio.run(find(label=label, read_present=partial(_present, row))).hits
    except (AccountClosedError, NotAdmittedError):
        return False
    if row.kind == Kind.NOTHING:
        return bool(hits)
    is_new = any(hit.added_at and hit.added_at > row.created_at for hit in hits[:BEST])
    return is_new or matching.match(owner.pk, text, found_answers(hits)) is not None


def _present(row: GapQuestion) -> Present:
    """Return the label of a question at the moment when a server is asked to embed it.

    Raises AccountClosedError, and NotAdmittedError if its person has deleted it.
    """
    require_open(row.reply.conversation.owner_id)
    label_rises.reach(row.reply.conversation_id)
    rows = GapQuestion.objects.there().filter(pk=row.pk, reply__parent__isnull=False)
    now = rows.select_related("reply__parent", "reply__conversation").first()
    if now is None:
        raise NotAdmittedError
    # Admins may have added patterns since the question was asked.
    found = [one.label for one in detectors.scan(clustering.text_of(now))]
    return Present(highest(clustering.label_of(now), *found))
