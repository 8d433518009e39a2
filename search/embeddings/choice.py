"""Chooses the embedder: the configured one up to its ceiling, the local MiniLM for every label above it."""

import logging

from django.conf import settings

from langai_site.sensitivity import Sensitivity
from search.embeddings import hosted
from search.embeddings.local import FINGERPRINT, local_embedder
from search.embeddings.types import Embedder, EmbedderUnavailableError

logger = logging.getLogger(__name__)

LOCAL = "local"


def configured() -> Embedder | None:
    """Return the embedder that EMBEDDER names; None if MiniLM is not prepared or the server was never reached."""
    return local_embedder() if settings.EMBEDDER == LOCAL else hosted.latest(settings.EMBEDDER)


def configured_ceiling() -> Sensitivity:
    """Return the highest label that the configured embedder may see, whether it was reached or not."""
    return Sensitivity.CONFIDENTIAL if settings.EMBEDDER == LOCAL else hosted.ceiling_of(settings.EMBEDDER)


def embedder_for(label: int) -> Embedder | None:
    """Return the embedder for texts with this label; None if there is none."""
    if label > configured_ceiling():
        return local_embedder()
    embedder = configured()
    # If an Ollama turns out to forward texts, its ceiling is lower than its address suggests.
    return local_embedder() if embedder and label > embedder.ceiling else embedder


def by_fingerprint(fingerprint: str) -> Embedder | None:
    """Return the embedder that made vectors with this fingerprint; None if it is no longer available."""
    return local_embedder() if fingerprint == FINGERPRINT else hosted.known(fingerprint)


def find_configured() -> None:
    """Reach the configured embedder unless that has happened already. May take a minute: call it only in the worker."""
    if configured() is None and settings.EMBEDDER != LOCAL:
        try:
            hosted.find(settings.EMBEDDER)
        except EmbedderUnavailableError as error:
            logger.warning("Documents are not embedded yet: %s", error)
