"""Makes verified answers findable: each is a source of its collection, with its own passages. The worker does it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from django.db.models import F

from chat.markdown.quotations import CITATION
from chat.models import VerifiedAnswer
from langai_site.sensitivity import Sensitivity
from search import services as search
from search.models import Source
from search.services.indexing import SourceGoneError
from search.types import VERIFIED_ANSWER, PageText, SourceInfo, TextSpan

# Answers that one run indexes: each may wait for an embedder.
AT_ONCE = 20
# Characters of a passage: about what an embedder reads.
PASSAGE_CHARS = 900
State = VerifiedAnswer.State


def run() -> bool:
    """Index the answers that were changed; return True if there may be more."""
    changed = VerifiedAnswer.objects.covered().filter(indexed__lt=F("version"))
    rows = list(changed.select_related("author").order_by("pk")[:AT_ONCE])
    for row in rows:
        index(row)
    return len(rows) == AT_ONCE


def index(answer: VerifiedAnswer) -> None:
    """Write the answer to search as it is now. One that is changed meanwhile is written by the next run."""
    page = page_of(answer)
    info = SourceInfo(
        document=answer.pk,
        version=answer.version,
        collection_id=answer.collection_id,
        title=answer.question[:300],
        file_name="",
        media_type=VERIFIED_ANSWER,
        sensitivity=Sensitivity(answer.label),
    )

    def as_now(info: SourceInfo) -> SourceInfo:
        rows = VerifiedAnswer.objects.select_for_update().covered()
        row = rows.filter(pk=answer.pk, version=answer.version).first()
        if row is None:
            raise SourceGoneError
        return replace(info, sensitivity=Sensitivity(row.label))

    def when_live() -> None:
        VerifiedAnswer.objects.filter(pk=answer.pk).update(indexed=answer.version)
        # Its age is that of the verification: an answer that has only expired is not new.
        Source.objects.filter(document=answer.pk, version=answer.version).update(added_at=answer.verified_at)

    try:
        search.index(info, [PageText(1, page)], list(spans_of(answer, page)), as_now=as_now, when_live=when_live)
    except SourceGoneError:
        return


def page_of(answer: VerifiedAnswer) -> str:
    """Return the text that is searched: all wordings, each on a line, and the answer without its numbers."""
    text = CITATION.sub("", answer.text)
    return "\n".join([*answer.variants, answer.question, "", text])


def spans_of(answer: VerifiedAnswer, page: str) -> Iterator[TextSpan]:
    """Yield a passage for each other wording, so that each has a vector, and then the question with its answer."""
    heading, start = _heading(answer), 0
    for variant in answer.variants:
        yield TextSpan(variant, 1, start, start + len(variant), heading)
        start += len(variant) + 1
    while start < len(page):
        end = _end(page, start)
        if page[start:end].strip():
            yield TextSpan(page[start:end], 1, start, end, heading)
        start = end


def _end(page: str, start: int) -> int:
    """Return where a passage ends: at a blank within its length, if there is one."""
    most = start + PASSAGE_CHARS
    if most >= len(page):
        return len(page)
    blank = max(page.rfind("\n", start, most), page.rfind(" ", start, most))
    return blank + 1 if blank > start else most


def _heading(answer: VerifiedAnswer) -> str:
    """Return what models and readers learn about its state. English, as it is stored."""
    day: date = answer.verified_at.date()
    if answer.state == State.VERIFIED:
        return f"Answer verified by {answer.author or 'an owner'} on {day.isoformat()}"
    why = {"changed": "a document it cites has changed", "gone": "a document it cites is gone", "due": "review is due"}
    return f"Answer of {day.isoformat()}, no longer verified: {why[answer.reason]}"
