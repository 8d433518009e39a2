"""Selects candidates for an answer from every search that may be used: ids with scores. Synchronous."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from django.db.models.functions import Substr

from langai_site.outbound.types import ReadPresent
from langai_site.request_id import carried
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.embeddings import Embedder, EmbedderUnavailableError, remembered
from search.fusion import Ranking, fused
from search.indexes import MEANING_OFF, Index, queried
from search.keywords import KeywordHit
from search.models import Passage
from search.questions.queries import SearchQuestion, language_of
from search.services.words import by_phrases, by_words
from search.types import Reader
from search.vectors import BrokenCollectionError, StoreUnavailableError, get_store

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

MEANING_DOWN = (
    "Search by meaning is not answering, so some documents were searched by their words alone. Try again in a minute."
)

# If search by meaning works, a passage that only words found counts if it contains this share of the question, and the
# ranking by words weighs WORDS times the share that its best passage contains. Words find a name or a code; meaning
# finds other wordings. If only words were searched, every passage counts that contains more than a trace of the
# question.
COVERED, WORDS = 0.4, 1.25
COVERED_ALONE = 0.05
# How much it counts that a passage has a rare number, a code or the name of a file exactly as the question has it.
CODES = 0.6

# Characters at a passage's start that show its script, and the last Latin character.
BEGINNING, LATIN = 200, "\u024f"

# These threads mostly wait for the store; they compute little.
_store_threads = ThreadPoolExecutor(8, thread_name_prefix="store")


@dataclass(frozen=True)
class FoundCandidates:
    """The results of one search for one text.

    `complete`: no further result would count. `failed`: the store could not be searched. `low`: the lowest score among
    the best, whether it counts or not.
    """

    scores: Mapping[int, float]
    complete: bool = True
    failed: bool = False
    low: float = 1.0


@dataclass(frozen=True)
class Candidates:
    """Scores by id, best first. `complete`: no search has more. `notice`: what could not be searched."""

    scores: Mapping[int, float]
    complete: bool
    notice: str = ""


@dataclass(frozen=True)
class Meaning:
    """A text as one embedder understands it, with the indexes that may hold similar texts."""

    text: str
    weight: float
    vector: "np.ndarray"
    indexes: tuple[Index, ...]


@dataclass(frozen=True)
class CandidateQuestion:
    """All that is computed once for a question, however many candidates are requested."""

    asked: SearchQuestion
    collections: tuple[int, ...]
    meanings: tuple[Meaning, ...]
    notice: str


def embedded_question(
    asked: SearchQuestion, reader: Reader, label: Sensitivity, caller: Caller, read_present: ReadPresent | None = None
) -> CandidateQuestion:
    """Return the reader's question with its vectors, by each embedder that may see it and knows its language."""
    embed = partial(remembered.embedded, label=label, caller=caller, person=reader.user_id, read_present=read_present)
    searchable = queried(reader.collections, label)
    by_embedder: dict[str, list[Index]] = {}
    for index in searchable.indexes:
        by_embedder.setdefault(index.embedder.fingerprint, []).append(index)
    meanings: list[Meaning] = []
    notice = searchable.notice if get_store() else MEANING_OFF
    for indexes in by_embedder.values() if get_store() else ():
        try:
            meanings += _meanings(asked, tuple(indexes), embed)
        except EmbedderUnavailableError as error:
            logger.warning("A question was not embedded: %s", error)
            notice = MEANING_DOWN
    return CandidateQuestion(asked, reader.collections, tuple(meanings), notice)


def _meanings(
    asked: SearchQuestion, indexes: tuple[Index, ...], embed: "Callable[[Embedder, Sequence[str]], np.ndarray]"
) -> list[Meaning]:
    embedder = indexes[0].embedder
    texts = [(text, weight) for text, weight in asked.texts if understands(embedder, text)]
    vectors = embed(embedder, [text for text, _weight in texts]) if texts else ()
    return [Meaning(text, weight, vector, indexes) for (text, weight), vector in zip(texts, vectors, strict=True)]


def understands(embedder: Embedder, text: str) -> bool:
    """Return whether the embedder was made for the text's language. For others it ranks far worse than words do."""
    return embedder.languages is None or language_of(text) in (*embedder.languages, "")


def candidates(question: CandidateQuestion, depth: int) -> Candidates:
    """Return the best `depth` of each search, fused. The stores are queried while words are looked up here."""
    waiting = [(meaning, _ask_stores(meaning, depth)) for meaning in question.meanings]
    word_hits = [by_words(text, question.collections, depth) for text, _weight in question.asked.texts]
    phrases = by_phrases(question.asked.phrases, question.collections, depth)
    meaning_hits = [
        (meaning, _without_unknown_scripts(meaning, _merged(map(Future.result, futures))))
        for meaning, futures in waiting
    ]
    embedded_texts = {meaning.text for meaning, found in meaning_hits if not found.failed}
    rankings = [Ranking(found.scores, meaning.weight, low=found.low) for meaning, found in meaning_hits]
    for (text, weight), words in zip(question.asked.texts, word_hits, strict=True):
        rankings.append(_by_words(words.hits, weight, alone=text not in embedded_texts))
        rankings.append(_by_codes(words.hits, weight))
    rankings.append(Ranking(phrases, CODES if phrases else 0.0, high=1.0))
    return Candidates(
        fused(rankings),
        all(found.complete for _meaning, found in meaning_hits) and all(words.complete for words in word_hits),
        MEANING_DOWN if any(found.failed for _meaning, found in meaning_hits) else question.notice,
    )


def _by_words(hits: Sequence[KeywordHit], weight: float, *, alone: bool) -> Ranking:
    enough = COVERED_ALONE if alone else COVERED
    scores = {hit.passage_id: hit.score for hit in hits if hit.coverage >= enough}
    return Ranking(scores, weight if alone or not hits else weight * WORDS * hits[0].coverage)


def _by_codes(hits: Sequence[KeywordHit], weight: float) -> Ranking:
    scores = {hit.passage_id: hit.exact for hit in hits if hit.exact}
    return Ranking(scores, CODES * weight if scores else 0.0, high=1.0)


def _ask_stores(meaning: Meaning, depth: int) -> "list[Future[FoundCandidates]]":
    return [_store_threads.submit(carried(_nearest), meaning.vector, index, depth) for index in meaning.indexes]


def _nearest(vector: "np.ndarray", index: Index, depth: int) -> FoundCandidates:
    """Return the passages of an index at or above its embedder's threshold."""
    store = get_store()
    try:
        answer = store.query(index.name, vector, depth) if store else []
    except (StoreUnavailableError, BrokenCollectionError) as error:
        logger.warning("Collection %s was not searched by meaning: %s", index.collection_id, error)
        return FoundCandidates({}, failed=True)
    counting = {pk: score for pk, score in answer if score >= index.embedder.min_score}
    low = min((score for _pk, score in answer), default=1.0)
    return FoundCandidates(counting, complete=len(counting) < depth, low=low)


def _without_unknown_scripts(meaning: Meaning, found: FoundCandidates) -> FoundCandidates:
    """Remove passages in scripts that the embedder does not know: it finds them similar to anything.

    An embedder that was made for certain languages was made for those in Latin letters.
    """
    if meaning.indexes[0].embedder.languages is None or not found.scores:
        return found
    texts = Passage.objects.filter(pk__in=found.scores).order_by().annotate(beginning=Substr("text", 1, BEGINNING))
    strange = {pk for pk, beginning in texts.values_list("pk", "beginning") if not _is_latin(beginning)}
    return replace(found, scores={pk: score for pk, score in found.scores.items() if pk not in strange})


def _is_latin(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return 2 * sum(char <= LATIN for char in letters) >= len(letters)


def _merged(answers: Iterable[FoundCandidates]) -> FoundCandidates:
    """Merge what one embedder's indexes found: their scores can be compared."""
    found = list(answers)
    scores = {pk: score for each in found for pk, score in each.scores.items()}
    low = min((each.low for each in found), default=1.0)
    return FoundCandidates(scores, all(each.complete for each in found), any(each.failed for each in found), low)
