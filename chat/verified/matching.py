"""Finds the verified answer to a question among what a search found, as far as the person may read it. Synchronous."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from uuid import UUID

from chat.llm.types import Numbered
from chat.models import VerifiedAnswer, VerifiedCitation
from chat.values import VerifiedBy
from chat.verified import following
from chat.verified.match import VerifiedMatch
from chat.verified.same_question import is_answered_by
from langai_site.sensitivity import highest
from search.access import readable_collections
from search.models import Source
from search.services import version_texts
from search.types import Hit


def match(user_id: int, question: str, found: Sequence[UUID]) -> VerifiedMatch | None:
    """Return the first of the found answers that is current and answers this question; None without one.

    Rights, labels and citations are read again: the person must be able to read all that it cites.
    """
    live = Source.objects.live().filter(pk__in=found, collection__in=readable_collections(user_id))
    sources = live.select_related("collection").in_bulk()
    ids = [sources[key].document for key in found if key in sources]
    answers = VerifiedAnswer.objects.current().select_related("author", "collection").in_bulk(ids)
    for key in found:
        source = sources.get(key)
        answer = answers.get(source.document) if source else None
        if source and answer and source.collection_id == answer.collection_id and source.version == answer.version:
            shown = _shown(user_id, answer, source) if is_answered_by(question, answer.phrasings) else None
            if shown:
                return shown
    return None


def _shown(user_id: int, answer: VerifiedAnswer, source: Source) -> VerifiedMatch | None:
    citations = list(answer.citations.all())
    spans = {citation.pk: following.span_of(citation) for citation in citations}
    texts = version_texts.texts(spans.values(), user_id)
    cited = Source.objects.select_related("collection").in_bulk([citation.source for citation in citations])
    if not all(spans[citation.pk] in texts and citation.source in cited for citation in citations):
        return None
    author = answer.author
    return VerifiedMatch(
        VerifiedBy(str(answer.pk), answer.version, str(author or ""), answer.verified_at.date().isoformat()),
        answer.question,
        answer.text,
        tuple(_passage(citation, texts[spans[citation.pk]], cited[citation.source]) for citation in citations),
        highest(answer.label, source.label, *(one.label for one in cited.values())),
        (answer.pk, *{one.document for one in cited.values()}),
    )


def _passage(citation: VerifiedCitation, text: str, source: Source) -> Numbered:
    dated = datetime.combine(citation.dated, time(), UTC) if citation.dated else None
    hit = Hit(
        passage_id=0,
        source_id=citation.source,
        version=citation.version,
        title=source.title,
        file_name=source.file_name,
        collection=source.collection.name,
        page=citation.page,
        pages=citation.page,
        start=citation.start,
        end=citation.end,
        heading=citation.heading,
        location=citation.location,
        text=text,
        label=source.label,
        score=1.0,
        collection_id=source.collection_id,
        media_type=source.media_type,
        added_at=dated or source.added_at,
    )
    return Numbered(citation.number, hit)
