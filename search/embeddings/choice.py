"""Chooses the embedders: the configured one up to its ceiling, the local ones for every label above it.

There are two local embedders. multilingual-e5-small embeds every passage and is the one meant by `local_embedder`;
MiniLM, which is better for English questions about English passages, embeds those a second time.
"""

import logging

from django.conf import settings

from langai_site import hosts
from langai_site.outbound import embedders
from langai_site.outbound.connections import reading
from langai_site.sensitivity import Sensitivity
from search.embeddings import hosted, local, multilingual
from search.embeddings.local import english_embedder
from search.embeddings.multilingual import multilingual_embedder
from search.embeddings.types import EmbedderUnavailableError, TextEmbedder

logger = logging.getLogger(__name__)

# Both local embedders, and MiniLM alone.
_LOCAL, LOCAL_ENGLISH = hosts.LOCAL_EMBEDDERS
# Fingerprints of the embedders that need no server.
LOCAL_FINGERPRINTS = (multilingual.FINGERPRINT, local.FINGERPRINT)


def is_local() -> bool:
    return embedders.chosen() in hosts.LOCAL_EMBEDDERS


def local_embedder() -> TextEmbedder | None:
    """Return the local embedder of every passage: the multilingual one, or MiniLM if it is alone; None without both."""
    return (multilingual_embedder() if is_multilingual_wanted() else None) or english_embedder()


def is_multilingual_wanted() -> bool:
    return bool(settings.EMBEDDER != LOCAL_ENGLISH)


def companion_of(embedder: TextEmbedder) -> TextEmbedder | None:
    """Return the embedder that embeds passages in its own languages a second time; None if there is none."""
    return english_embedder() if embedder.fingerprint == multilingual.FINGERPRINT else None


def configured() -> TextEmbedder | None:
    """Return the chosen embedder; None if no model is prepared or the server was never reached."""
    return local_embedder() if is_local() else hosted.latest(embedders.chosen())


def configured_ceiling() -> Sensitivity:
    """Return the highest label that the configured embedder may see, whether it was reached or not."""
    return Sensitivity.CONFIDENTIAL if is_local() else embedders.ceiling_of(embedders.chosen())


def embedder_for(label: int) -> TextEmbedder | None:
    """Return the embedder for texts with this label; None if there is none."""
    if label > configured_ceiling():
        return local_embedder()
    embedder = configured()
    # If an Ollama turns out to forward texts, its ceiling is lower than its address suggests.
    return local_embedder() if embedder and label > embedder.ceiling else embedder


def by_fingerprint(fingerprint: str) -> TextEmbedder | None:
    """Return the embedder that made vectors with this fingerprint; None if it is no longer available."""
    if fingerprint == multilingual.FINGERPRINT:
        return multilingual_embedder()
    return english_embedder() if fingerprint == local.FINGERPRINT else hosted.known(fingerprint)


def missing_local() -> set[str]:
    """Return the fingerprints of local embedders that are wanted, but not prepared now: their vectors are kept."""
    missing = set() if english_embedder() else {local.FINGERPRINT}
    if is_multilingual_wanted() and multilingual_embedder() is None:
        missing.add(multilingual.FINGERPRINT)
    return missing


def find_configured() -> None:
    """Reach the configured embedder unless that has happened already. May take a minute: call it only in the worker."""
    # The web process reads the connections each second; this one does so when it begins to embed.
    reading.renew()
    if configured() is None and not is_local():
        try:
            hosted.find(embedders.chosen())
        except EmbedderUnavailableError as error:
            logger.warning("Documents are not embedded yet: %s", error)
