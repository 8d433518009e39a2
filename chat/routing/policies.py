"""Routing policies: a draft is edited, activated as the next version, and never changed again.

History only grows: going back to an earlier version means activating a copy of it.
"""

import time

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.models import RoutingPolicy, RoutingRule
from chat.routing.rules import DEFAULT, Policy, Rule
from chat.values import LOCAL, Level, Use
from langai_site.accounts.models import User
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.errors import ConflictError, NotFoundError
from langai_site.outbound.types import ModelRole
from langai_site.sensitivity import Sensitivity

STATUS = RoutingPolicy.Status
# Seconds after which a process checks again which policy is in force: another process may have changed it.
FRESH = 3.0
# The distance between rule numbers, so that a rule can be put between two others by its number alone.
STEP = 10

NO_DRAFT = gettext_noop("This policy is no longer a draft: somebody activated or discarded it. Reload the page.")

_IN_FORCE = CompiledQuery(
    lambda: (
        RoutingPolicy.objects.filter(status=STATUS.ACTIVE)
        .order_by("rules__position", "rules__id")
        .values_list("version", "rules__name", "rules__use", "rules__at_least", "rules__complexity", "rules__too_long")
    )
)
# The time (monotonic) until which the policy is cached, and the policy.
_cached: tuple[float, Policy] | None = None


def active() -> Policy:
    """Return the policy in force, mostly without a query; a change elsewhere is seen within FRESH seconds."""
    global _cached
    cached = _cached
    if cached is None or time.monotonic() > cached[0]:
        cached = _cached = (time.monotonic() + FRESH, _in_force())
    return cached[1]


def forget() -> None:
    """Forget the cached policy, so that the next message reads it again."""
    global _cached
    _cached = None


def _in_force() -> Policy:
    """Read the policy in force. A policy without rules is one row whose rule columns are null."""
    rows = _IN_FORCE.rows()
    rules = tuple(_rule(*row[1:]) for row in rows if row[1] is not None)
    return Policy(rows[0][0], rules) if rows else DEFAULT


def policy_of(policy: RoutingPolicy) -> Policy:
    """Return any policy's rules as a value, in order; a draft has version 0."""
    rows = policy.rules.values_list("name", "use", "at_least", "complexity", "too_long")
    return Policy(policy.version or 0, tuple(_rule(*row) for row in rows))


def _rule(name: str, use: str, at_least: int | None, complexity: str, too_long: bool) -> Rule:
    wanted: Use = LOCAL if use == LOCAL else ModelRole(use)
    label = None if at_least is None else Sensitivity(at_least)
    return Rule(name, wanted, label, Level(complexity) if complexity else None, too_long)


@transaction.atomic
def draft_of(policy: RoutingPolicy, *, by: User, note: str = "") -> RoutingPolicy:
    """Return a copy that can be edited; routing does not use it until it is activated."""
    based_on = policy.version or policy.based_on
    draft = RoutingPolicy.objects.create(based_on=based_on, note=note, created_by=by)
    rules = list(RoutingRule.objects.filter(policy=policy))
    for rule in rules:
        rule.pk, rule.policy = None, draft
    RoutingRule.objects.bulk_create(rules)
    return draft


@transaction.atomic
def activate(draft: RoutingPolicy, *, by: User) -> RoutingPolicy:
    """Activate a draft as the next version and retire the one before. Raises ConflictError if it is not a draft."""
    # The first policy is never deleted. Locking it makes sure that only one transaction at a time activates a policy.
    RoutingPolicy.objects.select_for_update().order_by("pk").first()
    version = (RoutingPolicy.objects.aggregate(last=Max("version"))["last"] or 0) + 1
    RoutingPolicy.objects.filter(status=STATUS.ACTIVE).update(status=STATUS.RETIRED)
    activated = RoutingPolicy.objects.filter(pk=draft.pk, status=STATUS.DRAFT).update(
        status=STATUS.ACTIVE, version=version, activated_at=timezone.now(), activated_by=by
    )
    if not activated:
        raise ConflictError(_(NO_DRAFT))
    transaction.on_commit(forget)
    return RoutingPolicy.objects.get(pk=draft.pk)


@transaction.atomic
def roll_back(version: int, *, by: User) -> RoutingPolicy:
    """Activate a copy of an earlier version, as the next version."""
    earlier = RoutingPolicy.objects.filter(version=version).first()
    if earlier is None:
        raise NotFoundError(_("There is no version %(version)s of the routing policy.") % {"version": version})
    if earlier.status == STATUS.ACTIVE:
        raise ConflictError(_("Version %(version)s is in force already.") % {"version": version})
    return activate(draft_of(earlier, by=by, note=_("Version %(number)s again") % {"number": version}), by=by)


@transaction.atomic
def discard(draft: RoutingPolicy) -> None:
    """Remove a draft and its rules. Raises ConflictError if it is not a draft."""
    hold(draft)
    draft.delete()


def hold(draft: RoutingPolicy) -> None:
    """Lock a draft, so that it cannot be activated until the transaction ends. Raises ConflictError if it is none."""
    if not RoutingPolicy.objects.select_for_update().filter(pk=draft.pk, status=STATUS.DRAFT).exists():
        raise ConflictError(_(NO_DRAFT))


def renumber(draft: RoutingPolicy) -> None:
    """Number the rules again in the same order, with gaps between the numbers."""
    rules = list(RoutingRule.objects.filter(policy=draft))
    for at, rule in enumerate(rules, 1):
        rule.position = at * STEP
    RoutingRule.objects.bulk_update(rules, ["position"])
