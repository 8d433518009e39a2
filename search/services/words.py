"""Finds passages by words: those of the question, of its quoted phrases, and of what its abbreviations stand for."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from langai_site.database.compiled_queries import CompiledQuery
from search.keywords import KeywordHit, KeywordScope, get_index
from search.models import Passage
from search.questions.abbreviations import variants

# Passages in which abbreviations may be explained: the best for the question.
EXPLAINING = 20
# How much the best hit for a variant counts of the best one for the question's own words.
VARIANT = 0.9
# Fills up the ids of a query; no passage has this one.
NOBODY = -1


@dataclass(frozen=True)
class WordHits:
    """The hits for one text, best first. `complete`: there are no more."""

    hits: tuple[KeywordHit, ...]
    complete: bool


def by_words(text: str, scope: KeywordScope, depth: int) -> WordHits:
    """Return the best `depth` passages for a text, also as it reads with what abbreviations stand for in them."""
    index = get_index()
    hits = index.query(text, scope, depth)
    best = {hit.passage_id: hit for hit in hits}
    for variant in variants(text, _texts(hits[:EXPLAINING])):
        for hit in _below(hits[0], index.query(variant, scope, depth)):
            known = best.get(hit.passage_id, hit)
            best[hit.passage_id] = known._replace(
                score=max(known.score, hit.score), coverage=max(known.coverage, hit.coverage)
            )
    ranked = sorted(best.values(), key=lambda hit: (-hit.score, hit.passage_id))
    return WordHits(tuple(ranked), len(hits) < depth)


def _below(best: KeywordHit, hits: Sequence[KeywordHit]) -> list[KeywordHit]:
    """Return the hits for a variant, the best of them a little below the best hit for the question's own words."""
    share = VARIANT * best.score / hits[0].score if hits else 0.0
    return [hit._replace(score=share * hit.score, coverage=VARIANT * hit.coverage) for hit in hits]


def _explaining(**ids: int) -> QuerySet[Passage, tuple[str]]:
    found = Passage.objects.filter(pk__in=ids.values(), text__contains="(")
    return found.order_by("pk").values_list("text")


_EXPLAINING = CompiledQuery(_explaining, **{f"id_{i}": -982451700 - i for i in range(EXPLAINING)})


def _texts(hits: Sequence[KeywordHit]) -> list[str]:
    if not hits:
        return []
    ids = [*(hit.passage_id for hit in hits), *[NOBODY] * (EXPLAINING - len(hits))]
    return [text for (text,) in _EXPLAINING.rows(**{f"id_{i}": pk for i, pk in enumerate(ids)})]


def by_phrases(phrases: Sequence[str], scope: KeywordScope, depth: int) -> dict[int, float]:
    """Return the passages with most words of one of the phrases; their texts show whether they have it exactly."""
    found: dict[int, float] = {}
    for phrase in phrases:
        for hit in get_index().query(phrase, scope, depth):
            found[hit.passage_id] = max(hit.coverage, found.get(hit.passage_id, 0.0))
    return found
