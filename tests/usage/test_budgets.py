"""Nothing is spent beyond a hard budget, whoever asks at once; and people are told in time."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from langai_site.accounts.models import Team, User
from langai_site.errors import ConflictError
from langai_site.usage.models import Budget, BudgetPeriod, Reservation, UsageEntry
from langai_site.usage.spending import budgets, notices, reservations
from langai_site.usage.spending.budgets import OverBudgetError
from langai_site.usage.types import Caller
from tests.usage.conftest import at_once, entered, entry_of

pytestmark = pytest.mark.django_db

CENT = Decimal("0.01")


@pytest.fixture
def library():
    return Team.objects.create(name="Library")


@pytest.fixture
def alice(library):
    return User.objects.create_user("alice", billing_team=library)


def budget(scope="site", amount=1, **more):
    return Budget.objects.create(**({"scope": scope, "amount": amount, "period": "month"} | more))


def reserve(user, amount, team="Library"):
    reply = uuid4()
    reservations.reserve(reply=reply, user_id=user.pk, team=team, amount=Decimal(amount))
    return reply


def settle(user, reply, cost, team="Library"):
    caller = Caller(user_id=user.pk, username=user.username, team=team, reply=reply)
    reservations.close(reply, [entry_of(caller=caller, cost=cost if cost is None else Decimal(cost))])


def standing(of):
    (found,) = budgets.standings(Budget.objects.filter(pk=of.pk))
    return found


def figures(of):
    return standing(of).spent, standing(of).held


def test_what_is_held_counts_until_it_is_settled_with_what_was_spent(alice):
    site = budget(amount=1)
    reply = reserve(alice, "0.75")
    assert figures(site) == (0, Decimal("0.75"))
    with pytest.raises(OverBudgetError) as refused:
        reserve(alice, "0.26")
    assert refused.value.status == 429
    assert "may cost up to $0.26" in refused.value.message
    assert "($1.00) has $0.25 left" in refused.value.message
    assert "local model" in refused.value.message
    settle(alice, reply, "0.1")
    assert figures(site) == (Decimal("0.1"), 0)
    reserve(alice, "0.9")


def test_a_refused_reservation_holds_nothing(alice):
    first, second = budget(amount=1), budget(amount=2, period="day")
    with pytest.raises(OverBudgetError):
        reserve(alice, "1.5")
    assert figures(first) == figures(second) == (0, 0)
    assert not Reservation.objects.exists()


def test_a_turn_that_used_nothing_gives_back_what_it_held(alice):
    site = budget()
    reservations.close(reserve(alice, "1"), [])
    assert figures(site) == (0, 0)


def test_each_counts_in_the_budgets_of_the_person_of_the_team_and_of_all(alice, library):
    bob = User.objects.create_user("bob")
    mine, team, site = budget("user", user=alice), budget("team", team=library), budget()
    others = budget("user", user=bob), budget("team", team=Team.objects.create(name="Law"))
    settle(alice, reserve(alice, "0.5"), "0.25")
    settle(bob, reserve(bob, "0.5", team=""), "0.5", team="")
    assert [figures(one)[0] for one in (mine, team, site)] == [Decimal("0.25"), Decimal("0.25"), Decimal("0.75")]
    assert [figures(one)[0] for one in others] == [Decimal("0.5"), 0]


def test_the_narrowest_budget_refuses(alice, library):
    budget(amount=100)
    budget("team", amount=1, team=library, period="day")
    with pytest.raises(OverBudgetError, match="the budget of the team Library for today"):
        reserve(alice, "2")
    reserve(alice, "2", team="")


def test_a_soft_budget_only_warns(alice):
    site = budget(amount=1, hard=False)
    settle(alice, reserve(alice, "5"), "3")
    assert figures(site) == (3, 0)
    assert "is used up: $3.00 of $1.00" in notices.budget_notice(alice)


def test_a_budget_that_is_off_neither_counts_nor_refuses(alice):
    site = budget(amount=1, enabled=False)
    settle(alice, reserve(alice, "5"), "3")
    assert not BudgetPeriod.objects.filter(budget=site).exists()


def test_local_models_answer_though_a_hard_budget_is_used_up(alice):
    budget(amount=0)
    settle(alice, reserve(alice, "0"), "0")
    assert UsageEntry.objects.get().cost == 0


def test_a_model_without_a_price_is_refused_under_a_hard_budget_only(alice):
    soft = budget(hard=False)
    reservations.reserve(reply=uuid4(), user_id=alice.pk, amount=None)
    budget()
    with pytest.raises(OverBudgetError, match="ask an admin to set a price"):
        reservations.reserve(reply=uuid4(), user_id=alice.pk, amount=None)
    assert figures(soft) == (0, 0)


def test_a_reservation_is_raised_when_the_model_is_known(alice):
    site = budget(amount=1)
    reply = reserve(alice, "0")
    reservations.raise_to(reply, Decimal("0.4"))
    reservations.raise_to(reply, Decimal("0.9"))
    assert figures(site) == (0, Decimal("0.9"))
    with pytest.raises(OverBudgetError):
        reservations.raise_to(reply, Decimal("1.1"))
    assert figures(site) == (0, Decimal("0.9"))
    reservations.close(reply, [])
    with pytest.raises(ConflictError, match="given up"):
        reservations.raise_to(reply, Decimal("0.1"))
    assert figures(site) == (0, 0)


def test_a_continued_reply_holds_once(alice):
    site = budget(amount=10)
    reply = reserve(alice, "1")
    settle(alice, reply, "0.5")
    reservations.reserve(reply=reply, user_id=alice.pk, team="Library", amount=Decimal(2))
    reservations.reserve(reply=reply, user_id=alice.pk, team="Library", amount=Decimal(3))
    assert figures(site) == (Decimal("0.5"), 3)


def test_a_reply_that_was_swept_and_ends_after_all_is_counted_once(alice):
    site = budget()
    reply = reserve(alice, "0.5")
    reservations.close(reply, [])
    settle(alice, reply, "0.3")
    settle(alice, reply, "0.3")
    assert figures(site) == (Decimal("0.3"), 0)


def test_calls_that_no_reply_waits_for_are_counted(alice):
    site = budget()
    reservations.record([entry_of(cost=CENT, caller=Caller()), entry_of(cost=CENT), entry_of(cost=None)])
    assert figures(site) == (2 * CENT, 0)


def test_a_new_budget_counts_what_was_spent_before_in_its_period(alice):
    entered(cost=CENT)
    entered(cost=CENT, at=timezone.now() - timedelta(days=40))
    site = budget()
    assert figures(site) == (CENT, 0)
    settle(alice, reserve(alice, "0.1"), CENT)
    assert figures(site) == (2 * CENT, 0)


def test_a_new_day_begins_with_nothing_spent(alice):
    daily = budget(period="day")
    reply = reserve(alice, "0.9")
    yesterday = timezone.localdate() - timedelta(days=1)
    BudgetPeriod.objects.update(start=yesterday, spent=50)
    assert figures(daily) == (0, 0)
    settle(alice, reply, "0.2")
    assert figures(daily) == (Decimal("0.2"), 0)
    assert BudgetPeriod.objects.get(start=yesterday).held == 0


def test_counters_are_exact_after_thousands_of_tiny_costs(alice):
    site = budget(amount=10)
    for _ in range(200):
        settle(alice, reserve(alice, "0.000000007"), "0.000000003")
    assert figures(site) == (Decimal("0.0000006"), 0)


def test_a_counter_that_is_off_is_set_right_again_from_the_entries(alice):
    site = budget(amount=10)
    settle(alice, reserve(alice, "1"), "0.5")
    reserve(alice, "2")
    assert budgets.reconcile(site) == 0
    BudgetPeriod.objects.update(spent=1, held=7)
    budgets.reconcile_all()
    assert figures(site) == (Decimal("0.5"), 2)


def test_what_a_dead_process_held_is_given_back_after_an_hour(alice):
    site = budget()
    reply = reserve(alice, "1")
    assert reservations.expire() == 0
    Reservation.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert reservations.expire() == 1
    assert figures(site) == (0, 0)
    settle(alice, reply, "0.5")
    assert figures(site) == (Decimal("0.5"), 0)


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_on_the_last_cent_never_overspend(alice):
    site = budget(amount=CENT)
    results = at_once(lambda _: reserve(alice, "0.002"), 50)
    held = [result for result in results if not isinstance(result, Exception)]
    assert len(held) == 5
    assert {type(result) for result in results if isinstance(result, Exception)} == {OverBudgetError}
    assert figures(site) == (0, CENT)
    at_once(lambda number: settle(alice, held[number], "0.002"), 5)
    assert figures(site) == (CENT, 0)


@pytest.mark.django_db(transaction=True)
def test_the_first_twenty_of_a_month_open_its_counters_together(alice, library):
    """Nobody waits in a circle, and what was spent before is counted once."""
    entered(cost=CENT)
    all_of_them = [budget(amount=1), budget("team", amount=1, team=library), budget(amount=1, period="day")]
    results = at_once(lambda _: settle(alice, reserve(alice, "0.01"), "0.01"), 20)
    assert [result for result in results if result] == []
    assert {figures(one) for one in all_of_them} == {(21 * CENT, 0)}
    assert budgets.reconcile(all_of_them[0]) == 0


def test_without_budgets_spending_costs_no_query(alice, django_assert_num_queries):
    assert not budgets.exist()
    assert not budgets.may_exist()
    with django_assert_num_queries(1):
        reply = reserve(alice, "0")
    with django_assert_num_queries(4):  # a transaction's begin and end, the reservation, the entry
        settle(alice, reply, "0.1")


def test_a_person_is_told_at_50_80_and_100_per_cent(alice):
    budget(amount=100)
    budget("user", amount=1, user=alice)
    assert notices.budget_notice(alice) == ""
    told = []
    for _ in range(5):
        settle(alice, reserve(alice, "0.2"), "0.2")
        told.append(notices.budget_notice(alice))
    assert told[:2] == ["", ""]
    assert told[2] == "Your budget for this month is 50 % used: $0.40 is left."
    assert "80 % used" in told[3]
    assert told[4].startswith("Your budget for this month is used up. Local models still answer")


@pytest.fixture
def mailing(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return User.objects.create_superuser("admin", email="admin@example.org")


def test_admins_are_told_once_a_threshold(alice, mailing):
    budget(amount=1)
    subjects = []
    for _ in range(5):
        settle(alice, reserve(alice, "0.2"), "0.2")
        notices.mail_warnings()
        notices.mail_warnings()
        subjects += [sent.subject for sent in mail.outbox]
        mail.outbox.clear()
    assert subjects == [f"LangAI: {reached} % of the budget for this month is used" for reached in (50, 80, 100)]


def test_an_e_mail_that_cannot_be_sent_is_sent_later(alice, mailing, settings, tmp_path):
    budget(amount=1)
    settle(alice, reserve(alice, "0.9"), "0.9")
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert notices.mail_warnings() == 0
    settings.EMAIL_BACKEND = working
    assert notices.mail_warnings() == 1
    assert mail.outbox[0].to == ["admin@example.org"]
    assert "$0.90 of $1.00 is spent" in mail.outbox[0].body


def test_every_admin_reads_the_warning_in_their_language(alice, mailing):
    User.objects.create_superuser("anna", email="anna@example.org", language="de")
    budget(amount=1)
    settle(alice, reserve(alice, "0.9"), "0.9")
    assert notices.mail_warnings() == 1
    english, german = sorted(mail.outbox, key=lambda sent: sent.to)
    assert (english.to, german.to) == (["admin@example.org"], ["anna@example.org"])
    assert english.subject == "LangAI: 80 % of the budget for this month is used"
    assert german.subject == "LangAI: 80 % verbraucht: Budget für diesen Monat"
    assert "0,90 $ von 1,00 $ sind ausgegeben." in german.body
    assert "is spent" not in german.body


def test_nothing_is_mailed_unless_it_is_set_up(alice, mailing, settings):
    settings.EMAIL_BACKEND = notices.DUMMY
    budget(amount=1)
    settle(alice, reserve(alice, "1"), "1")
    assert notices.mail_warnings() == 0


def test_an_admin_adds_a_budget_and_sees_what_is_left(client, alice):
    client.force_login(User.objects.create_superuser("admin"))
    entered(cost=Decimal("0.25"))
    form = {"scope": "site", "period": "month", "amount": "1.00", "hard": "on", "enabled": "on"}
    assert client.post(reverse("admin:usage_budget_add"), form).status_code == 302
    page = client.get(reverse("admin:usage_budget_changelist")).text
    assert "$1.00 each month for everybody" in page
    assert '<td class="field-spent">$0.25</td>' in page
    assert "25 %</meter> $0.75" in page
    wrong = client.post(reverse("admin:usage_budget_add"), form | {"scope": "user"}).text
    assert "Choose a person for a person" in wrong


@pytest.mark.parametrize("wrong", [{"scope": "user"}, {"scope": "team"}, {"scope": "site", "amount": -1}], ids=str)
def test_a_budget_is_for_somebody_and_not_negative(wrong):
    with pytest.raises(ValidationError):
        Budget(**{"amount": 1} | wrong).full_clean()
