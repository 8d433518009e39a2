"""Routing policies: drafts are edited, put in force as the next version, and never changed again.

History only grows: to go back to an earlier version is to put a copy of it in force.
"""

import time

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from chat.models import RoutingPolicy, RoutingRule
from chat.routing.rules import DEFAULT, Policy, Rule
from chat.values import LOCAL, Level, Use
from langai_site.accounts.models import User
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.errors import ConflictError, NotFoundError
from langai_site.outbound.types import ModelRole
from langai_site.sensitivity import Sensitivity

STATUS = RoutingPolicy.Status
# Seconds after which a process looks again which policy is in force: another process may have changed it.
FRESH = 3.0
# Between rules, so that one can be put between two others by its number alone.
STEP = 10

NO_DRAFT = "This policy is not a draft any more: somebody activated or discarded it. Reload the page."

_IN_FORCE = CompiledQuery(
    lambda: (
        RoutingPolicy.objects.filter(status=STATUS.ACTIVE)
        .order_by("rules__position", "rules__id")
        .values_list("version", "rules__name", "rules__use", "rules__at_least", "rules__complexity", "rules__too_long")
    )
)
# Until when it holds, and the policy.
_known: tuple[float, Policy] | None = None


def active() -> Policy:
    """The policy in force. Mostly asks the database nothing; a change elsewhere is seen within FRESH seconds."""
    global _known
    known = _known
    if known is None or time.monotonic() > known[0]:
        known = _known = (time.monotonic() + FRESH, _in_force())
    return known[1]


def forget() -> None:
    """Let the next message read which policy is in force."""
    global _known
    _known = None


def _in_force() -> Policy:
    """One that has no rules is one row without any."""
    rows = _IN_FORCE.rows()
    rules = tuple(_rule(*row[1:]) for row in rows if row[1] is not None)
    return Policy(rows[0][0], rules) if rows else DEFAULT


def policy_of(policy: RoutingPolicy) -> Policy:
    """Any policy's rules, in order, as a value; a draft's version is 0."""
    rows = policy.rules.values_list("name", "use", "at_least", "complexity", "too_long")
    return Policy(policy.version or 0, tuple(_rule(*row) for row in rows))


def _rule(name: str, use: str, at_least: int | None, complexity: str, too_long: bool) -> Rule:
    asked: Use = LOCAL if use == LOCAL else ModelRole(use)
    label = None if at_least is None else Sensitivity(at_least)
    return Rule(name, asked, label, Level(complexity) if complexity else None, too_long)


@transaction.atomic
def draft_of(policy: RoutingPolicy, *, by: User, note: str = "") -> RoutingPolicy:
    """A copy that can be edited; routing does not see it until it is activated."""
    based_on = policy.version or policy.based_on
    draft = RoutingPolicy.objects.create(based_on=based_on, note=note, created_by=by)
    rules = list(RoutingRule.objects.filter(policy=policy))
    for rule in rules:
        rule.pk, rule.policy = None, draft
    RoutingRule.objects.bulk_create(rules)
    return draft


@transaction.atomic
def activate(draft: RoutingPolicy, *, by: User) -> RoutingPolicy:
    """Put a draft in force as the next version; the one before retires. Raises ConflictError where it is no draft."""
    # The first policy stays for ever: who holds it is alone in changing which one is in force.
    RoutingPolicy.objects.select_for_update().order_by("pk").first()
    version = (RoutingPolicy.objects.aggregate(last=Max("version"))["last"] or 0) + 1
    RoutingPolicy.objects.filter(status=STATUS.ACTIVE).update(status=STATUS.RETIRED)
    activated = RoutingPolicy.objects.filter(pk=draft.pk, status=STATUS.DRAFT).update(
        status=STATUS.ACTIVE, version=version, activated_at=timezone.now(), activated_by=by
    )
    if not activated:
        raise ConflictError(NO_DRAFT)
    transaction.on_commit(forget)
    return RoutingPolicy.objects.get(pk=draft.pk)


@transaction.atomic
def roll_back(version: int, *, by: User) -> RoutingPolicy:
    """Put a copy of an earlier version in force, as the next one."""
    earlier = RoutingPolicy.objects.filter(version=version).first()
    if earlier is None:
        raise NotFoundError(f"There is no version {version} of the routing policy.")
    if earlier.status == STATUS.ACTIVE:
        raise ConflictError(f"Version {version} is in force already.")
    return activate(draft_of(earlier, by=by, note=f"Version {version} again"), by=by)


@transaction.atomic
def discard(draft: RoutingPolicy) -> None:
    """Remove a draft and its rules. Raises ConflictError where it is no draft."""
    hold(draft)
    draft.delete()


def hold(draft: RoutingPolicy) -> None:
    """Keep a draft from being activated until the transaction ends. Raises ConflictError where it is none."""
    if not RoutingPolicy.objects.select_for_update().filter(pk=draft.pk, status=STATUS.DRAFT).exists():
        raise ConflictError(NO_DRAFT)


def renumber(draft: RoutingPolicy) -> None:
    """Keep the order of the rules, with room between their numbers."""
    rules = list(RoutingRule.objects.filter(policy=draft))
    for at, rule in enumerate(rules, 1):
        rule.position = at * STEP
    RoutingRule.objects.bulk_update(rules, ["position"])
