"""Adds, changes and removes the questions of a review table."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from chat.models import ReviewColumn
from chat.pages.reviews import REFUSED
from chat.reviews import tables
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import signed_in
from langai_site.errors import LangAIError

FORM = "chat/review_question.html"


@require_http_methods(["GET", "HEAD", "POST"])
@costly
def add(request: HttpRequest, table: UUID) -> HttpResponse:
    """Show the form for another question; a post adds it."""
    return _form(request, signed_in(request), table, None)


@require_http_methods(["GET", "HEAD", "POST"])
@costly
def change(request: HttpRequest, table: UUID, column: int) -> HttpResponse:
    """Show the form of a question; a post changes it."""
    user = signed_in(request)
    return _form(request, user, table, tables.access_column(tables.access_table(user, table), column))


def _form(request: HttpRequest, user: User, table: UUID, column: ReviewColumn | None) -> HttpResponse:
    row, sent, refusal, status = tables.access_table(user, table), request.POST, "", 200
    if request.method == "POST":
        try:
            pk = column.pk if column else None
            tables.save_column(user, table, pk, *(sent.get(name, "") for name in ("name", "question", "kind")))
        except LangAIError as error:
            if error.code not in REFUSED:
                raise
            refusal, status = error.shown, error.status
        else:
            return redirect("chat:review", table)
    context = {
        "table": row,
        "column": column,
        "values": {
            name: sent.get(name, getattr(column, name) if column else "") for name in ("name", "question", "kind")
        },
        "kinds": ReviewColumn.Kind.choices,
        "name_max": tables.COLUMN_MAX,
        "question_max": tables.QUESTION_MAX,
        "refusal": refusal,
    }
    return render(request, FORM, context, status=status)


@require_POST
def remove(request: HttpRequest, table: UUID, column: int) -> HttpResponse:
    try:
        tables.remove_column(signed_in(request), table, column)
    except LangAIError as error:
        if error.code not in REFUSED:
            raise
        messages.error(request, error.shown)
    else:
        messages.info(request, _("The question and its answers are removed."))
    return redirect("chat:review", table)
