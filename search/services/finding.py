"""Finds passages, by meaning and by words, among those that the reader may see."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from django.conf import settings

from langai_site import detectors
from langai_site.accounts.open_accounts import AccountClosedError
from langai_site.database.writer import healed
from langai_site.outbound.types import ReadPresent
from langai_site.request_id import carried
from langai_site.sensitivity import Sensitivity, highest
from langai_site.usage.types import Caller
from search import reranking
from search.embeddings import SEARCH
from search.merging import within
from search.questions.queries import asked, is_small_talk
from search.services import passages
from search.services.candidates import candidates, embedded_question
from search.services.passages import NO_FILTERS
from search.services.present import present_of_person
from search.types import Filters, Findings, Hit, Reader

logger = logging.getLogger(__name__)

FAILED = "The document search failed, so no documents were searched. Try again."

# Candidates of each search; fusing stretches its scores over them. The next round requests DEEPER times as many if
# near-duplicates, versions that are not live and filters leave too few.
DEPTH, DEEPER, ROUNDS = 100, 8, 3

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
) -> Findings:
    """Return the passages that match `query` best among those that the reader may see, best first, no text twice.

    `label` is the label of query and history: an embedder or store that may not see it is not queried. `history` is
    what the same person asked before, oldest first: a follow-up is searched together with it. `caller` is charged if
    a server embeds the query. A failure becomes a notice: an answer then continues without documents. Raises
    AccountClosedError if the reader's account is closed before the query is sent to a server.
    """
    present = partial(present_of_person, reader.user_id, label)
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
    """Call `find` for a model's prompt, as `chat.turns.turn` does; small talk finds nothing.

    Neighbours on a page become one hit, whose `text` is the page's own from `start` to `end`. All texts together
    have at most `budget_chars` characters, but the best passage is included even if it alone exceeds them.
    `read_present` returns the label of the query at the time when a server is called to embed it.
    """
    if is_small_talk(query):
        return Findings()
    found = _Query(query, reader, label, filters, tuple(history), limit, caller, read_present)
    return await _in_finder(lambda query: _for_prompt(_found(query), budget_chars), found)


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
    wanted, depth = reranking.depth(query.limit), DEPTH
    for _round in range(ROUNDS):
        found = candidates(question, depth)
        hits = passages.hits(found.scores, query.reader, query.filters, limit=wanted)
        if len(hits) >= wanted or found.complete:
            break
        depth *= DEEPER
    best = reranking.reordered(query.text, query.label, hits)[: query.limit]
    return Findings(tuple(best), found.notice)


def _for_prompt(findings: Findings, budget_chars: int) -> Findings:
    merged: list[Hit] = passages.as_hits(within(budget_chars, findings.hits))
    return replace(findings, hits=tuple(merged))
