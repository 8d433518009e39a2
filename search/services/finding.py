"""Finds passages, by meaning and by words, among those that the reader may see."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from django.conf import settings

from langai_site import detectors
from langai_site.accounts.open_accounts import AccountClosedError
from langai_site.database.writer import healed
from langai_site.outbound.types import ReadPresent
from langai_site.request_id import carried
from langai_site.sensitivity import Sensitivity, highest
from langai_site.sentences import joined, sentence
from langai_site.usage.types import Caller
from search.embeddings import SEARCH
from search.questions.documents import whole_question
from search.questions.queries import SearchQuestion, asked, has_subject_beside, needs_no_search
from search.questions.quotes import holds
from search.services import passages
from search.services.candidates import candidates, embedded_question
from search.services.comparing import question_language
from search.services.passages import NO_FILTERS
from search.services.present import present_of_person
from search.services.reading import in_sections, named_source, whole_document
from search.types import Filters, Findings, Hit, Reader

logger = logging.getLogger(__name__)

FAILED = sentence("search.failed", "The document search failed, so no documents were searched. Try again.")()

# Candidates of each search; fusing stretches its scores over them. The next round requests DEEPER times as many if
# near-duplicates, versions that are not live and filters leave too few.
DEPTH, DEEPER, ROUNDS = 100, 8, 3

# A prompt gets no passage that matches less than this share of the best one. In the evaluation set no passage that
# answers is below it.
WEAK = 0.25

# A small pool: there are few cores, and queueing here keeps them free for the event loop.
_finders = ThreadPoolExecutor(4, thread_name_prefix="find")


@dataclass(frozen=True)
class _Query:
    text: str
    reader: Reader
    label: Sensitivity
    filters: Filters
    history: tuple[str, ...]
    limit: int
    caller: Caller
    read_present: ReadPresent | None = None
    # Whether only what an answer may cite is wanted.
    strict: bool = False


def label_of(query: str) -> Sensitivity:
    """Return the label of a query outside any conversation: the default label, or a higher one if detectors find more.

    Reads the database every few seconds, as the detectors do.
    """
    seen = (found.label for found in detectors.scan(query))
    return highest(Sensitivity[settings.DEFAULT_SENSITIVITY.upper()], *seen)


async def find(
    query: str,
    reader: Reader,
    *,
    label: Sensitivity,
    filters: Filters = NO_FILTERS,
    history: Sequence[str] = (),
    limit: int = 8,
    caller: Caller = SEARCH,
    read_present: ReadPresent | None = None,
) -> Findings:
    """Return the passages that match `query` best among those that the reader may see, best first, no text twice.

    `label` is the label of query and history: an embedder or store that may not see it is not queried. `history` is
    what the same person asked before, oldest first: a follow-up is searched together with it. `caller` is charged if
    a server embeds the query. `read_present` returns its label at the time when that server is called; without it,
    `label` stays. A failure becomes a notice: an answer then continues without documents. Raises AccountClosedError if
    the reader's account is closed before the query is sent to a server.
    """
    present = read_present or partial(present_of_person, reader.user_id, label)
    return await _in_finder(_found, _Query(query, reader, label, filters, tuple(history), limit, caller, present))


async def find_for_prompt(
    query: str,
    reader: Reader,
    *,
    budget_chars: int,
    label: Sensitivity,
    filters: Filters = NO_FILTERS,
    history: Sequence[str] = (),
    limit: int = 8,
    caller: Caller = SEARCH,
    read_present: ReadPresent | None = None,
) -> Findings:
    """Call `find` for a model's prompt, as `chat.turns.turn` does.

    Small talk finds nothing, nor does what only asks something of the last answer.

    A hit grows to its section, or to its neighbours on the page, and what touches becomes one hit, whose `text` is the
    page's own from `start` to `end`. A question about a document as a whole gets it in its order. All texts together
    have at most `budget_chars` characters, but the best passage is included even if it alone exceeds them.
    `read_present` returns the label of the query at the time when a server is called to embed it.
    """
    if needs_no_search(query, history):
        return Findings()
    found = _Query(query, reader, label, filters, tuple(history), limit, caller, read_present, strict=True)
    return await _in_finder(lambda query: _for_prompt(query, _found(query), budget_chars), found)


async def _in_finder(work: Callable[[_Query], Findings], query: _Query) -> Findings:
    if query.filters.collections is not None:
        query = replace(query, reader=query.reader.only(query.filters.collections))
    if not query.text.strip() or not query.reader.collections:
        return Findings()
    try:
        return await asyncio.get_running_loop().run_in_executor(_finders, carried(healed), work, query)
    except AccountClosedError:
        raise
    except Exception:
        logger.exception("Search failed")
        return Findings(notice=FAILED)


def _found(query: _Query) -> Findings:
    asked_for = asked(query.text, query.history)
    question = embedded_question(asked_for, query.reader, query.label, query.caller, query.read_present)
    question = replace(question, strict=query.strict)
    depth = DEPTH
    read = DEPTH if asked_for.phrases else query.limit
    for _round in range(ROUNDS):
        found = candidates(question, depth)
        hits = passages.hits(found.scores, query.reader, query.filters, limit=read)
        hits = _exact(asked_for, query.text, hits)[: query.limit]
        if len(hits) >= query.limit or found.complete:
            break
        depth *= DEEPER
    return Findings(tuple(hits), found.notice)


def _exact(asked_for: SearchQuestion, text: str, hits: list[Hit]) -> list[Hit]:
    """Return the hits that have one of the quoted phrases exactly, and then the others.

    None of the others has a higher score. They are left out if the text has no subject beside the phrases.
    """
    best = max((hit.score for hit in hits), default=0.0)
    exact = [
        hit
        for hit in hits
        if any(holds("\n".join((hit.title, hit.file_name, hit.heading, hit.text)), each) for each in asked_for.phrases)
    ]
    if exact and not has_subject_beside(text, asked_for.phrases):
        return exact
    return [*(replace(hit, score=best) for hit in exact), *(hit for hit in hits if hit not in exact)]


def _for_prompt(query: _Query, findings: Findings, budget_chars: int) -> Findings:
    """Return what a prompt is given: a document as a whole, if one is asked for, otherwise the sections of the hits."""
    if asked_for := whole_question(query.text):
        named = named_source(asked_for, query.reader, query.filters)
        whole = whole_document(asked_for, named, _strong(findings.hits), budget_chars)
        if whole:
            return replace(whole, notice=joined((whole.notice, findings.notice)))
        if named:
            findings = _first_of(named, query, findings)
    hits = in_sections(_strong(findings.hits), budget_chars)
    return replace(findings, hits=tuple(_marked(hits, question_language(query.text))))


def _marked(hits: Sequence[Hit], asked_in: str) -> list[Hit]:
    """Return the hits, those in another language than the question's marked as such."""
    return [replace(hit, foreign=hit.language) if asked_in and hit.language != asked_in else hit for hit in hits]


def _strong(hits: Sequence[Hit]) -> list[Hit]:
    best = max((hit.score for hit in hits), default=0.0)
    return [hit for hit in hits if hit.score >= WEAK * best]


def _first_of(source: UUID, query: _Query, findings: Findings) -> Findings:
    """Return what a document has about a question; what was found anywhere, if it has nothing."""
    filters = replace(query.filters, sources=(source,))
    inside = _found(replace(query, filters=filters))
    return inside if inside.hits else findings
