"""A turn and money: its highest price is reserved before the model is asked, and nothing is sent over budget."""

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from chat.live import runner
from chat.models import Message
from chat.turns import storage
from langai_site.accounts.models import Team
from langai_site.database.writer import in_database_thread
from langai_site.outbound import door
from langai_site.outbound.models import Model
from langai_site.usage import prices
from langai_site.usage.ledger import recomputing
from langai_site.usage.models import Budget, Reservation, UsageEntry
from langai_site.usage.spending import budgets
from tests.upstream.process import eventually

PRICED, UNPRICED = "anthropic/claude-haiku-4-5", "hosted_vllm/t3"


@pytest.fixture
async def upstream(upstream_process, settings):
    """Put both models at the one upstream, which counts as hosted."""
    upstream_process.reset()
    settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = "sk-test-1234567890"
    settings.OPENAI_BASE_URL = upstream_process.openai_url
    settings.ANTHROPIC_BASE_URL = upstream_process.url
    settings.LOCAL_HOSTS = []
    await door.warm()
    yield upstream_process
    await door.close()


@pytest.fixture
def models(transactional_db):
    for name in (PRICED, UNPRICED):
        Model.objects.create(name=name, display_name=name, provider=name.partition("/")[0], available=True)
    rates = {"input": Decimal(1), "output": Decimal(5), "cached": Decimal("0.1")}
    prices.set_by_admin(PRICED, valid_from=date(2026, 1, 1), **rates)


@pytest.fixture
def site(models):
    return Budget.objects.create(scope="site", period="month", amount=5)


async def answered(user, model) -> Message:
    """Post a question, and wait until the reply has ended."""
    started = await in_database_thread(storage.post, user, None, "How long?", model, ("none",))
    runner.start(started, runner.ReplyOpening("How long?"))
    await asyncio.wait(set(runner._tasks), timeout=30)
    return await in_database_thread(lambda: Message.objects.get(id=started.reply))


def _only(*names):
    """Make these the only models, in the order that Auto takes them."""
    Model.objects.all().delete()
    for rank, name in enumerate(names):
        Model.objects.create(name=name, provider=name.partition("/")[0], rank=rank, available=True)


async def standing(budget):
    (found,) = await in_database_thread(lambda: budgets.standings(Budget.objects.filter(pk=budget.pk)))
    return found


async def test_a_turn_is_held_before_and_settled_after(upstream, site, alice):
    reply = await answered(alice, PRICED)
    assert (reply.status, reply.error) == (Message.Status.COMPLETE, "")
    reservation = await in_database_thread(lambda: Reservation.objects.get(reply=reply.id))
    assert reservation.amount > Decimal("0.01")
    entry = await in_database_thread(UsageEntry.objects.get)
    assert entry.route == "chosen by you"
    found = await standing(site)
    assert (found.spent, found.held) == (entry.cost, 0)
    assert entry.cost > 0
    assert entry.price_version
    assert (await in_database_thread(recomputing.recompute)).differences == ()


async def test_over_a_hard_budget_nothing_is_sent_and_the_reply_says_so(upstream, site, alice):
    await in_database_thread(lambda: Budget.objects.update(amount="0.01"))
    reply = await answered(alice, PRICED)
    assert (reply.status, reply.error_code) == (Message.Status.FAILED, "over_budget")
    assert "Nothing was sent" in reply.error
    assert "local model" in reply.error
    assert upstream.requests() == []
    assert await in_database_thread(UsageEntry.objects.count) == 0
    found = await standing(site)
    assert (found.spent, found.held) == (0, 0)


async def test_a_local_model_answers_though_nothing_is_left(upstream, site, alice, settings):
    await in_database_thread(lambda: Budget.objects.update(amount=0))
    settings.LOCAL_HOSTS = ["127.0.0.0/8"]
    assert (await answered(alice, UNPRICED)).status == Message.Status.COMPLETE
    assert (await answered(alice, "quotes")).status == Message.Status.COMPLETE


async def test_a_model_without_a_price_is_refused_under_a_hard_budget_and_answers_under_none(upstream, site, alice):
    assert (await answered(alice, UNPRICED)).error_code == "over_budget"
    assert upstream.requests() == []
    await in_database_thread(lambda: site.delete())
    assert (await answered(alice, UNPRICED)).status == Message.Status.COMPLETE


async def test_what_a_person_asks_counts_for_the_team_that_pays(upstream, site, alice):
    team = await in_database_thread(lambda: Team.objects.create(name="Library"))
    alice.billing_team = team
    await in_database_thread(alice.save)
    of_team = await in_database_thread(
        lambda: Budget.objects.create(scope="team", team=team, period="day", amount="0.01")
    )
    assert "the budget of the team Library" in (await answered(alice, PRICED)).error
    await in_database_thread(of_team.delete)
    assert (await answered(alice, PRICED)).status == Message.Status.COMPLETE


async def test_who_stops_the_second_model_leaves_the_failure_of_the_first_in_the_ledger(
    upstream, models, alice, settings
):
    settings.LOCAL_HOSTS = ["127.0.0.0/8"]
    await in_database_thread(_only, "hosted_vllm/fail-broken", "hosted_vllm/t900-r50")
    started = await in_database_thread(storage.post, alice, None, "How long?", "auto", ("none",))
    ending = runner.start(started, runner.ReplyOpening("How long?"))
    # The first model's failure is told before the second is asked: only two requests say that the second runs.
    assert await asyncio.to_thread(eventually, lambda: len(upstream.requests()) == 2, seconds=20)
    await runner.stop(started.reply)
    assert (await ending).status == Message.Status.STOPPED
    statuses = await in_database_thread(
        lambda: list(UsageEntry.objects.order_by("id").values_list("status", flat=True))
    )
    assert statuses == ["upstream_error", "stopped"]
