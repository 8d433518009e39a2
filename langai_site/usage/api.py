"""The API for reading usage: one's own, and everybody's for those who may read the ledger."""

from dataclasses import asdict
from datetime import date
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.params.functions import Query

from langai_site.accounts.doors import door, person_of
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import apart
from langai_site.usage import figures
from langai_site.usage.callers import caller_of
from langai_site.usage.figures import DaySpan
from langai_site.usage.reports import access
from langai_site.usage.reports.types import Figures as Sums
from langai_site.usage.spending import budgets
from langai_site.web.api_errors import documented

router = Router(tags=["Usage"])
Grouping = Literal["model", "user", "team", "day"]
DAY = Query(None, description="The default is the first day of this month for `since`, today for `until`.")


class Totals(Schema):
    """Costs in US dollars; `cost` is that of the priced entries, `saved` what cached answers would have cost."""

    entries: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: float
    saved: float


class Group(Totals):
    """The entries that have `name` in common."""

    name: str


class BudgetOut(Schema):
    """One budget that applies to you, in US dollars; `ends` is the first day after it."""

    scope: str
    period: str
    hard: bool
    limit: float
    spent: float
    held: float
    left: float
    ends: date


class Figures(Schema):
    """What was used from `since` to `until`, both included."""

    since: date
    until: date
    totals: Totals
    groups: list[Group]


class MyFigures(Figures):
    budgets: list[BudgetOut]


@router.get("", auth=door(Scope.USAGE), response={200: MyFigures} | documented())
async def mine(
    request: HttpRequest, since: date | None = DAY, until: date | None = DAY, by: Literal["model", "day"] = "model"
) -> dict[str, Any]:
    """What you used, by model or by day, and how your budgets stand."""
    return await apart(_mine, person_of(request), figures.span(since, until), by)


def _mine(user: User, span: DaySpan, by: Grouping) -> dict[str, Any]:
    applying = budgets.applying(user.pk, caller_of(user, "api").team)
    return _figures(span, by, access.whose(user)) | {"budgets": budgets.standings(applying)}


@router.get("/all", auth=door(Scope.ADMIN), response={200: Figures} | documented())
async def everybodys(
    request: HttpRequest, since: date | None = DAY, until: date | None = DAY, by: Grouping = "user"
) -> dict[str, Any]:
    """What everybody used, for those who may read the ledger."""
    return await apart(_everybodys, person_of(request), figures.span(since, until), by)


def _everybodys(user: User, span: DaySpan, by: Grouping) -> dict[str, Any]:
    return _figures(span, by, access.whose(user, everybody=True))


def _figures(span: DaySpan, by: Grouping, user_id: int | None) -> dict[str, Any]:
    report = figures.report(span, by, user_id)
    groups = [{"name": report.query.written(line.key)[0]} | _totals(line.figures) for line in report.lines]
    return {"since": span.since, "until": span.until, "totals": _totals(report.total), "groups": groups}


def _totals(found: Sums) -> dict[str, Any]:
    return {**asdict(found), "cost": found.cost_dollars, "saved": found.saved_dollars}
