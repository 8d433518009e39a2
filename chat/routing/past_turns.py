"""Tries a policy on the turns of the last days. Reads only parts of their receipts. Synchronous."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.utils import timezone

from chat.models import AssistantUse, Message, RoutingPolicy
from chat.routing import policies, replay
from chat.routing.replay import REFUSED, PastTurn, ReplayOutcome
from chat.routing.route import RouteRequest
from langai_site.outbound import catalogue
from langai_site.outbound.types import ModelInfo
from langai_site.usage import prices
from langai_site.usage.types import Usage

# The most turns that are replayed at once. If there are more, the newest are replayed, and the page says so.
MOST = 50_000
# Rows in memory at a time.
CHUNK = 1_000
COLUMNS = (
    *("created_at", "conversation__owner_id", "conversation__owner__username", "receipt__request"),
    *(KT("receipt__name"), "receipt__hosted", "receipt__input_tokens", "receipt__output_tokens", "receipt__cached"),
)


@dataclass(frozen=True)
class ReplayResult:
    """The result of a replay. `found` turns ended in that period; the newest MOST of them were replayed."""

    outcome: ReplayOutcome
    found: int

    @property
    def tried(self) -> int:
        return min(self.found, MOST)


def try_on(policy: RoutingPolicy, *, days: int) -> ReplayResult:
    """Replay the turns of the last `days` days with `policy`; compare with the policy in force and what happened."""
    ended = _ended(timezone.now() - timedelta(days=days))
    outcome = replay.replay(
        _turns(ended), _models(), in_force=policies.active(), draft=policies.policy_of(policy), prices=prices.current()
    )
    return ReplayResult(outcome, ended.count())


def try_request(
    replies: QuerySet[AssistantUse, UUID], changed: Callable[[RouteRequest], RouteRequest], *, days: int
) -> ReplayOutcome:
    """Replay these turns of the last `days` days as if routing had been asked what `changed` returns."""
    ended = _ended(timezone.now() - timedelta(days=days)).filter(pk__in=replies)
    policy = policies.active()
    return replay.replay(
        _turns(ended), _models(), in_force=policy, draft=policy, prices=prices.current(), changed=changed
    )


def _models() -> Callable[[int], tuple[ModelInfo, ...]]:
    """Return a function that returns a person's models, and reads them once."""

    @cache
    def models_of(user_id: int) -> tuple[ModelInfo, ...]:
        return tuple(catalogue.models(user_id))

    return models_of


def _ended(since: datetime) -> QuerySet[Message]:
    # What another program answered was imported: it has not been a turn here.
    replies = Message.objects.replies().filter(created_at__gte=since, conversation__imported_from="")
    return replies.exclude(status=Message.Status.STREAMING)


def _turns(ended: QuerySet[Message]) -> Iterator[PastTurn]:
    """Yield the turns, newest first. The database extracts these columns from the receipts; nothing else is read."""
    rows = ended.order_by("-created_at").values_list(*COLUMNS)[:MOST]
    for at, user_id, username, request, model, hosted, tokens_in, tokens_out, cached in rows.iterator(chunk_size=CHUNK):
        usage = Usage(tokens_in or 0, tokens_out or 0)
        yield PastTurn(at, user_id, username, _request(request), model or REFUSED, bool(hosted), usage, bool(cached))


def _request(row: Mapping[str, Any] | None) -> RouteRequest | None:
    return RouteRequest.read(row) if row else None
