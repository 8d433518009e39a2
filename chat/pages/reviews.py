"""Pages of review tables: the list, a table, one of its cells, and the files that it is exported as."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.models import ReviewColumn, ReviewTable
from chat.pages.change_words import age
from chat.pages.model_words import dollars
from chat.reviews import exporting, filling, pricing, showing, tables
from chat.reviews.showing import ReviewOrder, ShownTable
from langai_site.accounts.limits import costly
from langai_site.accounts.session import signed_in
from langai_site.audit.recording import record
from langai_site.errors import LangAIError, NotFoundError
from langai_site.sentences import drawn
from search.access import library_collections

LIST, TABLE, FILL, CELL = (f"chat/review_{name}.html" for name in ("tables", "table", "fill", "cell"))
REFUSED = frozenset({"invalid", "conflict", "over_budget"})
WORDS_MAX = 200


@require_http_methods(["GET", "HEAD", "POST"])
@costly
def tables_page(request: HttpRequest) -> HttpResponse:
    """Show a person's tables; a post makes one from a collection."""
    user, refusal, status = signed_in(request), "", 200
    chosen = request.POST.get("collection", request.GET.get("collection", ""))
    if request.method == "POST":
        try:
            table = tables.create(user, request.POST.get("name", ""), _number(chosen) or 0)
        except LangAIError as error:
            if error.code not in REFUSED:
                raise
            refusal, status = error.shown, error.status
        else:
            return redirect("chat:review", table.pk)
    context = {
        "tables": tables.of_person(user),
        "collections": library_collections(user).order_by("name"),
        "chosen": chosen,
        "name": request.POST.get("name", ""),
        "refusal": refusal,
    }
    return render(request, LIST, context, status=status)


@require_safe
@costly
def table_page(request: HttpRequest, table: UUID) -> HttpResponse:
    """Show a table, a page of rows at a time."""
    user = signed_in(request)
    row, order = tables.access_table(user, table), _order(request.GET)
    found = showing.shown(user, row, order)
    return render(request, TABLE, table_context(found, order, request.GET.get("rows", "")))


def table_context(found: ShownTable, order: ReviewOrder, page: str = "") -> dict[str, Any]:
    """Return what the page of a table shows."""
    return {
        "found": found,
        "table": found.table,
        "note": drawn(found.table.note),
        "order": order,
        "page": Paginator(found.rows, showing.ROWS_A_PAGE).get_page(page),
        "query": urlencode({name: value for name, value in _written(order).items() if value}),
        "kinds": ReviewColumn.Kind.choices,
        "is_running": found.table.status == ReviewTable.Status.RUNNING,
    }


def _order(sent: QueryDict) -> ReviewOrder:
    return ReviewOrder(
        column=_number(sent.get("sort", "")),
        descending=sent.get("down") == "1",
        doubtful=sent.get("doubtful") == "1",
        words=sent.get("q", "").strip()[:WORDS_MAX],
    )


def _written(order: ReviewOrder) -> dict[str, object]:
    return {
        "sort": order.column,
        "down": "1" if order.descending else "",
        "doubtful": "1" if order.doubtful else "",
        "q": order.words,
    }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@require_http_methods(["GET", "HEAD", "POST"])
@costly
def fill(request: HttpRequest, table: UUID) -> HttpResponse:
    """Show what filling the table would ask and cost; a post starts it."""
    user, refusal, status = signed_in(request), "", 200
    row = tables.access_table(user, table)
    if request.method == "POST":
        try:
            if not filling.start(user, table).due:
                messages.info(request, _("Every cell has its answer already."))
        except LangAIError as error:
            if error.code not in REFUSED:
                raise
            refusal, status = error.shown, error.status
        else:
            return redirect("chat:review", table)
    found = pricing.estimate(user, row)
    context = {
        "table": row,
        "found": found,
        "least": dollars(found.least),
        "has_price": bool(found.most),
        "most": None if found.most is None else dollars(found.most),
        "models": found.models.most_common(),
        "refused": [(drawn(why), count) for why, count in found.refused.most_common()],
        "refusal": refusal,
    }
    return render(request, FILL, context, status=status)


@require_POST
def stop(request: HttpRequest, table: UUID) -> HttpResponse:
    filling.stop(signed_in(request), table)
    messages.info(request, _("Stopped. What is answered stays; fill the table again to go on."))
    return redirect("chat:review", table)


@require_POST
def add_documents(request: HttpRequest, table: UUID) -> HttpResponse:
    """Add what has come to the collection since."""
    try:
        count = tables.add_new_documents(signed_in(request), table)
    except LangAIError as error:
        if error.code not in REFUSED:
            raise
        messages.error(request, error.shown)
    else:
        words = ngettext("%(count)s document added.", "%(count)s documents added.", count)
        messages.info(request, words % {"count": count} if count else _("There are no new documents."))
    return redirect("chat:review", table)


@require_POST
def rename(request: HttpRequest, table: UUID) -> HttpResponse:
    try:
        tables.rename(signed_in(request), table, request.POST.get("name", ""))
    except LangAIError as error:
        if error.code not in REFUSED:
            raise
        messages.error(request, error.shown)
    return redirect("chat:review", table)


@require_POST
def remove_row(request: HttpRequest, table: UUID, row: int) -> HttpResponse:
    tables.remove_row(signed_in(request), table, row)
    messages.info(request, _("The document is no longer in this table."))
    return redirect("chat:review", table)


@require_POST
def delete(request: HttpRequest, table: UUID) -> HttpResponse:
    tables.delete(signed_in(request), table)
    messages.success(request, _("The review table is deleted."))
    return redirect("chat:reviews")


@require_http_methods(["GET", "HEAD", "POST"])
@costly
def cell_page(request: HttpRequest, table: UUID, cell: int) -> HttpResponse:
    """Show how a cell was answered, with its sources; a post corrects it by hand, or takes the correction away."""
    user, refusal, status = signed_in(request), "", 200
    if request.method == "POST":
        try:
            text = None if "undo" in request.POST else request.POST.get("text", "")
            tables.correct(user, table, cell, text)
        except LangAIError as error:
            if error.code not in REFUSED:
                raise
            refusal, status = error.shown, error.status
        else:
            return redirect("chat:review-cell", table, cell)
    found, source = tables.access_cell(user, table, cell)
    outdated = pricing.is_outdated(found, found.column, source)
    context = {
        "cell": found,
        "source": source,
        "table": found.row.table,
        "value": exporting.value_words(found.value, found.column.kind),
        "state": exporting.state_words(found, outdated=outdated),
        "error": drawn(found.error),
        "places": [(one, exporting.place_of(one), _age(one)) for one in found.citations],
        "written": request.POST.get("text", found.shown),
        "refusal": refusal,
        "text_max": tables.CORRECTION_MAX,
    }
    return render(request, CELL, context, status=status)


def _age(citation: Mapping[str, Any]) -> str:
    dated = citation.get("dated")
    return age(date.fromisoformat(dated) if dated else None, timezone.localdate())


@require_safe
@costly
def exported(request: HttpRequest, table: UUID, kind: str) -> HttpResponse:
    """Send the table as it is sorted and filtered, as a CSV file or a workbook."""
    user = signed_in(request)
    row = tables.access_table(user, table)
    if kind not in ("csv", "xlsx"):
        raise NotFoundError(_("A review table can be exported as CSV or XLSX."))
    found = showing.shown(user, row, _order(request.GET))
    link = request.build_absolute_uri("/").rstrip("/")
    is_csv = kind == "csv"
    body = exporting.as_csv(found, link) if is_csv else exporting.as_xlsx(found, link)
    record("review.export", "review", row.pk)
    headers = {"Content-Disposition": content_disposition_header(True, f"{row.name}.{kind}") or "attachment"}
    return HttpResponse(body, content_type=exporting.CSV if is_csv else exporting.XLSX, headers=headers)
