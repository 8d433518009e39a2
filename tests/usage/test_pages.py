"""The usage pages: everybody sees their own, admins all figures, and nobody what others said."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation
from langai_site.accounts.models import Team, User
from langai_site.usage.models import Budget, UsageEntry
from langai_site.usage.reports import exporting
from langai_site.usage.types import Caller, Usage
from tests.usage.conftest import entered

pytestmark = pytest.mark.django_db(transaction=True)

MINE, EVERYBODY = "/usage/", "/usage/everybody/"
FILES = ("lines.csv", "lines.json", "entries.csv", "entries.json")


@pytest.fixture
def law():
    return Team.objects.create(name="Law")


@pytest.fixture
def alice(law):
    return User.objects.create_user("alice", billing_team=law)


@pytest.fixture
def bob():
    return User.objects.create_user("bob")


@pytest.fixture
def admin():
    return User.objects.create_superuser("admin")


def browser(user):
    browser = Client()
    browser.force_login(user)
    return browser


def used(user, cost="0.000000001", **changes):
    """One call of this person's; `cost` None: unpriced."""
    caller = Caller(user.pk, user.username, user.billing_team.name if user.billing_team else "", uuid4(), uuid4())
    priced = None if cost is None else Decimal(cost)
    return entered(**({"caller": caller, "cost": priced} | changes))


def text_of(response):
    assert response.status_code == 200
    return b"".join(response).decode() if response.streaming else response.text


def rows_of(response):
    return list(csv.DictReader(io.StringIO(text_of(response), newline="")))


def test_each_person_sees_what_is_their_own_and_nothing_of_others(alice, bob):
    used(alice, "1.25", model="openai/hers")
    used(bob, "77.77", model="openai/secretly-his")
    page = text_of(browser(alice).get(MINE))
    assert "$1.25" in page
    assert "openai/hers" in page
    for address in (MINE, f"{MINE}?user=bob", f"{MINE}?by=user", *(f"{MINE}{file}?by=user&user=bob" for file in FILES)):
        shown = text_of(browser(alice).get(address))
        assert "77.77" not in shown
        assert "secretly-his" not in shown


def test_only_admins_see_what_everybody_used(alice, bob, admin):
    used(bob, "77.77")
    clerk = User.objects.create_user("clerk", is_staff=True)
    addresses = (EVERYBODY, *(f"{EVERYBODY}{file}" for file in FILES))
    for person in (alice, clerk):
        for address in addresses:
            refused = browser(person).get(address)
            assert refused.status_code == 403
            assert b"77.77" not in refused.content
        assert EVERYBODY not in text_of(browser(person).get(MINE))
    clerk.user_permissions.add(Permission.objects.get(codename="view_usageentry"))
    for person in (admin, clerk):
        assert EVERYBODY in text_of(browser(person).get(MINE))
        for address in addresses:
            assert "77.77" in text_of(browser(person).get(address))


def test_who_is_not_signed_in_is_sent_to_sign_in():
    for address in (MINE, EVERYBODY, f"{MINE}lines.csv", f"{EVERYBODY}entries.json", reverse("usage:notice")):
        assert Client().get(address).url.startswith("/accounts/login/")


def test_admins_see_figures_and_never_a_title(alice, admin):
    conversation = Conversation.objects.create(owner=alice, title="My salary")
    used(alice, "2", caller=Caller(alice.pk, "alice", conversation=conversation.id))
    assert "My salary" in text_of(browser(alice).get(MINE))
    for address in (MINE, EVERYBODY, *(f"{EVERYBODY}{file}" for file in FILES)):
        assert "My salary" not in text_of(browser(admin).get(address))


def test_conversations_are_named_and_linked_while_they_are_there(alice, bob):
    mine, gone, others = (
        Conversation.objects.create(owner=alice, title="Mine <b>"),
        Conversation.objects.create(owner=alice, title="Gone", deleted_at=timezone.now()),
        Conversation.objects.create(owner=bob, title="Bob's"),
    )
    for conversation in (mine, gone, others):
        used(alice, caller=Caller(alice.pk, "alice", conversation=conversation.id))
    used(alice, caller=Caller(alice.pk, "alice"))
    page = text_of(browser(alice).get(MINE))
    assert f'href="{reverse("chat:conversation", args=[mine.id])}"' in page
    assert "Mine &lt;b&gt;" in page
    assert page.count("A deleted conversation") == 2
    assert "Outside of conversations" in page
    assert "Gone" not in page
    assert "Bob" not in page


def test_many_conversations_are_shown_page_by_page(alice):
    for _ in range(25):
        used(alice)
    first, second = (text_of(browser(alice).get(f"{MINE}?page={page}")) for page in (1, 9))
    assert first.count("A deleted conversation") == 20
    assert 'rel="next"' in first
    assert second.count("A deleted conversation") == 5
    assert 'rel="prev"' in second


def test_a_page_without_usage_says_so(alice, admin):
    assert "You have not used anything in this time" in text_of(browser(alice).get(MINE))
    assert "Nobody has used anything in this time" in text_of(browser(admin).get(EVERYBODY))
    used(alice)
    assert "that fits these filters" in text_of(browser(admin).get(f"{EVERYBODY}?user=nobody-here"))


def test_what_has_no_price_is_shown_as_such_and_counted_beside_the_total(alice, admin):
    used(alice, None)
    assert "no price" in text_of(browser(alice).get(MINE))
    used(alice, "0.25")
    for page in (text_of(browser(alice).get(MINE)), text_of(browser(admin).get(EVERYBODY))):
        assert "$0.25 + 1 without a price" in page
        assert "and 1 call without a price" in page


def test_budgets_stand_on_the_page_and_their_notice_on_the_chats(alice, bob, law):
    Budget.objects.create(scope="team", team=law, amount=2, period="month")
    assert "The budget" not in text_of(browser(alice).get("/"))
    used(alice, "1.7")
    page = text_of(browser(alice).get(MINE))
    assert "The budget of the team Law for this month" in page
    assert "$1.70 of $2.00 spent" in page
    assert "85 % used" in page
    told = "The budget of the team Law for this month is 80 % used: $0.30 is left."
    assert told in text_of(browser(alice).get("/"))
    assert told in text_of(browser(alice).get(reverse("usage:notice")))
    assert "The budget" not in text_of(browser(bob).get("/"))


def test_without_budgets_the_chats_page_asks_for_no_notice(alice):
    assert reverse("usage:notice") not in text_of(browser(alice).get("/"))


def test_a_report_goes_by_what_is_asked_and_its_address_can_be_shared(alice, bob, admin):
    used(alice, "1", model="openai/a")
    used(alice, "2", model="openai/b", route="auto: hard → strong")
    used(bob, "4", model="openai/b")
    visit = browser(admin)
    response = visit.get(EVERYBODY, {"step": "none", "by": "user", "model": "openai/b"})
    rows = response.context["section"].table.rows
    assert [(row.names, row.cells[0]) for row in rows] == [(("bob",), "$4.00"), (("alice",), "$2.00")]
    again = visit.get(EVERYBODY + response.context["asked"].address())
    assert again.context["section"].table.rows == rows
    # A line leads to its own days.
    alone = visit.get(EVERYBODY + rows[1].url)
    assert dict(alone.context["asked"].query.only) == {"model": "openai/b", "user": "alice"}
    assert alone.context["total"].cost == "$2.00"


@pytest.mark.parametrize("by", ["user", "team", "model", "provider", "hosted", "kind", "source", "label", "route"])
def test_each_dimension_can_be_grouped_and_filtered_by(by, alice, bob, admin):
    used(alice, "1", route="chosen")
    used(bob, "2", model="ollama/x", provider="ollama", hosted=False, kind="embedding", label=20)
    UsageEntry.objects.filter(username="bob").update(source="api")
    visit = browser(admin)
    rows = visit.get(EVERYBODY, {"step": "none", "by": by}).context["section"].table.rows
    assert len(rows) == 2
    for row in rows:
        found = visit.get(EVERYBODY + row.url)
        assert found.context["total"].cost == row.cells[0]
        assert "selected" in found.text


def test_columns_sort_and_long_reports_have_pages(alice, admin):
    for number in range(60):
        used(alice, f"0.{number + 1:02}", model=f"m{number:02}")
    visit = browser(admin)

    def names(**asked):
        return [row.names[0] for row in visit.get(EVERYBODY, {"step": "none", **asked}).context["section"].table.rows]

    assert names()[0] == "m59"
    assert len(names()) == 50
    assert names(page=2) == [f"m{number:02}" for number in range(9, -1, -1)]
    assert names(page=99) == names(page=2)
    assert names(sort="cost")[0] == "m00"
    assert names(sort="-key")[0] == "m59"
    table = visit.get(EVERYBODY, {"step": "none", "sort": "cost"}).context["section"].table
    assert [column.sorted for column in table.columns if column.sorted] == ["ascending"]
    # The total is that of all pages.
    assert table.total.cells[0] == f"${sum(range(1, 61)) / 100:.2f}"


def test_periods_are_days_of_the_time_zone_and_days_can_be_chosen(alice, admin):
    used(alice, "1", at=datetime(2026, 3, 31, 23, 59, tzinfo=UTC))
    used(alice, "2", at=datetime(2026, 4, 1, 0, 0, tzinfo=UTC))
    visit = browser(admin)
    found = visit.get(EVERYBODY, {"from": "2026-03-01", "to": "2026-03-31"})
    assert found.context["total"].cost == "$1.00"
    assert found.context["asked"].period == ""
    assert visit.get(EVERYBODY, {"period": "today"}).context["total"].cost == "$0"
    assert visit.get(EVERYBODY, {"from": "2026-03-01"}).context["total"].cost == "$3.00"


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "first day is after the last"),
        ({"from": "yesterday"}, "like 2026-03-31"),
        ({"to": "0001-01-01"}, "like 2026-03-31"),
        ({"label": "secret"}, "is not a valid label"),
    ],
)
def test_an_address_that_makes_no_sense_is_told_of(days, told, admin):
    visit = browser(admin)
    assert told in text_of(visit.get(EVERYBODY, days))
    assert visit.get(f"{EVERYBODY}lines.csv", days).status_code == 400


def test_htmx_gets_the_report_alone_and_the_address_to_show(alice, admin):
    used(alice)
    for address in (MINE, EVERYBODY):
        response = browser(admin).get(f"{address}?period=month", headers={"HX-Request": "true", "HX-Target": "report"})
        assert "<html" not in response.text
        assert response["HX-Push-Url"] == f"{address}?period=month"


def test_files_come_to_what_the_page_comes_to_to_the_last_digit(alice, bob, admin):
    for number in range(1, 40):
        used(alice if number % 3 else bob, f"0.{number:09}", cached=number % 5 == 0, saved=Decimal("0.000000007"))
    used(bob, None)
    visit = browser(admin)
    total = visit.get(EVERYBODY).context["total"]
    assert total.exact_cost == "$0.00000078"
    for rows in ("lines", "entries"):
        written = rows_of(visit.get(f"{EVERYBODY}{rows}.csv"))
        assert sum(Decimal(row["cost"] or 0) for row in written) == total.figures.cost_dollars
        assert sum(Decimal(row["saved"]) for row in written) == total.figures.saved_dollars
        assert sum(int(row["input_tokens"]) for row in written) == total.figures.input_tokens
        told = json.loads(text_of(visit.get(f"{EVERYBODY}{rows}.json")))
        assert Decimal(told["total"]["cost"]) == total.figures.cost_dollars
        assert told["total"]["unpriced"] == 1
        assert told["total"]["entries"] == 40
        assert len(told[rows]) == len(written)
    only_bob = rows_of(visit.get(f"{EVERYBODY}entries.csv?user=bob"))
    assert {row["user"] for row in only_bob} == {"bob"}


def test_entries_are_written_with_all_that_explains_a_cost(alice, admin):
    used(
        alice,
        "0.5",
        at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        usage=Usage(1000, 20, 5, estimated=True),
        route="auto: hard → strong",
        price_version="17",
    )
    (row,) = rows_of(browser(admin).get(f"{EVERYBODY}entries.csv?from=2026-03-01&to=2026-03-31"))
    assert row == {
        "time": "2026-03-02T12:00:00.000+00:00",
        "user": "alice",
        "team": "Law",
        "model": "openai/some",
        "provider": "openai",
        "place": "hosted",
        "kind": "chat",
        "source": "page",
        "label": "internal",
        "route_reason": "auto: hard → strong",
        "cached": "no",
        "input_tokens": "1000",
        "output_tokens": "20",
        "cached_tokens": "5",
        "estimated": "yes",
        "price_version": "17",
        "cost": "0.500000000",
        "saved": "0.000000000",
        "first_token_ms": "80",
        "duration_ms": "900",
        "status": "complete",
    }


def test_a_long_file_holds_each_entry_once_in_order(alice, monkeypatch):
    monkeypatch.setattr(exporting, "CHUNK", 7)
    same = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for number in range(30):
        used(alice, f"0.{number:02}", at=same if number % 2 else datetime(2026, 3, 2, 12, number, tzinfo=UTC))
    rows = rows_of(browser(alice).get(f"{MINE}entries.csv?from=2026-03-01&to=2026-03-31"))
    assert len({row["cost"] for row in rows}) == len(rows) == 30
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)


@pytest.fixture
def cookies_of_alice(alice):
    """Signed in, and with three calls."""
    for _ in range(3):
        used(alice)
    return browser(alice).cookies


async def test_a_file_is_streamed_to_the_servers_own_loop(cookies_of_alice, async_client):
    async_client.cookies = cookies_of_alice
    response = await async_client.get(f"{MINE}entries.csv")
    text = b"".join([piece async for piece in response]).decode()
    assert len(text.splitlines()) == 4


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "|x", "\uff1d1", "\tx", "\rx", " \ufeff=1"])
def test_names_that_a_spreadsheet_would_compute_are_written_as_text(name, alice, admin):
    used(alice, "-1.5", model=name, caller=Caller(alice.pk, name, name))
    for rows in ("lines", "entries"):
        (row,) = rows_of(browser(admin).get(f"{EVERYBODY}{rows}.csv?by=model"))
        assert row["model"] == f"'{name}"
        # A number stays one, whatever it begins with.
        assert Decimal(row["cost"]) == Decimal("-1.5")


def test_there_are_no_other_files(admin):
    for file in ("lines.xml", "budgets.csv"):
        assert browser(admin).get(EVERYBODY + file).status_code == 404


def test_very_large_numbers_can_be_read(alice, admin):
    used(alice, "1234567.891", usage=Usage(2_000_000_000, 1_000_000, 0))
    page = text_of(browser(admin).get(EVERYBODY))
    assert "$1,234,567.89" in page
    assert "$1,234,567.891" in page
    assert "2,001,000,000" in page


def test_charts_are_drawn_without_a_style_and_say_what_they_show(alice, bob, admin):
    used(alice, "1")
    used(bob, "3", model="openai/other")
    page = text_of(browser(admin).get(EVERYBODY))
    assert "style=" not in page
    assert "<title>Cost by model, each day</title>" in page
    assert "The highest is $4.00" in page
    assert "openai/other: $3.00" in page
    ranking = browser(admin).get(EVERYBODY, {"step": "none", "by": "user"})
    assert [(rank.name, rank.width) for rank in ranking.context["section"].chart.ranks] == [
        ("bob", "1000"),
        ("alice", "333.33"),
    ]
