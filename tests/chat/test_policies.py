import threading

import pytest
from django.db import IntegrityError, connection, transaction

from chat.models import RoutingPolicy
from chat.routing import policies
from chat.routing.rules import DEFAULT, Policy, Rule
from chat.turns import storage
from chat.values import LOCAL, Level
from langai_site.errors import ConflictError, NotFoundError
from langai_site.outbound.types import ModelRole
from langai_site.sensitivity import Sensitivity

STATUS = RoutingPolicy.Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def drafted(first, admin):
    """Make a draft with one rule: everything stays in the building."""
    draft = policies.draft_of(first, by=admin)
    draft.rules.all().delete()
    draft.rules.create(position=10, name="all", use="local")
    return draft


def statuses():
    return dict(RoutingPolicy.objects.exclude(version=None).values_list("version", "status"))


def test_a_new_database_has_the_default_rules_in_force_as_version_1(first):
    assert policies.active() == Policy(1, DEFAULT.rules)


def test_a_rule_keeps_all_its_conditions(first, admin):
    draft = policies.draft_of(first, by=admin)
    draft.rules.all().delete()
    draft.rules.create(position=1, name="all", use="strong", at_least=10, complexity="complex", too_long=True)
    rule = Rule("all", ModelRole.STRONG, Sensitivity.INTERNAL, Level.COMPLEX, too_long=True)
    assert policies.policy_of(draft) == Policy(0, (rule,))


def test_a_draft_is_a_copy_that_routing_does_not_see(first, admin):
    draft = policies.draft_of(first, by=admin)
    draft.rules.filter(name="simple").update(use="strong")
    assert (draft.status, draft.version, draft.based_on, draft.created_by) == (STATUS.DRAFT, None, 1, admin)
    assert policies.policy_of(first).rules == DEFAULT.rules
    assert policies.active() == Policy(1, DEFAULT.rules)


def test_an_activated_draft_is_the_next_version_and_the_one_before_retires(
    drafted, admin, django_capture_on_commit_callbacks
):
    assert policies.active().version == 1
    with django_capture_on_commit_callbacks(execute=True):
        activated = policies.activate(drafted, by=admin)
    assert (activated.version, activated.activated_by) == (2, admin)
    assert activated.activated_at
    assert statuses() == {1: STATUS.RETIRED, 2: STATUS.ACTIVE}
    assert policies.active() == Policy(2, (Rule("all", LOCAL),))


def test_a_policy_without_rules_can_be_in_force(drafted, admin):
    drafted.rules.all().delete()
    policies.activate(drafted, by=admin)
    assert policies.active() == Policy(2, ())


@pytest.mark.parametrize(("fresh", "seen"), [(60.0, 1), (-1.0, 2)])
def test_what_another_process_activated_is_seen_when_the_known_policy_is_not_fresh_any_more(
    drafted, admin, monkeypatch, fresh, seen
):
    monkeypatch.setattr(policies, "FRESH", fresh)
    assert policies.active().version == 1
    # Nothing is committed in this test, so this process is not told, like any other process.
    policies.activate(drafted, by=admin)
    assert policies.active().version == seen


def test_only_a_draft_can_be_activated_discarded_or_held_for_a_change(drafted, admin):
    activated = policies.activate(drafted, by=admin)
    for act in (lambda: policies.activate(activated, by=admin), lambda: policies.discard(activated)):
        with pytest.raises(ConflictError, match="no longer a draft"):
            act()
    with pytest.raises(ConflictError, match="no longer a draft"), transaction.atomic():
        policies.hold(drafted)
    assert statuses() == {1: STATUS.RETIRED, 2: STATUS.ACTIVE}


def test_rolling_back_puts_a_copy_in_force_and_keeps_what_was(drafted, admin):
    policies.activate(drafted, by=admin)
    again = policies.roll_back(1, by=admin)
    assert (again.version, again.based_on, again.note) == (3, 1, "Version 1 again")
    assert statuses() == {1: STATUS.RETIRED, 2: STATUS.RETIRED, 3: STATUS.ACTIVE}
    assert policies.policy_of(again).rules == DEFAULT.rules
    assert policies.policy_of(RoutingPolicy.objects.get(version=2)).rules == (Rule("all", LOCAL),)


def test_there_is_no_way_back_to_what_is_in_force_or_never_was(first, admin):
    with pytest.raises(ConflictError, match="in force already"):
        policies.roll_back(1, by=admin)
    with pytest.raises(NotFoundError, match="no version 9"):
        policies.roll_back(9, by=admin)


def test_a_discarded_draft_leaves_nothing(drafted, admin):
    policies.discard(drafted)
    assert list(RoutingPolicy.objects.values_list("version", flat=True)) == [1]
    with pytest.raises(ConflictError):
        policies.activate(drafted, by=admin)


def test_the_database_refuses_a_second_policy_in_force(first):
    with pytest.raises(IntegrityError), transaction.atomic():
        RoutingPolicy.objects.create(version=5, status=STATUS.ACTIVE)


def test_the_database_refuses_a_version_for_a_draft_and_none_for_others(first):
    for status, version in ((STATUS.DRAFT, 5), (STATUS.RETIRED, None)):
        with pytest.raises(IntegrityError), transaction.atomic():
            RoutingPolicy.objects.create(version=version, status=status)


def test_numbers_have_room_between_them_and_keep_the_order(drafted):
    drafted.rules.create(position=3, name="before", use="local")
    policies.renumber(drafted)
    assert list(drafted.rules.values_list("name", "position")) == [("before", 10), ("all", 20)]


def test_a_turn_is_routed_by_the_policy_in_force(alice, drafted, admin):
    policies.activate(drafted, by=admin)
    assert storage.post(alice, None, "How long?").request.policy == Policy(2, (Rule("all", LOCAL),))


def test_messages_do_not_ask_the_database_for_the_policy_while_it_is_fresh(django_assert_num_queries):
    with django_assert_num_queries(1):
        policies.active()
        policies.active()


@pytest.mark.django_db(transaction=True)
def test_of_drafts_that_are_activated_at_once_each_gets_a_version_and_one_is_in_force(first, admin):
    drafts = [policies.draft_of(first, by=admin) for _ in range(4)]
    failed = []

    def activated(draft):
        try:
            policies.activate(draft, by=admin)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=activated, args=[draft]) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert sorted(statuses()) == [1, 2, 3, 4, 5]
    assert list(statuses().values()).count(STATUS.ACTIVE) == 1
    assert statuses()[5] == STATUS.ACTIVE
