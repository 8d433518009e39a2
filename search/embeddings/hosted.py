"""An embedder on another server, called through outbound by its name, such as `openai/…` or one of a connection."""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from langai_site.database.writer import write_now
from langai_site.errors import AboveCeilingError, NotAdmittedError
from langai_site.outbound import door, embedders, endpoints
from langai_site.outbound.models import Embedder as Found
from langai_site.outbound.types import EmbedCall, ModelInfo, ProviderError, ReadPresent, unchanging
from langai_site.sensitivity import Sensitivity
from langai_site.usage import prices
from langai_site.usage.spending import reservations as usage
from langai_site.usage.types import Caller, Entry
from search.embeddings import calibration
from search.embeddings.types import SEARCH, EmbedderUnavailableError, Use

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

# The server accepts batches of this size unless it is configured otherwise; then the batch is halved.
BATCH = 32
# A person waits for a single text, the worker for many.
SECONDS, BULK_SECONDS = 10.0, 60.0
# How long no call is made after a failure: a temporary one, and one that an admin must fix.
PAUSE, LONG_PAUSE = 5.0, 60.0
# Error codes that concern a text or a batch, not the server.
REFUSALS = ("too_long", "rejected", "filtered")
# Replaces a text of which the server accepts no part; such a text is found by its words only.
PLAIN = "-"


def fingerprint_of(name: str, dimension: int) -> str:
    """Return the fingerprint: `openai/text-embedding-3-small`, 1536 -> openai-text-embedding-3-small-1536-1f2e3d4c"""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{plain[:60]}-{dimension}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def is_set_up(name: str) -> bool:
    """Return whether the settings still say where to reach this embedder."""
    try:
        endpoint = endpoints.embedding_endpoint_of(name)
    except ProviderError:
        return False
    return bool(endpoint.key) or endpoint.direct or endpoint.provider != "openai"


@dataclass(frozen=True)
class _RequestContext:
    """The context that all calls for the texts of one request share."""

    label: Sensitivity
    caller: Caller
    read_present: ReadPresent


class HostedEmbedder:
    """One embedder on a server. `dimension` 0: not known yet, and not checked."""

    languages = None

    def __init__(self, name: str, dimension: int, measured_score: float) -> None:
        self.name = name
        self.dimension = dimension
        self.fingerprint = fingerprint_of(name, dimension)
        self.passed_on = False
        self.outdated = False
        self._measured_score = measured_score
        self._paused_until = 0.0

    @property
    def ceiling(self) -> Sensitivity:
        return embedders.ceiling_of(self.name, passed_on=self.passed_on)

    @property
    def min_score(self) -> float:
        return embedders.min_score_of(self.name, self._measured_score)

    def embed(
        self,
        texts: Sequence[str],
        label: Sensitivity,
        *,
        caller: Caller = SEARCH,
        read_present: ReadPresent | None = None,
        use: Use = Use.PASSAGE,
    ) -> "np.ndarray":
        import numpy as np

        if connection.in_atomic_block:
            raise RuntimeError("texts are embedded outside of transactions only: a server is waited for")
        context = _RequestContext(label, caller, read_present or unchanging(label))
        batches = [self._embed_batch(texts[at : at + BATCH], context) for at in range(0, len(texts), BATCH)]
        return np.concatenate(batches) if batches else np.empty((0, self.dimension), dtype=np.float32)

    def _embed_batch(self, texts: Sequence[str], context: "_RequestContext") -> "np.ndarray":
        if time.monotonic() < self._paused_until:
            raise EmbedderUnavailableError(f"{self.name} failed a moment ago")
        try:
            return self._embed_in_parts(texts, context)
        except NotAdmittedError as error:
            raise EmbedderUnavailableError(f"a text was relabelled or removed before {self.name} was asked") from error
        except AboveCeilingError as error:
            # It was taken for local, but its Ollama reports a remote model.
            self.passed_on = True
            raise EmbedderUnavailableError(error.message) from error
        except ProviderError as error:
            self._paused_until = time.monotonic() + (PAUSE if error.retryable else LONG_PAUSE)
            logger.warning("%s does not embed: %s", self.name, error.code)
            raise EmbedderUnavailableError(error.message) from error

    def _embed_in_parts(self, texts: Sequence[str], context: "_RequestContext") -> "np.ndarray":
        """Return the vectors of a batch. A refused batch is split in halves; a refused text is shortened by half."""
        import numpy as np

        try:
            return self._call(texts, context)
        except ProviderError as error:
            if error.code not in REFUSALS or list(texts) == [PLAIN]:
                raise
        if len(texts) == 1:
            logger.info("%s takes a text of %d characters in part only", self.name, len(texts[0]))
            return self._embed_in_parts([texts[0][: len(texts[0]) // 2] or PLAIN], context)
        half = len(texts) // 2
        return np.concatenate([self._embed_in_parts(part, context) for part in (texts[:half], texts[half:])])

    def _call(self, texts: Sequence[str], context: "_RequestContext") -> "np.ndarray":
        """Make one call and enter it in the ledger."""
        hosted = endpoints.embedder_leaves(self.name, passed_on=self.passed_on)
        price = write_now(prices.current_of, self.name) if hosted else None
        model = ModelInfo(self.name, self.name, self.name.partition("/")[0], hosted, self.ceiling, price=price)
        seconds = SECONDS if len(texts) == 1 else BULK_SECONDS
        entries: list[Entry] = []
        call = EmbedCall(model, tuple(texts), context.label, seconds, context.caller, read_present=context.read_present)
        try:
            vectors = door.embed(call, entries.append).vectors
        finally:
            if entries:
                write_now(usage.record, entries)
        if self.dimension and vectors.shape[1] != self.dimension:
            self.outdated = True
            raise EmbedderUnavailableError(
                f"{self.name} is another model now: its vectors have {vectors.shape[1]} numbers"
            )
        return vectors


_lock = threading.Lock()
_embedders: dict[str, HostedEmbedder] = {}


def _embedder(found: Found) -> HostedEmbedder:
    """Return the process's shared object for this embedder; it remembers failures."""
    with _lock:
        fresh = HostedEmbedder(found.name, found.dimension, found.min_score)
        return _embedders.setdefault(found.fingerprint, fresh)


def known(fingerprint: str) -> HostedEmbedder | None:
    """Return the embedder with that fingerprint; None if there never was one, or it is no longer set up."""
    embedder = _embedders.get(fingerprint)
    if embedder is None and (found := Found.objects.filter(fingerprint=fingerprint).first()):
        embedder = _embedder(found)
    return embedder if embedder and is_set_up(embedder.name) else None


def fingerprints() -> list[str]:
    """Return the fingerprints of all embedders that were ever found on a server."""
    return list(Found.objects.values_list("fingerprint", flat=True))


def latest(name: str) -> HostedEmbedder | None:
    """Return the embedder of that name as it was last found; None if it was never found or has changed since."""
    found = Found.objects.filter(name=name).first()
    embedder = _embedder(found) if found else None
    return None if embedder is None or embedder.outdated else embedder


def find(name: str) -> HostedEmbedder:
    """Measure the embedder's dimension and its threshold for unrelated texts. Raises EmbedderUnavailableError."""
    vectors = _embedder(Found(name=name, dimension=0, min_score=0, fingerprint=name)).embed(
        calibration.TEXTS, Sensitivity.PUBLIC
    )
    dimension, score = vectors.shape[1], calibration.threshold(vectors)
    values = {"name": name, "dimension": dimension, "min_score": score, "found_at": timezone.now()}
    found, _ = Found.objects.update_or_create(fingerprint=fingerprint_of(name, dimension), defaults=values)
    logger.info("Found the embedder %s: %d numbers a vector, nothing counts under %.2f", name, dimension, score)
    embedder = _embedder(found)
    embedder.outdated = False
    return embedder
