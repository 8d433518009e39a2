"""The catalogue of models, kept in step with what the keys and servers of settings and connections offer."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from langai_site.accounts.models import Team
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.database.writer import in_database_thread
from langai_site.outbound import (
    abilities,
    endpoints,
    failures,
    keeping,
    listings,
    litellm_prices,
    parameters,
    roles,
    stored_quirks,
)
from langai_site.outbound.connections import known, listing, reading
from langai_site.outbound.connections.problems import ListingError
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.keeping import Changes
from langai_site.outbound.listings import OfferedModel, UnlistedError
from langai_site.outbound.models import Model
from langai_site.outbound.types import ModelInfo, ProviderError
from langai_site.registry import Status
from langai_site.sensitivity import HIGHEST_FOR_HOSTED, Sensitivity
from langai_site.usage import prices
from langai_site.words import gettext_noop

logger = logging.getLogger(__name__)

EVERY = 60.0
# A configured server that does not answer, or that is loading its model, is asked more often.
EVERY_WHILE_FAILING = 10.0
PAUSE_BEFORE_SECOND_TRY = 1.0
READY = gettext_noop("ready")
NAMES_SECONDS = 5.0

# How long an Ollama's statement about a model counts if only the ledger needs it: from one refresh to the next.
LATELY = EVERY * 1.5

# Whether an Ollama passes a model on to another host, as it last said, and when; by server and model name.
_ollama_answers: dict[tuple[str, str], tuple[bool, float]] = {}
# The providers that do not answer, and why; None before the first refresh.
_failing: Mapping[str, str] | None = None
_passed_on: frozenset[str] = frozenset()
_loading: frozenset[str] = frozenset()
_names: tuple[float, dict[str, str]] = (float("-inf"), {})


def models(user_id: int | None = None) -> list[ModelInfo]:
    """Return the models that this person's teams may use, best first, hosted before local.

    Without `user_id`, all that anybody may use.
    """
    reading.renew()
    configured = listings.configured()
    rows = _AVAILABLE.rows() if user_id is None else _AVAILABLE_TO.rows(user=user_id)
    infos = [found for row in rows if row[2] in configured and (found := _info_if_set_up(*row))]
    if any(info.hosted for info in infos):
        current = prices.current()
        infos = [replace(info, price=current.get(info.name)) if info.hosted else info for info in infos]
    return sorted(infos, key=lambda info: (not info.hosted, info.rank, info.name))


def display_names() -> dict[str, str]:
    """Return how people call each model that is or was on offer, by its id. At most NAMES_SECONDS old."""
    global _names
    if time.monotonic() > _names[0]:
        _names = (time.monotonic() + NAMES_SECONDS, dict(Model.objects.order_by().values_list("name", "display_name")))
    return _names[1]


def forget_names() -> None:
    global _names
    _names = (float("-inf"), {})


def infos(found: Iterable[Model]) -> dict[str, ModelInfo]:
    """Return rows as values with their prices, by name, whether they can be chosen or not; none that is not set up."""
    reading.renew()
    current = prices.current()
    values = (_info_if_set_up(*(getattr(model, name) for name in _COLUMNS)) for model in found)
    return {info.name: replace(info, price=current.get(info.name) if info.hosted else None) for info in values if info}


def info(model: Model) -> ModelInfo:
    """Return the row as a value, whether it can be chosen or not. Raises ProviderError if it is not set up."""
    reading.renew()
    values = _info(*(getattr(model, name) for name in _COLUMNS))
    return replace(values, price=prices.current_of(model.name)) if values.hosted else values


_COLUMNS = (
    *("name", "display_name", "provider", "ceiling", "rank"),
    *("roles", "context_window", "listed_window", "parameters"),
    *("learnt", "quirks", "extra_body", "extra_headers", "listed_abilities", "abilities"),
)


def _available() -> QuerySet[Model]:
    return Model.objects.filter(enabled=True, available=True).order_by()


def _for(user: int, models: QuerySet[Model]) -> QuerySet[Model]:
    """Return the models that a user's teams may use. Models of no team are for everyone; admins get no others."""
    given = Model.teams.through.objects.filter(model=OuterRef("pk"))
    mine = Team.objects.of(user).values("id")
    return models.filter(~Exists(given) | Exists(given.filter(team__in=mine)))


def _available_to(user: int) -> QuerySet[Model]:
    return _for(user, _available())


def unreachable(user_id: int) -> list[ModelInfo]:
    """Return the models that this person's teams may use as soon as their server answers again."""
    silent = Model.objects.filter(enabled=True, available=False, provider__in=list(_failing or ()))
    rows = _for(user_id, silent.order_by("rank", "name")).values_list(*_COLUMNS)
    return [info for row in rows if (info := _info_if_set_up(*row))]


_USER = -982451653
_AVAILABLE = CompiledQuery(lambda: _available().values_list(*_COLUMNS))
_AVAILABLE_TO = CompiledQuery(lambda user: _available_to(user).values_list(*_COLUMNS), user=_USER)
_ONE_TO = CompiledQuery(
    lambda name, user: _available_to(user).filter(name=name).values_list(*_COLUMNS), name="no model", user=_USER
)


def available(name: str, user_id: int) -> ModelInfo | None:
    """Return the model as this person may ask it now, without its price; None if they may not, or no longer."""
    reading.renew()
    rows = _ONE_TO.rows(name=name, user=user_id)
    return _info_if_set_up(*rows[0]) if rows and rows[0][2] in listings.configured() else None


def _info_if_set_up(*row: Any) -> ModelInfo | None:  # noqa: ANN401 - a row's columns
    try:
        return _info(*row)
    except ProviderError:
        # Its connection was switched off after it was found.
        return None


def _info(
    name: str,
    display_name: str,
    provider: str,
    ceiling: int,
    rank: int,
    stored_roles: list[str] | None,
    window: int | None,
    listed_window: int,
    given: dict[str, Any],
    learnt: dict[str, Any],
    quirks: dict[str, Any],
    extra_body: dict[str, Any],
    extra_headers: dict[str, Any],
    listed_abilities: dict[str, Any],
    own_abilities: dict[str, Any],
) -> ModelInfo:
    hosted = is_hosted(name)
    return ModelInfo(
        name,
        display_name,
        provider,
        hosted,
        Sensitivity(min(ceiling, HIGHEST_FOR_HOSTED)) if hosted else Sensitivity.CONFIDENTIAL,
        rank,
        roles.read(stored_roles),
        window or stored_quirks.window(listed_window, learnt),
        parameters=parameters.kept(given),
        quirks=stored_quirks.read(learnt, quirks),
        extra_body=parameters.kept_body(extra_body),
        extra_headers=parameters.kept_headers(extra_headers),
        abilities=abilities.of_row(listed_abilities, own_abilities),
    )


def state(model: Model) -> str:
    """Return whether a model can be asked, or why not, in a few English words for admins."""
    if missing := listings.missing(model.provider):
        return missing
    if model.provider in (_failing or {}):
        return gettext_noop("its server does not answer")
    if model.name in _loading:
        return gettext_noop("its server is loading it")
    connection = known.find(model.provider)
    is_open = model.provider in listings.DEFAULTS or (connection is not None and connection.is_open)
    return READY if model.available or is_open else gettext_noop("its server no longer lists it")


def problem_of(provider: str) -> str:
    """Return why a provider's server did not answer the last refresh; empty if it did."""
    return (_failing or {}).get(provider, "")


def is_hosted(name: str) -> bool:
    """Return whether asking this model leaves the building, as far as this process knows."""
    return endpoints.is_hosted(name, passed_on=name in _passed_on)


async def is_passed_on(endpoint: Endpoint, display_name: str) -> bool:
    """Ask Ollama whether it passes this model's questions on to another host. Raises ProviderError."""
    try:
        shown = await listings.ask(
            endpoint.url + "/api/show", body={"model": endpoint.model}, headers=listings.headers_of(endpoint)
        )
    except UnlistedError:
        raise failures.failure("unreachable", display_name) from None
    return _note(endpoint, not isinstance(shown, dict) or bool(shown.get("remote_host") or shown.get("remote_model")))


async def was_passed_on(endpoint: Endpoint, display_name: str) -> bool:
    """Return `is_passed_on` as of within LATELY: enough for public text, for which only the ledger needs it.

    An Ollama that does not say counts as in the building; the call itself will then fail.
    """
    passed_on, when = _ollama_answers.get((endpoint.url, endpoint.model), (False, -LATELY))
    if time.monotonic() - when < LATELY:
        return passed_on
    try:
        return await is_passed_on(endpoint, display_name)
    except ProviderError:
        return False


def _note(endpoint: Endpoint, passed_on: bool) -> bool:
    _ollama_answers[endpoint.url, endpoint.model] = passed_on, time.monotonic()
    return passed_on


async def refresh() -> Changes:
    """Ask what the keys and servers offer, write what changed, and return the changes."""
    await in_database_thread(reading.renew)
    changes = await in_database_thread(keeping.store, *await _ask_all())
    repriced = await in_database_thread(keeping.learn, await asyncio.to_thread(litellm_prices.rows))
    return replace(changes, repriced=tuple(repriced))


async def _ask_all() -> tuple[list[OfferedModel], Mapping[str, str]]:
    """Return what all configured providers offer, and why some did not answer."""
    global _failing, _passed_on, _loading
    providers = listings.configured()
    results = dict(zip(providers, await asyncio.gather(*map(_offers, providers)), strict=True))
    offered = [offer for result in results.values() if not isinstance(result, str) for offer in result]
    _passed_on = frozenset(offer.name for offer in offered if offer.passed_on)
    _loading = frozenset(offer.name for offer in offered if offer.is_loading)
    for offer in offered:
        _note_of(offer)
    _failing = {provider: result for provider, result in results.items() if isinstance(result, str)}
    return offered, _failing


def _note_of(offer: OfferedModel) -> None:
    try:
        endpoint = endpoints.endpoint_of(offer.name)
    except ProviderError:
        # An admin switched its connection off meanwhile.
        return
    if endpoint.is_ollama:
        _note(endpoint, offer.passed_on)


async def _offers(provider: str) -> list[OfferedModel] | str:
    """Return what a provider offers, or why it did not answer. It is asked twice, so that a hiccup removes no model."""
    connection = known.find(provider)
    for pause in (PAUSE_BEFORE_SECOND_TRY, 0):
        try:
            return await (listing.offers(connection) if connection else listings.offers(provider))
        except (UnlistedError, ListingError) as error:
            reason = error.problem.short if isinstance(error, ListingError) else str(error)
            await asyncio.sleep(pause)
    if provider not in (_failing or {}):
        logger.warning("%s offers no models: %s", provider, reason)
    return reason


async def keep_fresh() -> None:
    """Refresh for as long as the web process lives."""
    while True:
        try:
            await refresh()
        except Exception:
            logger.exception("the catalogue of models could not be refreshed")
        await asyncio.sleep(EVERY_WHILE_FAILING if _failing or _loading else EVERY)


async def health() -> Status:
    """Return whether the keys and servers of the settings offer models, and at least one provider. Sends no completion.

    A connection that fails is not enough: an admin may connect a server that is seldom on, and its state is on the
    page.
    """
    if not listings.configured():
        return "off"
    if _failing is None:
        await _ask_all()
    failing = set(_failing or ())
    is_bad = bool(failing & set(listings.of_settings())) or failing >= set(listings.configured())
    return "fail" if is_bad else "ok"
