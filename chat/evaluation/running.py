"""Searches for the questions of test cases, and notes where their documents are found. The worker does it; no model."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from chat.models import EvalCase
from chat.verified.access import owned_collections
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.accounts.open_accounts import AccountClosedError, require_open
from langai_site.errors import NotAdmittedError
from langai_site.outbound.types import Present
from langai_site.sensitivity import Sensitivity, highest
from search import services as search
from search.access import managers_of
from search.models import Source
from search.questions.quotes import holds
from search.services.present import labels_of
from search.types import Hit, Reader

# Passages that are looked at, and cases that one run of the job takes.
DEPTH, AT_ONCE = 10, 20


def run() -> bool:
    """Run the cases that wait; return True if there may be more."""
    rows = list(EvalCase.objects.filter(run_requested=True).select_related("collection")[:AT_ONCE])
    for row in rows:
        run_one(row)
    return len(rows) == AT_ONCE


def request_all() -> None:
    """Have all cases run. Every night."""
    EvalCase.objects.update(run_requested=True)


def run_one(case: EvalCase) -> None:
    """Search the case's collection as one of its owners, and note the rank and the words that are missing."""
    hits = _hits(case) if case.is_ready else ()
    missing = _missing(case, hits)
    ran = EvalCase.objects.filter(pk=case.pk)
    ran.update(
        rank_before=F("rank"),
        ran_before=case.ran_at is not None,
        rank=None if missing else _rank(case, hits),
        missing=missing,
        ran_at=timezone.now(),
        run_requested=False,
    )


def _hits(case: EvalCase) -> tuple[Hit, ...]:
    """Return what is found; nothing without an owner, in whose name it is searched."""
    owner = owner_of(case.collection_id)
    if owner is None:
        return ()
    return _found(case, Reader(owner.pk, (case.collection_id,)))


def _found(case: EvalCase, reader: Reader) -> tuple[Hit, ...]:
    unremembered = replace(reader, is_remembered=False)
    read_present = partial(present_of_case, case.pk, reader.user_id)
    try:
        label = read_present().label
        found = search.find(case.question, unremembered, label=label, limit=DEPTH, read_present=read_present)
        return asyncio.run(found).hits
    except (AccountClosedError, NotAdmittedError):
        return ()


def rank_for(case: EvalCase, reader: Reader) -> int | None:
    """Return the rank that a case has for this reader; None if what should be found is not. Nothing is noted."""
    hits = _found(case, reader)
    return None if _missing(case, hits) else _rank(case, hits)


def _missing(case: EvalCase, hits: Sequence[Hit]) -> list[str]:
    """Return the words that no passage has."""
    return [words for words in case.must_contain if not any(holds(hit.text, words) for hit in hits)]


def _rank(case: EvalCase, hits: Sequence[Hit]) -> int | None:
    if not case.documents:
        return next(
            (at for at, hit in enumerate(hits, 1) if any(holds(hit.text, one) for one in case.must_contain)), None
        )
    documents = dict(Source.objects.filter(pk__in={hit.source_id for hit in hits}).values_list("pk", "document"))
    ranks = (at for at, hit in enumerate(hits, 1) if str(documents.get(hit.source_id)) in case.documents)
    return next(ranks, None)


def present_of_case(case_id: int, user_id: int) -> Present:
    """Return the label of a case's question at the moment when a server is asked to embed it.

    The collection and the documents that it names may have risen since it was kept, and the question goes with them.
    Raises AccountClosedError, and NotAdmittedError if the case was removed.
    """
    require_open(user_id)
    case = EvalCase.objects.select_related("collection").filter(pk=case_id).first()
    if case is None:
        raise NotAdmittedError
    documents = labels_of([UUID(document) for document in case.documents])
    # Admins may have added patterns since the question was kept.
    found = [one.label for one in detectors.scan(case.question)]
    own, shared = Sensitivity(case.label), Sensitivity(case.collection.sensitivity)
    return Present(highest(own, shared, *found, *documents.values()))


def owner_of(collection: int) -> User | None:
    """Return somebody who may read and manage the collection: superusers manage what nobody owns."""
    for person in managers_of(collection).order_by("is_superuser", "pk"):
        if owned_collections(person).filter(pk=collection).exists():
            return person
    return None
