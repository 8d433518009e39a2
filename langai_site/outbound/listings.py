"""What the keys and servers of the settings offer; `connections/listing.py` has the others."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import httpx
from django.conf import settings

from langai_site.local_model import PREFIX, LocalModel
from langai_site.outbound import abilities, bounds, http_clients
from langai_site.outbound.abilities import Abilities, Ability
from langai_site.outbound.connections import known
from langai_site.outbound.endpoints import Endpoint, endpoint_of, is_local
from langai_site.outbound.types import ModelRole

TIMEOUT = httpx.Timeout(5, connect=2)
# For the whole answer: the timeout above restarts with every byte.
SECONDS = 15
# The rest of a longer list is left out. The largest hub lists about 500.
MOST_MODELS = 1000
LONGEST_NAME = 150
# How many models one Ollama is asked about at the same time.
AT_ONCE = 8


@dataclass(frozen=True)
class Default:
    """A current model that a key alone offers, and its roles."""

    display_name: str
    roles: frozenset[ModelRole]


SIMPLE, STRONG = frozenset({ModelRole.SIMPLE}), frozenset({ModelRole.STRONG})
BALANCED = frozenset({ModelRole.BALANCED, ModelRole.LONG_CONTEXT})
# As of November 2026, best first. A key alone lists hundreds of models, most of which are not chat models.
OPENAI = {
    "gpt-6.1-sol": Default("GPT-6.1 Sol", BALANCED),
    "gpt-6-luna": Default("GPT-6 Luna", SIMPLE),
    "gpt-6-astra": Default("GPT-6 Astra", STRONG),
}
ANTHROPIC = {
    "claude-sonnet-5-5": Default("Claude Sonnet 5.5", BALANCED),
    "claude-haiku-5-5": Default("Claude Haiku 5.5", SIMPLE),
    "claude-opus-5-5": Default("Claude Opus 5.5", STRONG),
}
DEFAULTS = {"openai": OPENAI, "anthropic": ANTHROPIC}
# Where servers with OpenAI's API report the window that a model runs with (not its maximum), if they do.
WINDOWS = ("max_model_len", "context_length", "context_window", "max_context_length")
LOADING = 503
ANTHROPIC_VERSION = "2023-06-01"
NOT_FOR_CHAT = re.compile(r"embed|rerank|whisper|moderation|dall-e|\btts\b|transcri|(^|/)bge-", re.IGNORECASE)
RANKS = {"openai": 10, "anthropic": 20, "hosted_vllm": 100, "ollama_chat": 200, PREFIX: 250}


# What a provider's models need as long as the settings do not configure it.
MISSING = {
    "openai": "key missing: set OPENAI_API_KEY",
    "anthropic": "key missing: set ANTHROPIC_API_KEY",
    "hosted_vllm": "no server: set OPENAI_BASE_URL",
    "ollama_chat": "no server: set OLLAMA_BASE_URL",
    PREFIX: "no file: set LOCAL_MODEL",
}


@dataclass(frozen=True)
class OfferedModel:
    """A model on offer. `window` in tokens, 0 if the server does not say; `size` like 3.2B, or empty.

    `passed_on`: its Ollama sends questions to another host. `roles` are empty unless they are known for sure.
    `abilities` are those that the server states.
    `is_loading`: its server answers questions as soon as it has loaded the model.
    """

    name: str
    display_name: str
    provider: str
    rank: int
    passed_on: bool = False
    window: int = 0
    size: str = ""
    roles: frozenset[ModelRole] = frozenset()
    abilities: Abilities = field(default_factory=dict, hash=False)
    is_loading: bool = False


class UnlistedError(Exception):
    """A configured server did not answer, or lists no model."""


def configured() -> list[str]:
    """Return the providers in the settings, and the slugs of the connections that can be asked."""
    return [*of_settings(), *known.usable()]


def of_settings() -> list[str]:
    """Return the providers in the settings."""
    found = {
        "openai": settings.OPENAI_API_KEY and not settings.OPENAI_BASE_URL,
        "anthropic": settings.ANTHROPIC_API_KEY,
        "hosted_vllm": settings.OPENAI_BASE_URL,
        "ollama_chat": settings.OLLAMA_BASE_URL,
        PREFIX: settings.LOCAL_MODEL_SERVER.url,
    }
    return [provider for provider, value in found.items() if value]


def missing(provider: str) -> str:
    """Return what an admin must set before this provider's models can be asked; empty if nothing is missing."""
    if provider in configured():
        return ""
    if provider == "openai" and settings.OPENAI_BASE_URL:
        return "not asked: OPENAI_BASE_URL names another server"
    if provider == PREFIX and settings.LOCAL_MODEL_SERVER.problem:
        return "not running: Connections says why"
    return MISSING.get(provider) or known.missing(provider)


def is_offered(name: str, *, listed: bool) -> bool:
    """Return whether the next refresh would add this model again; `listed`: its server has listed it lately."""
    provider, _, model = name.partition("/")
    if provider not in RANKS:
        # Models of connections are added by an admin's choice.
        return False
    return not missing(provider) and (model in DEFAULTS[provider] if provider in DEFAULTS else listed)


async def offers(provider: str) -> list[OfferedModel]:
    """Return what `provider` offers, best first. Raises UnlistedError if its server does not say."""
    if provider in DEFAULTS:
        table = DEFAULTS[provider].items()
        offered = [
            OfferedModel(model, default.display_name, provider, 0, roles=default.roles) for model, default in table
        ]
    elif provider == PREFIX:
        offered = [await _of_file(settings.LOCAL_MODEL_SERVER, endpoint_of(f"{provider}/"))]
    else:
        listed = await (openai_models if provider == "hosted_vllm" else ollama_models)(endpoint_of(f"{provider}/"))
        offered = [offer for offer in listed if not NOT_FOR_CHAT.search(offer.name)]
    if not offered:
        raise UnlistedError(f"{provider} lists no model")
    first = RANKS[provider]
    return [
        replace(offer, name=f"{provider}/{offer.name}", rank=rank) for rank, offer in enumerate(offered, start=first)
    ]


async def _of_file(model: LocalModel, endpoint: Endpoint) -> OfferedModel:
    """Return the model from a file, as it was started. Raises UnlistedError if its server does not answer.

    It is offered while it is being loaded, too: a question then gets an error that says so.
    """
    offer = OfferedModel(model.name, model.name, PREFIX, 0, window=model.context, size=model.size)
    try:
        body = await ask(endpoint.url + "/models", headers=headers_of(endpoint))
    except UnlistedError as error:
        cause = error.__cause__
        if not isinstance(cause, httpx.HTTPStatusError) or cause.response.status_code != LOADING:
            raise
        return replace(offer, is_loading=True)
    able = next(iter(_rows_of_llama_cpp(body).values()), {})
    return replace(offer, abilities=abilities.of_server(able))


async def openai_models(endpoint: Endpoint) -> list[OfferedModel]:
    """Return what a server with OpenAI's API lists, under its own names. Raises UnlistedError."""
    body = await ask(endpoint.url + "/models", headers=headers_of(endpoint))
    more = _rows_of_llama_cpp(body)
    # Few servers have the list or the names in another place than OpenAI.
    places = ((name, key) for name in ("data", "models", "result") for key in ("id", "name", "model"))
    key, rows = next(((key, rows) for name, key in places if (rows := rows_of(body, name, key))), ("id", []))
    return [
        OfferedModel(
            str(row[key]),
            str(row[key]),
            endpoint.provider,
            0,
            window=count_of(row, *WINDOWS),
            abilities=abilities.of_server({**more.get(str(row[key]), {}), **row}),
        )
        for row in rows
    ]


def _rows_of_llama_cpp(body: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - whatever a server sends
    """Return the rows of llama.cpp's second list, which states abilities, by the models' names."""
    return {str(row["name"]): row for row in rows_of(body, "models", "name")} if isinstance(body, dict) else {}


async def ollama_models(endpoint: Endpoint) -> list[OfferedModel]:
    """Return what an Ollama lists, under its own names. Raises UnlistedError."""
    body = await ask(endpoint.url + "/api/tags", headers=headers_of(endpoint))
    rows = {str(row["name"]): row for row in rows_of(body, "models", "name")}
    turns = asyncio.Semaphore(AT_ONCE)
    digests = ((name, str(row.get("digest"))) for name, row in rows.items())
    facts = await asyncio.gather(*(_ollama_facts(endpoint, turns, *digest) for digest in digests))
    return [
        OfferedModel(
            name,
            name,
            endpoint.provider,
            0,
            bool(row.get("remote_host")),
            window,
            _size(row),
            abilities=able,
        )
        for (name, row), (window, able) in zip(rows.items(), facts, strict=True)
    ]


# By server, name and digest. They never change, so a refresh asks only for new models.
_facts: dict[tuple[str, str, str], tuple[int, Abilities]] = {}


async def _ollama_facts(endpoint: Endpoint, turns: asyncio.Semaphore, name: str, digest: str) -> tuple[int, Abilities]:
    """Return the window and the abilities of one of its models."""
    key = (endpoint.url, name, digest)
    if key not in _facts:
        try:
            async with turns:
                shown = await ask(endpoint.url + "/api/show", body={"model": name}, headers=headers_of(endpoint))
        except UnlistedError:
            return 0, {}
        shown = shown if isinstance(shown, dict) else {}
        info = shown["model_info"] if isinstance(shown.get("model_info"), dict) else {}
        window = count_of(info, *(fact for fact in info if fact.endswith(".context_length")))
        # Ollama itself makes an answer keep to a schema.
        able = abilities.of_server(shown)
        _facts[key] = window, {**able, Ability.JSON: True} if able else {}
    return _facts[key]


def _size(row: dict[str, Any]) -> str:
    details = row.get("details")
    return str(details.get("parameter_size") or "") if isinstance(details, dict) else ""


def count_of(row: dict[str, Any], *names: str) -> int:
    """Return the first of these that is a number of tokens; 0 if none is."""
    found = (row[name] for name in names if name in row)
    return next((value for value in found if isinstance(value, int) and 0 < value < 2**31), 0)


def rows_of(body: Any, name: str, key: str) -> list[dict[str, Any]]:  # noqa: ANN401 - whatever a server sends
    """Return the models in the list called `name`, with a usable name in `key`: printable and not too long."""
    rows = body.get(name) if isinstance(body, dict) else body
    named = (row for row in rows if isinstance(row, dict) and row.get(key)) if isinstance(rows, list) else ()
    return [row for row in islice(named, MOST_MODELS) if _is_name(str(row[key]))]


def _is_name(text: str) -> bool:
    return len(text) <= LONGEST_NAME and text.isprintable()


def headers_of(endpoint: Endpoint) -> dict[str, str]:
    """Return the headers that authenticate us to a server."""
    key = endpoint.key
    own = {
        "anthropic": {"x-api-key": key, "anthropic-version": ANTHROPIC_VERSION},
        "gemini": {"x-goog-api-key": key},
        "azure": {"api-key": key},
    }.get(endpoint.provider, {"Authorization": f"Bearer {key}"})
    return {**(own if key else {}), **endpoint.headers}


def _is_error(body: Any) -> bool:  # noqa: ANN401 - parsed JSON
    """Return whether a server reports an error in its body, beside or instead of what was asked for."""
    if not isinstance(body, dict) or any(isinstance(value, list) and value for value in body.values()):
        return False
    return bool(body.get("error")) or any(isinstance(body.get(name), str) for name in ("detail", "message", "msg"))


async def ask(url: str, *, headers: Mapping[str, str] | None = None, body: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - parsed JSON
    """Return a server's JSON: GET, or POST of `body`. Raises UnlistedError. In the building, proxies are not used."""
    method = "POST" if body is not None else "GET"
    hooks, direct = bounds.async_hooks(bounds.of_listing()), is_local(url)
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(
                timeout=TIMEOUT,
                verify=await asyncio.to_thread(http_clients.certificates, direct),
                trust_env=not direct,
                follow_redirects=False,
                event_hooks=hooks,
            ) as client,
        ):
            answer = await client.request(method, url, headers=headers, json=body)
            answer.raise_for_status()
            found = answer.json()
            if _is_error(found):
                raise httpx.HTTPStatusError(
                    "an error with a status of success", request=answer.request, response=answer
                )
            return found
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, RecursionError) as error:
        raise UnlistedError(f"{type(error).__name__} at {method} {httpx.URL(url).path}") from error
