"""Pages of verified answers: making one from an answer, reading it, changing it, and the list of a collection."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.gaps import access as gaps
from chat.llm.quotes import without_advice
from chat.markdown.rendering import render as rendered
from chat.models import VerifiedAnswer, VerifiedCitation
from chat.pages.change_words import age
from chat.pages.fragments import safe
from chat.verified import access, making, notices
from chat.verified.making import VerifiedText
from chat.verified.same_question import LONGEST
from langai_site.accounts.limits import costly
from langai_site.accounts.session import signed_in
from langai_site.errors import LangAIError
from langai_site.sensitivity import Sensitivity
from search.places import page_text, place_text

FORM, PAGE, LIST = "chat/verified_form.html", "chat/verified.html", "chat/verified_list.html"
REFUSED = frozenset({"invalid", "conflict"})


@require_http_methods(["GET", "HEAD", "POST"])
@costly
def verify(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Show the form that verifies an answer; a post makes the verified answer."""
    user = signed_in(request)
    row, collection = making.offered(user, reply)
    refusal, status = "", 200
    if request.method == "POST":
        try:
            made = making.create(user, reply, _written(request.POST))
        except LangAIError as error:
            if error.code not in REFUSED:
                raise
            refusal, status = error.shown, error.status
        else:
            messages.success(request, _("The answer is verified. Search finds it in a few seconds."))
            return redirect("chat:verified", made.pk)
    question = row.parent.text if row.parent else ""
    review_by = timezone.localdate() + timedelta(days=making.REVIEW_DAYS)
    question, text = " ".join(question.split()), without_advice(row.text)
    values = {"question": question, "variants": "", "text": text, "review_by": str(review_by)}
    context = {"collection": collection, "back_url": reverse("chat:reply", args=[reply]), "refusal": refusal}
    context |= {"citations": row.citations.all(), "keep_url": reverse("chat:eval-keep", args=[reply])}
    return _form(request, context, values, status)


@require_http_methods(["GET", "HEAD", "POST"])
@costly
def change(request: HttpRequest, answer: UUID) -> HttpResponse:
    """Show the form that changes an answer or verifies it again; a post does so."""
    user = signed_in(request)
    row = access.access_verified(user, answer)
    if not access.may_change(user, row):
        return redirect("chat:verified", answer)
    refusal, status = "", 200
    if request.method == "POST":
        seen = request.POST.get("seen", "")
        try:
            making.change(user, answer, _written(request.POST), int(seen) if seen.isascii() and seen.isdigit() else -1)
        except LangAIError as error:
            if error.code not in REFUSED:
                raise
            refusal, status = error.shown, error.status
        else:
            messages.success(request, _("The answer is verified as it stands now."))
            return redirect("chat:verified", answer)
    today = timezone.localdate()
    review_by = row.review_by if row.review_by > today else today + timedelta(days=making.REVIEW_DAYS)
    values = {
        "question": row.question,
        "variants": "\n".join(row.variants),
        "text": row.text,
        "review_by": str(review_by),
    }
    context = {"answer": row, "collection": row.collection, "refusal": refusal}
    context |= {"back_url": reverse("chat:verified", args=[answer]), "citations": row.citations.all()}
    context["changes"] = notices.changes(user, row)
    return _form(request, context, values, status)


def _form(request: HttpRequest, context: dict[str, Any], values: Mapping[str, str], status: int) -> HttpResponse:
    posted = request.POST
    values = {name: posted.get(name, value) for name, value in values.items()}
    context |= {"values": values, "text_max": making.TEXT_MAX, "question_max": LONGEST}
    context |= {"tomorrow": timezone.localdate() + timedelta(days=1)}
    context |= {"latest": timezone.localdate() + timedelta(days=making.REVIEW_DAYS_MAX)}
    return render(request, FORM, context, status=status)


def _written(form: QueryDict) -> VerifiedText:
    variants = form.get("variants", "").splitlines()
    return VerifiedText(form.get("question", ""), variants, form.get("text", ""), _day(form.get("review_by", "")))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@require_safe
@costly
def verified(request: HttpRequest, answer: UUID) -> HttpResponse:
    """Show a verified answer with its citations to those who may read its collection."""
    user = signed_in(request)
    row = access.access_verified(user, answer)
    citations = list(row.citations.all())
    urls = {one.number: _place_url(one.source, one.page, one.start, one.end) for one in citations}
    context = {
        "answer": row,
        "label": Sensitivity(row.label),
        "html": safe(rendered(row.text, urls)),
        "citations": [
            {"number": one.number, "title": one.title, "url": urls[one.number], "place": _place(one)}
            for one in citations
        ],
        "is_current": VerifiedAnswer.objects.current().filter(pk=row.pk).exists(),
        "may_change": access.may_change(user, row),
        "changes": notices.changes(user, row),
    }
    return render(request, PAGE, context)


def _place_url(source: UUID, page: int, start: int, end: int) -> str:
    return f"{reverse('search:source', args=[source])}?page={page}&start={start}&end={end}"


def _place(cited: VerifiedCitation) -> str:
    place = place_text(cited.location) or (page_text(cited.page) if cited.page > 1 else "")
    return " · ".join(filter(None, (place, age(cited.dated, timezone.localdate()))))


@require_safe
@costly
def collection(request: HttpRequest, collection: int) -> HttpResponse:
    """List the verified answers of a collection: to its owners all, to its readers those in force."""
    found, is_owner, rows = access.of_collection(signed_in(request), collection)
    return render(request, LIST, {"collection": found, "is_owner": is_owner, "rows": rows})


@require_POST
def retire(request: HttpRequest, answer: UUID) -> HttpResponse:
    """Take a verified answer back."""
    row = making.retire(signed_in(request), answer)
    messages.success(request, _("The answer is retired. Nobody finds it any more; you can verify it again."))
    return redirect("chat:verified-answers", row.collection_id)


@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """Mark the notices about verified answers and about one's own open questions as seen."""
    user = signed_in(request)
    notices.mark_seen(user)
    gaps.mark_seen(user)
    return redirect("chat:changes")
