"""Which embedder search uses, and what it may see: an admin's choice among the connections, otherwise EMBEDDER."""

from django.conf import settings

from langai_site.outbound import endpoints
from langai_site.outbound.connections import known
from langai_site.sensitivity import HIGHEST_FOR_HOSTED, Sensitivity


def chosen() -> str:
    """Return the embedder's name: `office/nomic-embed-text` of a connection, or the value of EMBEDDER."""
    connection = known.embedding()
    return f"{connection.slug}/{connection.embedder}" if connection else settings.EMBEDDER


def ceiling_of(name: str, *, passed_on: bool = False) -> Sensitivity:
    """Return its highest label: as an admin or EMBEDDER_CEILING says, never confidential if the texts leave."""
    hosted = endpoints.embedder_leaves(name, passed_on=passed_on)
    allowed = HIGHEST_FOR_HOSTED if hosted else Sensitivity.CONFIDENTIAL
    if connection := known.find(name.partition("/")[0]):
        return min(allowed, connection.embedder_ceiling)
    limit = settings.EMBEDDER_CEILING
    return min(allowed, Sensitivity[limit.upper()]) if limit else allowed


def min_score_of(name: str, measured: float) -> float:
    """Return the cosine under which nothing counts: EMBEDDER_MIN_SCORE is about the embedder that EMBEDDER names."""
    given = settings.EMBEDDER_MIN_SCORE
    return measured if given is None or known.find(name.partition("/")[0]) else given
