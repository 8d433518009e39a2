"""The usage pages: what a person used, and for admins what everybody used; both also as files."""

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from channels.db import database_sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import signed_in
from langai_site.audit.recording import record
from langai_site.errors import InvalidError, NotFoundError
from langai_site.usage.reports import access, answering, asked, choosing, exporting, showing, talks
from langai_site.usage.reports.asked import ReportRequest
from langai_site.usage.reports.periods import step_for
from langai_site.usage.spending import budgets, notices

# The default grouping of reports besides the time.
USUAL = ("model",)
# How many rows of a file are made at a time.
ROWS = 500


@require_safe
@costly
@vary_on_headers("HX-Target")
def mine(request: HttpRequest) -> HttpResponse:
    """Show what the person used: by time, by model, by conversation; and how their budgets stand."""
    user = signed_in(request)
    question = _read_request(request, access.whose(user))
    query = replace(question.query, step=step_for(question.days), by=(), only=())
    by_time, by_model = answering.report(query), answering.report(replace(query, step="", by=("model",)))
    found = talks.by_conversation(query, question.page)
    context = {
        "total": showing.summary(by_time),
        "budgets": [showing.gauge(standing) for standing in notices.standings(user)],
        "by_time": showing.section(by_time, question.measure, latest_first=True),
        "by_model": showing.section(by_model, question.measure),
        "talks": found,
        "previous_url": question.address(page=found.page - 1) if found.page > 1 else "",
        "next_url": question.address(page=found.page + 1) if found.page < found.pages else "",
    }
    return _page(request, "mine", question, user, context)


@require_safe
@costly
@vary_on_headers("HX-Target")
def everybody(request: HttpRequest) -> HttpResponse:
    """Show what everybody used, grouped as the admin asks: figures, never texts."""
    user = signed_in(request)
    question = _read_request(request, access.whose(user, everybody=True))
    report = answering.report(question.query, longest=answering.LONGEST)
    context = {
        "total": showing.summary(report),
        "section": showing.section(report, question.measure, question),
        "too_long": report.too_long,
        "longest": answering.LONGEST,
        "groups": choosing.groups(question),
        "filters": choosing.filters(question.query),
        "without_filters": question.address(query=replace(question.query, only=())),
    }
    return _page(request, "everybody", question, user, context)


@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    """Show the notice about the person's budgets, for pages that stay open."""
    return render(request, "usage/notice.html", {"budget_notice": notices.budget_notice(signed_in(request))})


@require_safe
@costly
def my_file(request: HttpRequest, rows: str, form: str) -> StreamingHttpResponse:
    return _file(_read_request(request, access.whose(signed_in(request))), rows, form, "own usage")


@require_safe
@costly
def file_of_everybody(request: HttpRequest, rows: str, form: str) -> StreamingHttpResponse:
    return _file(
        _read_request(request, access.whose(signed_in(request), everybody=True)), rows, form, "everybody's usage"
    )


def _read_request(request: HttpRequest, user_id: int | None) -> ReportRequest:
    return asked.read(request.GET, user_id=user_id, today=budgets.today(), by=USUAL)


def _page(
    request: HttpRequest, name: str, question: ReportRequest, user: User, context: dict[str, Any]
) -> HttpResponse:
    """Render the page, or only its report for htmx; the browser then shows the address of the request."""
    part = request.headers.get("HX-Target") == "report"
    context |= {
        "asked": question,
        "periods": choosing.periods(question),
        "files": choosing.files(name, question),
        "reads_everybody": access.reads_everybody(user),
        "part": part,
    }
    response = render(request, f"usage/{name}.html{'#report' if part else ''}", context)
    if part:
        response["HX-Push-Url"] = request.path + question.address(page=question.page)
    return response


def _file(question: ReportRequest, rows: str, form: str, of: str) -> StreamingHttpResponse:
    """Stream all lines of the report, or each of its entries. Raises NotFoundError for another kind of file."""
    if rows not in choosing.FILES or form not in exporting.FORMATS:
        raise NotFoundError(_("There is no such file. Go back to the usage page and choose one there."))
    if question.problem:
        raise InvalidError(question.problem)
    record("usage.export", fields=[of, rows, form])
    pieces = exporting.written(question.query, rows, form)
    name = f"usage-{rows}-{question.query.start}-{question.query.end}.{form}"
    headers = {
        "Content-Disposition": content_disposition_header(True, name) or "attachment",
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(_streamed(pieces), content_type=exporting.FORMATS[form], headers=headers)


async def _streamed(pieces: Iterator[str]) -> AsyncIterator[bytes]:
    """Yield some rows at a time, each time on a thread that gives its connection back: a reader may be slow."""
    some = database_sync_to_async(lambda: "".join(itertools.islice(pieces, ROWS)), thread_sensitive=False)
    while text := await some():
        yield text.encode()
