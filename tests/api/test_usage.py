"""/api/usage: one's own figures, and everybody's for those who may see the ledger."""

import asyncio
import threading
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from langai_site.accounts.keys import Credential
from langai_site.accounts.models import Team, User
from langai_site.accounts.scopes import ALL, Scope
from langai_site.database.writer import in_database_thread
from langai_site.usage import api
from langai_site.usage.ledger import sealing
from langai_site.usage.models import Budget
from langai_site.usage.reports import rollup
from langai_site.usage.spending import budgets
from langai_site.usage.types import Caller
from tests.api.conftest import error_of, program_of
from tests.usage.conftest import entered


@pytest.fixture
def ledger(alice, bob):
    """Enter calls: Alice asked two models, one of them two days ago, and Bob asked one without a price."""
    budgets.forget()
    library = Team.objects.create(name="Library")
    User.objects.filter(pk=alice.pk).update(billing_team=library)
    hers, his = (
        Caller(user_id=user.pk, username=user.username, team=team) for user, team in ((alice, "Library"), (bob, ""))
    )
    entered(caller=hers, model="a", cost=Decimal("0.1"))
    entered(caller=hers, model="b", cost=Decimal("0.2"), at=timezone.now() - timedelta(days=2))
    entered(caller=his, model="a", cost=None)


def days(before=0):
    return str(date.today() - timedelta(days=before))


async def test_my_figures_are_mine_alone_and_right_to_the_cent(alice, ledger):
    program = await program_of(alice, Scope.USAGE)
    mine = (await program.get("/api/usage", since=days(5))).json()
    assert (mine["since"], mine["until"]) == (days(5), days())
    assert (mine["totals"]["entries"], mine["totals"]["cost"], mine["totals"]["unpriced"]) == (2, 0.3, 0)
    assert (mine["totals"]["input_tokens"], mine["totals"]["output_tokens"]) == (200, 40)
    assert [(group["name"], group["cost"]) for group in mine["groups"]] == [("a", 0.1), ("b", 0.2)]


async def test_days_are_those_asked_for(alice, ledger):
    program = await program_of(alice, Scope.USAGE)
    today = (await program.get("/api/usage", since=days())).json()
    assert today["totals"]["entries"] == 1
    before = (await program.get("/api/usage", since=days(3), until=days(1), by="day")).json()
    assert [group["name"] for group in before["groups"]] == [days(2)]
    for wrong in ({"since": days(), "until": days(1)}, {"since": "0001-01-01"}, {"until": "9999-12-31"}):
        assert error_of(await program.get("/api/usage", **wrong)) == (400, "invalid")
    assert error_of(await program.get("/api/usage", since="yesterday")) == (422, "unreadable")


async def test_without_days_it_is_this_month(alice, ledger):
    found = (await (await program_of(alice)).get("/api/usage")).json()
    assert found["since"] == str(date.today().replace(day=1))


async def test_my_budgets_stand_beside(alice, ledger):
    await Budget.objects.acreate(scope="user", user=alice, period="month", amount=Decimal(5))
    (budget,) = (await (await program_of(alice)).get("/api/usage")).json()["budgets"]
    assert (budget["scope"], budget["period"], budget["limit"], budget["hard"]) == ("user", "month", 5, True)
    assert datetime.fromisoformat(budget["ends"]).day == 1


async def test_everybodys_figures_are_for_who_may_see_the_ledger(alice, ledger):
    program = await program_of(alice)
    assert error_of(await program.get("/api/usage/all")) == (403, "forbidden")
    await User.objects.filter(pk=alice.pk).aupdate(is_superuser=True)
    everybodys = (await program.get("/api/usage/all", since=days(5))).json()
    assert [(group["name"], group["entries"]) for group in everybodys["groups"]] == [("alice", 2), ("bob", 1)]
    assert (everybodys["totals"]["entries"], everybodys["totals"]["unpriced"]) == (3, 1)
    teams = (await program.get("/api/usage/all", since=days(5), by="team")).json()["groups"]
    assert [group["name"] for group in teams] == ["", "Library"]


async def test_figures_stay_the_same_when_the_worker_has_added_them_up(alice, ledger):
    program = await program_of(alice)
    before = [(await program.get("/api/usage", since=days(5), by=by)).json() for by in ("model", "day")]
    await in_database_thread(sealing.seal)
    assert await in_database_thread(rollup.roll) == 3
    assert [(await program.get("/api/usage", since=days(5), by=by)).json() for by in ("model", "day")] == before


async def test_adding_up_the_ledger_holds_up_no_answer(alice, ledger, rf):
    request, go_on = rf.get("/api/usage"), threading.Event()
    request.auth = Credential(alice, ALL)
    busy = asyncio.create_task(in_database_thread(go_on.wait, 30))
    try:
        found = await asyncio.wait_for(api.mine(request, None, None, "model"), 20)
    finally:
        go_on.set()
    assert found["totals"]["entries"] >= 1
    assert await busy


async def test_the_scope_admin_alone_makes_nobody_an_admin(alice, ledger):
    program = await program_of(alice, Scope.ADMIN)
    assert error_of(await program.get("/api/usage/all")) == (403, "forbidden")
    assert error_of(await program.get("/api/usage")) == (403, "forbidden")
    assert await in_database_thread(lambda: alice.has_perm("usage.view_usageentry")) is False
