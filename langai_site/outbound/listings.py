"""What the configured keys and servers offer."""

import re
from dataclasses import dataclass
from typing import Any

import httpx
from django.conf import settings

from langai_site.outbound.endpoints import Endpoint, endpoint_of, is_local

TIMEOUT = httpx.Timeout(5, connect=2)
# As of November 2026, best first: a key alone lists hundreds of models, most of them no chat models.
OPENAI = {"gpt-6.1-sol": "GPT-6.1 Sol", "gpt-6-luna": "GPT-6 Luna", "gpt-6-astra": "GPT-6 Astra"}
ANTHROPIC = {
    "claude-sonnet-5-5": "Claude Sonnet 5.5",
    "claude-haiku-5-5": "Claude Haiku 5.5",
    "claude-opus-5-5": "Claude Opus 5.5",
}
NOT_FOR_CHAT = re.compile(r"embed|rerank|whisper|moderation|dall-e|\btts\b|transcri|(^|/)bge-", re.IGNORECASE)
RANKS = {"openai": 10, "anthropic": 20, "hosted_vllm": 100, "ollama_chat": 200}


@dataclass(frozen=True)
class Offer:
    """A model that can be had. `passed_on`: its Ollama sends what it is asked to another host."""

    name: str
    display_name: str
    provider: str
    rank: int
    passed_on: bool = False


class Unlisted(Exception):
    """A configured server did not answer, or lists no model."""


def configured() -> list[str]:
    """The providers that settings name."""
    found = {
        "openai": settings.OPENAI_API_KEY and not settings.OPENAI_BASE_URL,
        "anthropic": settings.ANTHROPIC_API_KEY,
        "hosted_vllm": settings.OPENAI_BASE_URL,
        "ollama_chat": settings.OLLAMA_BASE_URL,
    }
    return [provider for provider, value in found.items() if value]


async def offers(provider: str) -> list[Offer]:
    """What `provider` offers, best first. Raises Unlisted when its server does not say."""
    if provider in ("openai", "anthropic"):
        table = OPENAI if provider == "openai" else ANTHROPIC
        return [_offer(provider, model, name, at) for at, (model, name) in enumerate(table.items())]
    listed = await (_openai_models if provider == "hosted_vllm" else _ollama_models)(endpoint_of(f"{provider}/"))
    models = {name: passed_on for name, passed_on in listed.items() if not NOT_FOR_CHAT.search(name)}
    if not models:
        raise Unlisted(f"{provider} lists no model")
    return [_offer(provider, name, name, at, passed_on) for at, (name, passed_on) in enumerate(models.items())]


def _offer(provider: str, model: str, display_name: str, at: int, passed_on: bool = False) -> Offer:
    return Offer(f"{provider}/{model}", display_name, provider, RANKS[provider] + at, passed_on)


async def _openai_models(endpoint: Endpoint) -> dict[str, bool]:
    body = await ask(endpoint.url + "/models", key=endpoint.key)
    return {str(row["id"]): False for row in _rows(body, "data") if row.get("id")}


async def _ollama_models(endpoint: Endpoint) -> dict[str, bool]:
    body = await ask(endpoint.url + "/api/tags")
    return {str(row["name"]): bool(row.get("remote_host")) for row in _rows(body, "models") if row.get("name")}


def _rows(body: Any, name: str) -> list[dict[str, Any]]:  # noqa: ANN401 - whatever a server sends
    rows = body.get(name) if isinstance(body, dict) else body
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


async def ask(url: str, *, key: str = "", body: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - parsed JSON
    """Return a server's JSON: GET, or POST of `body`. Raises Unlisted. In the building, proxies are not used."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    method = "POST" if body is not None else "GET"
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=not is_local(url), follow_redirects=False) as client:
            answer = await client.request(method, url, headers=headers, json=body)
            answer.raise_for_status()
            return answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unlisted(f"{type(error).__name__} at {method} {httpx.URL(url).path}") from error
