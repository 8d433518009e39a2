"""Which models there are: kept equal to what the configured keys and servers offer."""

import asyncio
import logging

from langai_site.outbound import endpoints, failures, listings
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.listings import Offer, Unlisted
from langai_site.outbound.models import HIGHEST_FOR_HOSTED, Model
from langai_site.outbound.types import ModelInfo
from langai_site.prepared import Prepared
from langai_site.registry import Status
from langai_site.sensitivity import Sensitivity
from langai_site.writer import write

logger = logging.getLogger(__name__)

EVERY = 60.0
# While a configured server does not answer, it is asked more often.
EVERY_WHILE_FAILING = 10.0
PAUSE_BEFORE_SECOND_TRY = 1.0

_failing: frozenset[str] | None = None
_passed_on: frozenset[str] = frozenset()


def models() -> list[ModelInfo]:
    """The models that can be chosen, best first, hosted before local."""
    configured = listings.configured()
    infos = [_info(*row) for row in _AVAILABLE.rows() if row[2] in configured]
    return sorted(infos, key=lambda info: (not info.hosted, info.rank, info.name))


_AVAILABLE = Prepared(
    lambda: (
        Model.objects.filter(enabled=True, available=True)
        .order_by()
        .values_list("name", "display_name", "provider", "ceiling", "rank")
    )
)


def _info(name: str, display_name: str, provider: str, ceiling: int, rank: int) -> ModelInfo:
    hosted = is_hosted(name)
    may_see = Sensitivity(min(ceiling, HIGHEST_FOR_HOSTED)) if hosted else Sensitivity.CONFIDENTIAL
    return ModelInfo(name, display_name, provider, hosted, may_see, rank)


def is_hosted(name: str) -> bool:
    """Whether asking this model leaves the building, as far as this process knows."""
    return endpoints.is_hosted(name, passed_on=name in _passed_on)


async def is_passed_on(endpoint: Endpoint, display_name: str) -> bool:
    """Ask Ollama itself whether it sends what this model is asked to another host."""
    try:
        shown = await listings.ask(endpoint.url + "/api/show", body={"model": endpoint.model})
    except Unlisted:
        raise failures.failure("unreachable", display_name) from None
    return not isinstance(shown, dict) or bool(shown.get("remote_host") or shown.get("remote_model"))


async def refresh() -> None:
    """Ask what the keys and servers offer, and write what changed."""
    global _failing, _passed_on
    providers = listings.configured()
    results = await asyncio.gather(*map(_offers, providers))
    offered = [offer for result in results for offer in result or []]
    _passed_on = frozenset(offer.name for offer in offered if offer.passed_on)
    _failing = frozenset(provider for provider, result in zip(providers, results, strict=True) if result is None)
    await write(_store, offered)


async def _offers(provider: str) -> list[Offer] | None:
    """What a provider offers, None when it does not say: asked twice, so that a hiccup takes no model away."""
    for pause in (PAUSE_BEFORE_SECOND_TRY, 0):
        try:
            return await listings.offers(provider)
        except Unlisted as error:
            reason = error
            await asyncio.sleep(pause)
    if provider not in (_failing or ()):
        logger.warning("%s offers no models: %s", provider, reason)
    return None


def _store(offered: list[Offer]) -> None:
    """What an admin set (name shown, ceiling, enabled, rank) is kept; only changed rows are written."""
    names = [offer.name for offer in offered]
    known = dict(Model.objects.values_list("name", "available"))
    new = [offer for offer in offered if offer.name not in known]
    back = [name for name in names if known.get(name) is False]
    gone = [name for name, available in known.items() if available and name not in names]
    if new:
        Model.objects.bulk_create([_row(offer) for offer in new], ignore_conflicts=True)
    if back:
        Model.objects.filter(name__in=back).update(available=True)
    if gone:
        Model.objects.filter(name__in=gone).update(available=False)


def _row(offer: Offer) -> Model:
    return Model(
        name=offer.name,
        display_name=offer.display_name[:200],
        provider=offer.provider,
        rank=offer.rank,
        available=True,
    )


async def keep_fresh() -> None:
    """Refresh for as long as the web process lives."""
    while True:
        try:
            await refresh()
        except Exception:
            logger.exception("the catalogue of models could not be refreshed")
        await asyncio.sleep(EVERY_WHILE_FAILING if _failing else EVERY)


async def health() -> Status:
    """Whether every configured key or server offers models; asks for no completion."""
    if not listings.configured():
        return "off"
    if _failing is None:
        await refresh()
    return "fail" if _failing else "ok"
