"""Which embedder for what: the configured one for what it may see, MiniLM in the building for all that is above."""

import logging

from django.conf import settings

from langai_site.sensitivity import Sensitivity
from search.embeddings import hosted
from search.embeddings.local import FINGERPRINT, local_embedder
from search.embeddings.types import Embedder, EmbedderUnavailableError

logger = logging.getLogger(__name__)

LOCAL = "local"


def configured() -> Embedder | None:
    """The embedder that EMBEDDER names; None while MiniLM is not prepared, or the server was never reached."""
    return local_embedder() if settings.EMBEDDER == LOCAL else hosted.latest(settings.EMBEDDER)


def configured_ceiling() -> Sensitivity:
    """The highest label that the configured embedder may see, whether it was reached or not."""
    return Sensitivity.CONFIDENTIAL if settings.EMBEDDER == LOCAL else hosted.ceiling_of(settings.EMBEDDER)


def embedder_for(label: int) -> Embedder | None:
    """The embedder that texts with this label are given to; None while there is none to give them to."""
    if label > configured_ceiling():
        return local_embedder()
    embedder = configured()
    # An Ollama that turned out to pass texts on may see less than its address says.
    return local_embedder() if embedder and label > embedder.ceiling else embedder


def by_fingerprint(fingerprint: str) -> Embedder | None:
    """The embedder whose vectors bear this fingerprint; None where it can be asked no more."""
    return local_embedder() if fingerprint == FINGERPRINT else hosted.known(fingerprint)


def find_configured() -> None:
    """Reach the configured embedder where that has not happened yet. It may take a minute: for the worker alone."""
    if configured() is None and settings.EMBEDDER != LOCAL:
        try:
            hosted.find(settings.EMBEDDER)
        except EmbedderUnavailableError as error:
            logger.warning("Documents are not embedded yet: %s", error)
