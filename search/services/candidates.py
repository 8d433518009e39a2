"""Selects candidates for an answer from every search that may be used: ids with scores. Synchronous."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from langai_site.outbound.types import ReadPresent
from langai_site.sensitivity import Sensitivity
from langai_site.sentences import sentence
from langai_site.usage.types import Caller
from search.embeddings import EmbedderUnavailableError, TextEmbedder, companion_of, remembered
from search.embeddings.calibrations import is_calibrated
from search.fusion import Ranking, fused
from search.indexes import MEANING_OFF, Index, queried
from search.keywords import KeywordHit, KeywordScope, get_index
from search.questions.queries import SearchQuestion
from search.services import comparing
from search.services.nearest import Asking, FoundCandidates, Meaning
from search.services.words import by_phrases, by_words
from search.types import Reader
from search.vectors import get_store

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

MEANING_DOWN = sentence(
    "search.meaning_down",
    "Search by meaning is not answering, so some documents were searched by their words alone. Try again in a minute.",
)()

# If search by meaning works, a passage that only words found counts if it contains this share of the question, and the
# ranking by words weighs WORDS times the share that its best passage contains. Words find a name or a code; meaning
# finds other wordings. If only words were searched, every passage counts that contains more than a trace of the
# question.
COVERED, WORDS = 0.4, 1.25
COVERED_ALONE = 0.05
# How much it counts that a passage has a rare number, a code or the name of a file exactly as the question has it.
CODES = 0.6
# A passage that has at least this share of them has all.
ALL_CODES = 0.99

# How many times as many passages a local embedder is asked for where some are in other languages: their cosines are
# lower, so that passages in the question's language come before them.
MIXED = 4


@dataclass(frozen=True)
class Candidates:
    """Scores by id, best first. `complete`: no search has more. `notice`: what could not be searched."""

    scores: Mapping[int, float]
    complete: bool
    notice: str = ""


@dataclass(frozen=True)
class CandidateQuestion:
    """All that is computed once for a question, however many candidates are requested.

    `strict`: only what an answer may cite is wanted.
    """

    asked: SearchQuestion
    scope: KeywordScope
    meanings: tuple[Meaning, ...]
    notice: str
    strict: bool = False

    def is_strict(self, meaning: Meaning) -> bool:
        """Return whether the lines between two languages apply.

        They do where passages in the question's own language are searched: others would only crowd these out.
        """
        return self.strict or meaning.language in self.scope.languages


def embedded_question(
    asked: SearchQuestion, reader: Reader, label: Sensitivity, caller: Caller, read_present: ReadPresent | None = None
) -> CandidateQuestion:
    """Return the reader's question with its vectors, by each embedder that may see it and knows its language."""
    embed = partial(
        remembered.embedded,
        label=label,
        caller=caller,
        person=reader.user_id,
        read_present=read_present,
        is_cached=reader.is_remembered,
    )
    searchable = queried(reader.collections, label)
    by_embedder: dict[str, list[Index]] = {}
    for index in searchable.indexes:
        by_embedder.setdefault(index.embedder.fingerprint, []).append(index)
    meanings: list[Meaning] = []
    notice = searchable.notice if get_store() else MEANING_OFF
    scope = get_index().scope(reader.collections)
    for indexes in by_embedder.values() if get_store() else ():
        try:
            meanings += _meanings(asked, tuple(indexes), set(scope.languages), embed)
        except EmbedderUnavailableError as error:
            logger.warning("A question was not embedded: %s", error)
            notice = MEANING_DOWN
    return CandidateQuestion(asked, scope, tuple(meanings), notice)


def _meanings(
    asked: SearchQuestion,
    indexes: tuple[Index, ...],
    spoken: set[str],
    embed: "Callable[[TextEmbedder, Sequence[str]], np.ndarray]",
) -> list[Meaning]:
    embedder = indexes[0].embedder
    deeper = MIXED if is_calibrated(embedder.fingerprint) and len(spoken - {""}) > 1 else 1
    texts = [(text, weight, comparing.question_language(text)) for text, weight in asked.texts]
    texts = [each for each in texts if is_asked(embedder, each[2], spoken)]
    vectors = embed(embedder, [text for text, _weight, _language in texts]) if texts else ()
    return [
        Meaning(text, weight, vector, indexes, language, deeper)
        for (text, weight, language), vector in zip(texts, vectors, strict=True)
    ]


def is_asked(embedder: TextEmbedder, language: str, spoken: set[str]) -> bool:
    """Return whether an embedder ranks any passage for a question in this language.

    `spoken` has the languages of the passages that are searched. An embedder for certain languages ranks others far
    worse than words do; the multilingual one is not even loaded where all is English.
    """
    if embedder.languages is not None:
        return language in (*embedder.languages, "")
    return companion_of(embedder) is None or any(
        comparing.ranks(embedder, language, each, alone=False) for each in spoken
    )


def candidates(question: CandidateQuestion, depth: int) -> Candidates:
    """Return the best `depth` of each search, fused. The stores are queried while words are looked up here."""
    waiting = [(meaning, Asking(meaning, depth)) for meaning in question.meanings]
    word_hits = [by_words(text, question.scope, depth) for text, _weight in question.asked.texts]
    phrases = by_phrases(question.asked.phrases, question.scope, depth)
    nearest = [(meaning, asking.found()) for meaning, asking in waiting]
    languages = _languages(nearest, question.scope)
    meaning_hits = [
        (meaning, _counting(meaning, found, languages, strict=question.is_strict(meaning)))
        for meaning, found in nearest
    ]
    embedded_texts = {meaning.text for meaning, found in meaning_hits if not found.failed}
    rankings = _by_meaning(meaning_hits)
    for (text, weight), words in zip(question.asked.texts, word_hits, strict=True):
        rankings.append(_by_words(words.hits, weight, alone=text not in embedded_texts))
        rankings.append(_by_codes(text, words.hits, weight, alone=text not in embedded_texts))
    rankings.append(Ranking(phrases, CODES if phrases else 0.0, high=1.0))
    return Candidates(
        fused(rankings),
        all(found.complete for _meaning, found in meaning_hits) and all(words.complete for words in word_hits),
        MEANING_DOWN if any(found.failed for _meaning, found in meaning_hits) else question.notice,
    )


def _by_meaning(hits: Sequence[tuple[Meaning, FoundCandidates]]) -> list[Ranking]:
    """Return a ranking for each text; what the two local embedders found for one is comparable, and so one ranking."""
    together: dict[tuple[str, str], list[tuple[Meaning, FoundCandidates]]] = {}
    for meaning, found in hits:
        fingerprint = meaning.embedder.fingerprint
        key = "" if is_calibrated(fingerprint) else fingerprint
        together.setdefault((meaning.text, key), []).append((meaning, found))
    rankings = []
    for same in together.values():
        merged = _merged(found for _meaning, found in same)
        rankings.append(Ranking(merged.scores, same[0][0].weight, low=merged.low))
    return rankings


def _by_words(hits: Sequence[KeywordHit], weight: float, *, alone: bool) -> Ranking:
    enough = COVERED_ALONE if alone else COVERED
    scores = {hit.passage_id: hit.score for hit in hits if hit.coverage >= enough}
    return Ranking(scores, weight if alone or not hits else weight * WORDS * hits[0].coverage)


def _by_codes(text: str, hits: Sequence[KeywordHit], weight: float, *, alone: bool) -> Ranking:
    """Return the passages with rare numbers, codes and names of files of the question.

    A passage in another language has no other word of the question: there, all codes stand for the words as well.
    """
    scores = {hit.passage_id: hit.exact for hit in hits if hit.exact}
    bare = [hit.passage_id for hit in hits if hit.exact >= ALL_CODES and hit.coverage < COVERED]
    foreign = () if alone or not bare else comparing.in_other_languages(text, bare)
    weights = dict.fromkeys(foreign, weight * (CODES + WORDS))
    return Ranking(scores, CODES * weight if scores else 0.0, high=1.0, weights=weights)


def _languages(nearest: Sequence[tuple[Meaning, FoundCandidates]], scope: KeywordScope) -> Mapping[int, str]:
    """Return the languages of the passages whose scores depend on them, without reading them where all have one."""
    ids = {pk for meaning, found in nearest if is_calibrated(meaning.embedder.fingerprint) for pk in found.scores}
    if len(scope.languages) == 1 and scope.languages[0]:
        return dict.fromkeys(ids, scope.languages[0])
    return comparing.passage_languages(sorted(ids))


def _counting(
    meaning: Meaning, found: FoundCandidates, languages: Mapping[int, str], *, strict: bool
) -> FoundCandidates:
    """Return what counts; for a local embedder how near it finds the passages that it ranks, by their languages."""
    if not is_calibrated(meaning.embedder.fingerprint):
        counting = {pk: score for pk, score in found.scores.items() if score >= meaning.line}
        return replace(found, scores=counting, low=min(found.scores.values(), default=1.0))
    ranked = meaning.ranked(found.scores, languages)
    fingerprint = meaning.embedder.fingerprint
    scores, low = comparing.strengths(fingerprint, meaning.language, ranked, languages, strict=strict)
    return replace(found, scores=scores, low=low)


def _merged(answers: Iterable[FoundCandidates]) -> FoundCandidates:
    """Merge what was found in several indexes whose scores can be compared."""
    found = list(answers)
    scores = {pk: score for each in found for pk, score in each.scores.items()}
    low = min((each.low for each in found), default=1.0)
    return FoundCandidates(scores, all(each.complete for each in found), any(each.failed for each in found), low)
