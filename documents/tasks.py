"""The worker's job that turns uploads into passages."""

import logging
from collections.abc import Callable
from contextlib import ExitStack

from django.db import InterfaceError, OperationalError

from documents import measures
from documents.claims import Claim, ClaimLostError, Lease, Status, claim
from documents.extraction.types import ExtractionError, LimitReachedError
from documents.ingest import ALONE, NotQuickError, ReadingWatch, StoppingError, ingest
from documents.lanes import ANY, WAIT_SECONDS, Lane
from documents.models import Document
from documents.sentences import SentenceTemplate, plain, said, stored
from langai_site import request_id
from langai_site.errors import LangAIError
from langai_site.processes import worker as process
from langai_site.telemetry import logs
from langai_site.words import gettext_noop
from search import services as search

logger = logging.getLogger(__name__)

WENT_WRONG = gettext_noop("Something went wrong inside LangAI; the log has the details.")


def run(lane: Lane) -> bool:
    """Run one step of the worker's job; return True if there may be more to do."""
    return work_once(process.NAME, lane)


def work_once(worker: str, lane: Lane = ANY, beside: Document | None = None) -> bool:
    """Process one document until its passages are live. Return False if none waits, or the process is about to end.

    With `beside`, a document that this thread is working on, process one that should not wait for it, if a reader is
    free now.
    """
    with ExitStack() as stack:
        ends, wait = (lambda: True, 0.0) if beside else (process.stopping.is_set, WAIT_SECONDS)
        if not stack.enter_context(lane.reading(ends, wait)):
            return False
        held = claim(worker, lane, beside)
        if held is None:
            return False
        request = request_id.Trail(held.request_id) if held.request_id else request_id.current()
        with lane.working_on(held.document), request_id.following(request):
            return work_on(held, _reading_in(worker, lane, held.document, stack.close))


def _reading_in(worker: str, lane: Lane, document: Document, let_others_read: Callable[[], object]) -> ReadingWatch:
    def when_read() -> None:
        let_others_read()
        lane.end_reading(document)

    def when_long() -> None:
        let_others_read()
        if not lane.may_read_on(document):
            raise NotQuickError

    def between() -> None:
        if not process.stopping.is_set():
            work_once(worker, lane, beside=document)

    return ReadingWatch(when_read, when_long, between)


def work_on(held: Claim, reading: ReadingWatch = ALONE) -> bool:
    """Read the claimed document. Return False when the process is about to end."""
    try:
        with Lease(held):
            return _work(held, reading)
    except ClaimLostError:
        logger.info("Document %s: deleted, or taken over by another worker", held.document_id)
        _remove_if_deleted(held)
    return True


def _work(held: Claim, reading: ReadingWatch) -> bool:
    try:
        _process(held, reading)
    except NotQuickError:
        logger.info("Document %s is read later: it takes its time, and others wait", held.document_id)
        held.put_behind()
    except StoppingError:
        held.give_back()
        return False
    return True


def _process(held: Claim, reading: ReadingWatch) -> None:
    try:
        ingest(held, Document.objects.select_related("collection").get(pk=held.document_id), reading)
        measures.READ.labels(Status.READY.value).inc()
    except Document.DoesNotExist:
        raise ClaimLostError from None
    except (ClaimLostError, NotQuickError, StoppingError, OperationalError, InterfaceError):
        # If the database is unavailable, the error cannot be recorded: the lease expires and another attempt follows.
        raise
    except LangAIError as error:
        logger.info("Document %s failed: %s", held.document_id, logs.safe_words(error))
        _fail(held, _sentence(error), slow=isinstance(error, LimitReachedError))
    except Exception:
        logger.exception("Document %s failed", held.document_id)
        _fail(held, said(WENT_WRONG))


def _sentence(error: LangAIError) -> SentenceTemplate:
    return error.sentence if isinstance(error, ExtractionError) else plain(error.message)


def _fail(held: Claim, reason: SentenceTemplate, *, slow: bool = False) -> None:
    held.finish(Status.FAILED, error=str(reason), error_sentence=stored(reason), **({"slow": True} if slow else {}))
    measures.READ.labels(Status.FAILED.value).inc()


def _remove_if_deleted(held: Claim) -> None:
    # One that was deleted in the Library can come back for a while, with the version that was read before.
    if not Document.with_deleted.filter(pk=held.document_id).exists():
        search.remove(held.document_id)
