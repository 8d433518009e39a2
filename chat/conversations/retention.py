"""Which conversations and shared links retention deletes, and when. Synchronous.

A rule for a label counts rather than one for every label. A conversation that a rule would delete is noticed first, and
goes when NOTICE is over: so people can see what will go, export it, or pin it where that keeps it. That holds whatever
made it due: a rule, a label that rose, a pin that was removed, or an import of something old. While a legal hold keeps
what is a person's, nothing of theirs is due; their notice begins when it is lifted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Q
from django.utils import timezone

from chat.models import Conversation, Share
from chat.models.retention import RetentionRule
from langai_site.accounts import holds

NOTICE = timedelta(days=14)
# Listed on the page of what goes.
LISTED = 200
Kind = RetentionRule.Kind
Row = TypeVar("Row")


@dataclass(frozen=True)
class Ending:
    """When retention deletes something, and whether pinning its conversation keeps it."""

    at: datetime
    pin_keeps: bool


@dataclass(frozen=True)
class Going:
    """What goes within NOTICE, the first to go first; `more` if that is not all of it."""

    conversations: Sequence[tuple[Conversation, Ending]]
    shares: Sequence[tuple[Share, Ending]]
    more: bool


def rules(kind: str) -> list[RetentionRule]:
    """Return the rules for a kind, whose number is small: one for each label, and one for the others."""
    return list(RetentionRule.objects.filter(kind=kind).order_by())


def ending(conversation: Conversation) -> Ending | None:
    """Return when retention deletes a conversation; None if it stays."""
    return _ending(rules(Kind.CONVERSATIONS), conversation, conversation.updated_at)


def soon(conversation: Conversation) -> Ending | None:
    """Return when retention deletes a conversation, if that is within NOTICE."""
    found = ending(conversation)
    if found is None or found.at > timezone.now() + NOTICE or holds.of_person(conversation.owner_id) is not None:
        return None
    return found


def due(kind: str, by: datetime) -> Q | None:
    """Return the condition for the rows of a kind that go by then; None if none can.

    For shares, the condition is on their own `updated_at`, and on the label and the pin of their conversations.
    """
    of = "conversation__" if kind == Kind.SHARES else ""
    found, all_rules = Q(), rules(kind)
    labels = [rule.label for rule in all_rules if rule.label is not None]
    for rule in all_rules:
        if rule.since + NOTICE > by:
            continue
        those = Q(**{f"{of}label": rule.label}) if rule.label is not None else ~Q(**{f"{of}label__in": labels})
        those &= Q(updated_at__lt=by - timedelta(days=rule.days))
        found |= those & Q(**{f"{of}pinned_at": None}) if rule.keeps_pinned else those
    return found or None


def give_notice() -> None:
    """Note since when a conversation is due within NOTICE, and forget it where it is due no longer."""
    now = timezone.now()
    condition = due(Kind.CONVERSATIONS, now + NOTICE)
    noticed = Conversation.objects.filter(noticed_at__isnull=False)
    over = ~condition | Q(owner__in=holds.people()) if condition else Q()
    noticed.filter(over).update(noticed_at=None)
    if condition is not None:
        new = Conversation.objects.filter(condition, noticed_at=None).exclude(owner__in=holds.people())
        new.update(noticed_at=now)


def going(user_id: int) -> Going:
    """Return the person's conversations and links that go within NOTICE."""
    by = timezone.now() + NOTICE
    talks: list[tuple[Conversation, Ending]] = []
    links: list[tuple[Share, Ending]] = []
    if holds.of_person(user_id) is not None:
        return Going(talks, links, more=False)
    if (condition := due(Kind.CONVERSATIONS, by)) is not None:
        mine = Conversation.objects.of(user_id).alive().filter(condition)
        of_talks = rules(Kind.CONVERSATIONS)
        talks = _with_endings(
            (row, _ending(of_talks, row, row.updated_at)) for row in mine.order_by("updated_at", "id")[: LISTED + 1]
        )
    if (condition := due(Kind.SHARES, by)) is not None:
        shared = Share.objects.of(user_id).filter(condition, conversation__deleted_at=None)
        of_links = rules(Kind.SHARES)
        rows = shared.select_related("conversation").order_by("updated_at", "id")[: LISTED + 1]
        links = _with_endings((row, _ending(of_links, row.conversation, row.updated_at)) for row in rows)
    return Going(talks[:LISTED], links[:LISTED], more=max(len(talks), len(links)) > LISTED)


def _with_endings(rows: Iterable[tuple[Row, Ending | None]]) -> list[tuple[Row, Ending]]:
    found = [(row, end) for row, end in rows if end]
    return sorted(found, key=lambda pair: pair[1].at)


def _ending(among: Sequence[RetentionRule], conversation: Conversation, changed: datetime) -> Ending | None:
    """Return when retention deletes a conversation, or a link to it, that was last changed then."""
    of_label = next((rule for rule in among if rule.label == conversation.label), None)
    rule = of_label or next((rule for rule in among if rule.label is None), None)
    if rule is None or (rule.keeps_pinned and conversation.pinned_at):
        return None
    at = max(changed + timedelta(days=rule.days), rule.since + NOTICE)
    if rule.kind == Kind.CONVERSATIONS and at < timezone.now() + NOTICE:
        at = max(at, (conversation.noticed_at or timezone.now()) + NOTICE)
    return Ending(at, rule.keeps_pinned)
