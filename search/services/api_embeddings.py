"""Embeds a program's texts with the embedders that search uses."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.conf import settings

from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.database.writer import write_now
from langai_site.detectors import DetectorRule
from langai_site.errors import AboveCeilingError, NotFoundError, UnavailableError
from langai_site.outbound import embedders, endpoints, tokens
from langai_site.request_id import carried
from langai_site.sensitivity import Sensitivity, highest
from langai_site.usage import prices
from langai_site.usage.callers import caller_of
from langai_site.usage.spending import reservations as usage
from langai_site.usage.types import Caller, Usage, cost
from search.embeddings import EmbedderUnavailableError, TextEmbedder, configured, english_embedder, is_local
from search.services.present import present_of_person

if TYPE_CHECKING:
    import numpy as np

LOCAL = "all-minilm-l6-v2"
# A small pool: there are few cores, and answers are written at the same time.
_threads = ThreadPoolExecutor(2, thread_name_prefix="embed")


@dataclass(frozen=True)
class ApiEmbeddings:
    """Unit vectors in the order of the texts, [texts, dimension]; `tokens` is estimated from the texts' lengths."""

    vectors: "np.ndarray"
    tokens: int


def names() -> list[str]:
    """Return the embedders that a program can ask for: the local MiniLM, and the configured one."""
    return [LOCAL] if is_local() else [LOCAL, embedders.chosen()]


async def vectors_of(
    user: User, texts: Sequence[str], *, model: str, label: Sensitivity | None = None
) -> ApiEmbeddings:
    """Return vectors of texts labelled `label`, or higher if the detectors find something in them.

    Raises NotFoundError for an unknown model, AboveCeilingError if it may not see them, OverBudgetError,
    UnavailableError, and AccountClosedError if the account is closed before the last of them was sent.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, carried(_vectors), user, texts, model, label)


def _vectors(user: User, texts: Sequence[str], model: str, chosen: Sensitivity | None) -> ApiEmbeddings:
    reply = uuid4()
    embedder, caller, rules = write_now(_opened, user, model, reply)
    label = _label(texts, chosen, rules)
    if label > embedder.ceiling:
        raise AboveCeilingError(
            f"{model} may not see {label.label.lower()} texts. Use {LOCAL}, which is in the building."
        )
    size = sum(map(tokens.size, texts))
    write_now(_hold, reply, caller, model, tokens.most(size))
    try:
        read_present = partial(present_of_person, user.pk, label)
        vectors = embedder.embed(texts, label, caller=caller, read_present=read_present)
        return ApiEmbeddings(vectors, tokens.about(size))
    except EmbedderUnavailableError as error:
        raise UnavailableError(f"{model} does not embed right now. Try again in a moment.") from error
    finally:
        # The embedder has entered its cost in the ledger itself.
        write_now(usage.close, reply, [])


def _opened(user: User, model: str, reply: UUID) -> tuple[TextEmbedder, Caller, Sequence[DetectorRule]]:
    return _embedder(model), caller_of(user, "api", reply=reply), detectors.patterns.current()


def _label(texts: Sequence[str], chosen: Sensitivity | None, rules: Sequence[DetectorRule]) -> Sensitivity:
    began = Sensitivity[settings.DEFAULT_SENSITIVITY.upper()]
    seen = (detection.label for detection in detectors.detect("\n\n".join(texts), rules))
    return highest(began, chosen or began, *seen)


def _embedder(model: str) -> TextEmbedder:
    if model not in names():
        raise NotFoundError(
            f"There is no embedder “{model}” here. There is {' and '.join(names())}.", code="model_not_found"
        )
    embedder = english_embedder() if model == LOCAL else configured()
    if embedder is None:
        raise UnavailableError(f"{model} is not ready yet. Try again in a moment.")
    return embedder


def _hold(reply: UUID, caller: Caller, model: str, count: int) -> None:
    """Reserve the most that the call can cost. Raises OverBudgetError."""
    most = _most(model, count)
    if most != 0 and caller.user_id:
        usage.reserve(reply=reply, user_id=caller.user_id, team=caller.team, amount=most)


def _most(model: str, count: int) -> Decimal | None:
    if model == LOCAL or not endpoints.embedder_leaves(model):
        return Decimal(0)
    price = prices.current_of(model)
    return cost(price, Usage(input_tokens=count)) if price else None
