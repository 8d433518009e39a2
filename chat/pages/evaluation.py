"""The pages with the test cases of a collection, and the actions that keep them. They only call services."""

import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.answer_tests import showing
from chat.evaluation import cases, editing, exchange
from chat.evaluation.editing import CaseText
from chat.evaluation.exchange import ImportReport
from chat.models import EvalCase
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import signed_in
from langai_site.errors import ConflictError, InvalidError
from langai_site.numbers import grouped
from langai_site.sentences import drawn


@require_POST
def keep(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Keep the question of an answer as a test case."""
    case = cases.keep(signed_in(request), reply)
    messages.success(request, _("The question is kept with the documents that the answer cites."))
    return redirect("chat:eval-cases", case.collection_id)


@require_POST
def keep_shared(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Keep the question of an answer that was shared with the person as an owner, and show what can be changed."""
    case = editing.keep_shared(signed_in(request), reply)
    if case.is_ready:
        messages.success(request, _("The question is kept with the documents that the answer cites."))
    return redirect("chat:eval-case", case.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@costly
def case(request: HttpRequest, case: int) -> HttpResponse:
    """Show a test case with what can be changed of it; a post changes it."""
    user = signed_in(request)
    row = cases.access_case(user, case)
    refusal, status = "", 200
    if request.method == "POST":
        try:
            editing.change(user, case, _written(request.POST))
        except (ConflictError, InvalidError) as error:
            refusal, status = error.shown, error.status
        else:
            messages.success(request, _("The test case is changed. It runs within a minute."))
            return redirect("chat:eval-cases", row.collection_id)
    return render(request, "chat/eval_case.html", _context(row, request.POST) | {"refusal": refusal}, status=status)


def _written(form: QueryDict) -> CaseText:
    words = form.get("must_contain", "").splitlines()
    return CaseText(form.get("question", ""), form.getlist("documents"), form.get("added", ""), words)


def _context(row: EvalCase, posted: QueryDict) -> dict[str, Any]:
    kept = posted.getlist("documents") if posted else list(row.documents)
    values = {"question": row.question, "must_contain": "\n".join(row.must_contain), "added": ""}
    return {
        "case": row,
        "values": {name: posted.get(name, value) for name, value in values.items()},
        "documents": [(pk, title, pk in kept) for pk, title in row.documents.items()],
        "titles": editing.titles(row.collection_id),
        "question_max": cases.QUESTION_MAX,
    }


@require_safe
@costly
def collection(request: HttpRequest, collection: int) -> HttpResponse:
    """List the test cases of a collection with what the last run found."""
    return render(request, "chat/eval_cases.html", _of_collection(signed_in(request), collection))


def _of_collection(user: User, collection: int) -> dict[str, Any]:
    found = cases.of_collection(user, collection)
    answers = showing.of_cases(found.collection, found.rows)
    return {"found": found, "answers": answers, "rows": [(row, drawn(row.answer.error)) for row in answers.rows]}


@require_POST
def weekly(request: HttpRequest, collection: int) -> HttpResponse:
    """Have the test cases of a collection answered each week, or not any more."""
    is_on = "weekly" in request.POST
    showing.set_weekly(signed_in(request), collection, is_on=is_on)
    on, off = _("The test cases are answered each week."), _("The test cases are not answered any more.")
    messages.success(request, on if is_on else off)
    return redirect("chat:eval-cases", collection)


@require_POST
def run(request: HttpRequest, collection: int) -> HttpResponse:
    """Have the test cases of a collection run."""
    cases.request_run(signed_in(request), collection)
    messages.success(request, _("The test cases run within a minute. Reload this page then."))
    return redirect("chat:eval-cases", collection)


@require_POST
def remove(request: HttpRequest, case: int) -> HttpResponse:
    """Remove a test case."""
    collection = cases.remove(signed_in(request), case)
    messages.success(request, _("The test case is removed."))
    return redirect("chat:eval-cases", collection)


@require_safe
@costly
def exported(request: HttpRequest, collection: int) -> HttpResponse:
    """Send the test cases of a collection as a BEIR set; `texts=no` leaves out the documents' texts."""
    file = io.BytesIO()
    found = exchange.write(signed_in(request), collection, file, texts=request.GET.get("texts") != "no")
    headers = {"Content-Disposition": content_disposition_header(True, f"{found.name[:80]}.zip") or "attachment"}
    return HttpResponse(file.getvalue(), content_type="application/zip", headers=headers)


@require_POST
@costly
def imported(request: HttpRequest, collection: int) -> HttpResponse:
    """Add the questions of a BEIR set as test cases."""
    user, file = signed_in(request), request.FILES.get("file")
    try:
        if file is None:
            raise InvalidError(_("Choose a ZIP file first."))
        report = exchange.read(user, collection, file)
    except InvalidError as error:
        context = _of_collection(user, collection) | {"refusal": error.shown}
        return render(request, "chat/eval_cases.html", context, status=error.status)
    messages.success(request, " ".join(_sentences(report)))
    return redirect("chat:eval-cases", collection)


def _sentences(report: ImportReport) -> Iterator[str]:
    """Say what an import did, and why questions were left out."""
    counts = (report.added, report.changed)
    yield _("Imported: %(added)s new test cases, %(changed)s changed.") % dict(
        zip(("added", "changed"), map(grouped, counts), strict=True)
    )
    left_out = {
        _("%(count)s name no document of this collection and no words."): report.without_document,
        _("%(count)s are empty, too long or no JSON."): report.unreadable,
        _("%(count)s are too many for one collection."): report.too_many,
    }
    yield from (sentence % {"count": grouped(count)} for sentence, count in left_out.items() if count)
