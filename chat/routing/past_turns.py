"""The turns of the last days, tried on a policy: their receipts are read, and nothing else of them. Synchronous."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.utils import timezone

from chat.models import Message, RoutingPolicy
from chat.routing import policies, replay
from chat.routing.replay import REFUSED, PastTurn, ReplayOutcome
from chat.routing.route import RouteRequest
from langai_site.outbound import catalogue
from langai_site.outbound.types import ModelInfo
from langai_site.usage import prices
from langai_site.usage.types import Usage

# More turns than this are not tried at once: the newest are, and the page says so.
MOST = 50_000
# Rows that are in memory at a time.
CHUNK = 1_000
COLUMNS = (
    *("created_at", "conversation__owner_id", "conversation__owner__username", "receipt__request"),
    *(KT("receipt__name"), "receipt__hosted", "receipt__input_tokens", "receipt__output_tokens", "receipt__cached"),
)


@dataclass(frozen=True)
class Tried:
    """`found` turns ended in that time; of those, the newest MOST were replayed."""

    outcome: ReplayOutcome
    found: int

    @property
    def tried(self) -> int:
        return min(self.found, MOST)


def try_on(policy: RoutingPolicy, *, days: int) -> Tried:
    """What `policy` would do with the turns of the last `days` days, against the policy in force and what happened."""
    since = timezone.now() - timedelta(days=days)

    @cache
    def models_of(user_id: int) -> tuple[ModelInfo, ...]:
        return tuple(catalogue.models(user_id))

    outcome = replay.replay(
        _turns(since), models_of, in_force=policies.active(), draft=policies.policy_of(policy), prices=prices.current()
    )
    return Tried(outcome, _ended(since).count())


def _ended(since: datetime) -> QuerySet[Message]:
    replies = Message.objects.replies().filter(created_at__gte=since)
    return replies.exclude(status=Message.Status.STREAMING)


def _turns(since: datetime) -> Iterator[PastTurn]:
    """The newest first. The database takes the receipts apart: what is in them besides is not even read."""
    rows = _ended(since).order_by("-created_at").values_list(*COLUMNS)[:MOST]
    for at, user_id, username, request, model, hosted, tokens_in, tokens_out, cached in rows.iterator(chunk_size=CHUNK):
        usage = Usage(tokens_in or 0, tokens_out or 0)
        yield PastTurn(at, user_id, username, _request(request), model or REFUSED, bool(hosted), usage, bool(cached))


def _request(row: Mapping[str, Any] | None) -> RouteRequest | None:
    return RouteRequest.read(row) if row else None
