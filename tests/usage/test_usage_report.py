"""`manage.py usage_report`: what cron writes down."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from langai_site.usage.types import Caller
from tests.usage.conftest import entered

pytestmark = pytest.mark.django_db

MARCH = ("--from", "2026-03-01", "--to", "2026-03-31")


@pytest.fixture(autouse=True)
def _some_use():
    for day, name, team, cost in (
        (2, "alice", "Law", "0.1"),
        (3, "alice", "Law", "0.2"),
        (3, "bob", "", "0.000000004"),
    ):
        caller = Caller(user_id=1, username=name, team=team)
        entered(at=datetime(2026, 3, day, 12, tzinfo=UTC), caller=caller, cost=Decimal(cost))


def report(*options):
    out = io.StringIO()
    call_command("usage_report", *MARCH, *options, stdout=out)
    return out.getvalue()


def test_a_table_has_a_line_for_each_group_and_the_exact_total():
    lines = report("--group", "day,user").splitlines()
    assert lines[0].split()[:3] == ["Day", "Person", "Cost"]
    assert [line.split()[:4] for line in lines[1:-1]] == [
        ["2", "Mar", "2026", "alice"],
        ["3", "Mar", "2026", "alice"],
        ["3", "Mar", "2026", "bob"],
    ]
    assert lines[-1].split()[:2] == ["Total", "$0.300000004"]


def test_csv_and_json_come_to_the_same():
    rows = list(csv.DictReader(io.StringIO(report("--group", "user", "--format", "csv"), newline="")))
    assert [(row["user"], Decimal(row["cost"])) for row in rows] == [
        ("alice", Decimal("0.3")),
        ("bob", Decimal("0.000000004")),
    ]
    told = json.loads(report("--group", "user", "--format", "json"))
    assert told["total"]["cost"] == "0.300000004"
    assert told["from"] == "2026-03-01"


def test_one_person_or_one_team_can_be_asked_for():
    assert report("--user", "bob").splitlines()[-1].split()[1] == "$0.000000004"
    assert report("--team", "Law", "--group", "month").splitlines()[-1].split()[1] == "$0.30"


def test_without_a_group_there_is_one_total():
    assert report("--group", "", "--format", "csv").splitlines()[1].startswith("3,3,0,300,60,15,0.300000004")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--group", "planet"), "cannot group by"),
        (("--group", "day,week"), "not by several"),
        (("--from", "soon"), "like 2026-03-31"),
    ],
)
def test_what_makes_no_sense_is_told_of(options, told):
    with pytest.raises(CommandError, match=told):
        report(*options)


def test_this_month_is_meant_where_nothing_is_said():
    entered(cost=Decimal("7"))
    out = io.StringIO()
    call_command("usage_report", stdout=out)
    assert out.getvalue().splitlines()[-1].split()[1] == "$7.00"
