"""Checks for `manage.py doctor` whether providers and connections answer: lists their models, which is free."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import httpx
from django.conf import settings

from langai_site import registry
from langai_site.local_model import PREFIX
from langai_site.outbound import bounds, listings
from langai_site.outbound.connections import known, listing, reading
from langai_site.outbound.connections.problems import ListingError
from langai_site.outbound.endpoints import Endpoint, endpoint_of
from langai_site.registry import DoctorFinding

# What people call the providers, and the settings for them.
PROVIDERS = {
    "openai": ("OpenAI", "OPENAI_API_KEY"),
    "hosted_vllm": ("server with OpenAI's API", "OPENAI_BASE_URL and OPENAI_API_KEY"),
    "anthropic": ("Anthropic", "ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL"),
    "ollama_chat": ("Ollama", "OLLAMA_BASE_URL"),
    PREFIX: ("model from a file", "LOCAL_MODEL"),
}
# Paths below `Endpoint.url`: where the list is, and the key of the object that holds it.
LISTS = {"anthropic": ("/v1/models", "data"), "ollama_chat": ("/api/tags", "models")}
OPENAI_LIST = ("/models", "data")
# For all of them together: each has the time limit of a listing.
CONNECTIONS_SECONDS = 20
REFUSED = (401, 403)
Check = Callable[[], DoctorFinding]


def register() -> None:
    for provider, (name, names) in PROVIDERS.items():
        advice = f"Check {names}, and that this machine may connect to the server."
        registry.doctor_check(name, partial(listed, provider), advice=advice)
    advice = "Open the connection under Connections in the administration pages; Test says more."
    registry.doctor_check("connections", connected, advice=advice, seconds=CONNECTIONS_SECONDS)


def connected() -> DoctorFinding:
    """Return what each connection's server lists; all are asked at the same time."""
    reading.read()
    if not (slugs := known.enabled()):
        return DoctorFinding("off", "no connection yet: add one under Connections in the administration pages")
    found = asyncio.run(_all_listed(slugs))
    words = "; ".join(f"{slug}: {said}" for slug, (_, said, _) in found.items())
    first = next((advice for _, _, advice in found.values() if advice), "")
    return DoctorFinding("ok" if all(fine for fine, _, _ in found.values()) else "fail", words, first)


async def _all_listed(slugs: Sequence[str]) -> dict[str, tuple[bool, str, str]]:
    """Return for each slug whether it lists models, what to say about it, and what to do."""
    return dict(zip(slugs, await asyncio.gather(*map(_listed, slugs)), strict=True))


async def _listed(slug: str) -> tuple[bool, str, str]:
    connection = known.find(slug)
    try:
        models = await listing.offers(connection) if connection else []
    except ListingError as error:
        return False, error.problem.short, error.problem.words
    return True, f"{len(models)} {'model' if len(models) == 1 else 'models'}", ""


def listed(provider: str) -> DoctorFinding:
    """Return how many models `provider` lists. Raises httpx's errors if its server does not answer."""
    _, names = PROVIDERS[provider]
    if provider == PREFIX and settings.LOCAL_MODEL_SERVER.problem:
        return DoctorFinding("fail", "it is not running", settings.LOCAL_MODEL_SERVER.problem)
    if provider not in listings.configured():
        return DoctorFinding("off", listings.missing(provider))
    endpoint = endpoint_of(f"{provider}/")
    answer = _list_response(endpoint)
    if answer.status_code in REFUSED:
        return DoctorFinding("fail", f"{_host(endpoint)} refuses the key ({answer.status_code})", f"Check {names}.")
    if not answer.is_success:
        advice = f"Check {names}; the server's log may say more."
        return DoctorFinding("fail", f"{_host(endpoint)} answers with status {answer.status_code}", advice)
    return _counted(endpoint, answer)


def _list_response(endpoint: Endpoint) -> httpx.Response:
    """Ask for the list as for answers: without a proxy in the building, and without following redirects."""
    path, _ = LISTS.get(endpoint.provider, OPENAI_LIST)
    bound = bounds.of_listing(listings.SECONDS)
    with httpx.Client(
        timeout=listings.TIMEOUT,
        trust_env=not endpoint.direct,
        follow_redirects=False,
        event_hooks=bounds.hooks(lambda: bound),
    ) as client:
        return client.get(endpoint.url + path, headers=listings.headers_of(endpoint))


def _counted(endpoint: Endpoint, answer: httpx.Response) -> DoctorFinding:
    _, key = LISTS.get(endpoint.provider, OPENAI_LIST)
    try:
        body: Any = answer.json()
    except ValueError:
        return DoctorFinding(
            "fail", f"{_host(endpoint)} does not answer in JSON", "Check the address: a path may be missing."
        )
    models = body.get(key) if isinstance(body, dict) else body
    if not models or not isinstance(models, list):
        return DoctorFinding("warn", f"{_host(endpoint)} lists no model", "Load a model there.")
    return DoctorFinding("ok", f"{_host(endpoint)} lists {len(models)} models")


def _host(endpoint: Endpoint) -> str:
    """Return the server's name and port without the rest: addresses may contain a password."""
    url = httpx.URL(endpoint.url)
    return f"{url.host}:{url.port}" if url.port else url.host
