"""Where a model is asked, and whether that is in the building: derived from settings at every call, never stored."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from langai_site.outbound.types import ProviderError

# What Ollama calls the models that it passes on to its own cloud.
OLLAMA_CLOUD = ("-cloud", ":cloud")


@dataclass(frozen=True)
class Endpoint:
    """The server of one model: `url` is its base, `model` its name there; `direct` when no proxy may be between."""

    provider: str
    model: str
    url: str
    key: str
    direct: bool


def endpoint_of(name: str) -> Endpoint:
    """Return the endpoint of a model under LiteLLM's name for it, like `hosted_vllm/qwen3`."""
    provider, _, model = name.partition("/")
    servers = {
        "openai": (settings.OPENAI_BASE_URL or "https://api.openai.com/v1", settings.OPENAI_API_KEY),
        "hosted_vllm": (settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY),
        "anthropic": (settings.ANTHROPIC_BASE_URL or "https://api.anthropic.com", settings.ANTHROPIC_API_KEY),
        "ollama_chat": (settings.OLLAMA_BASE_URL, ""),
    }
    url, key = servers.get(provider, ("", ""))
    if not url:
        raise ProviderError(
            f"{name} is not set up here any more. Choose another model.", code="not_found", retryable=False
        )
    return Endpoint(provider=provider, model=model, url=url.rstrip("/"), key=key, direct=is_local(url))


def is_local(url: str) -> bool:
    """Whether the host of `url` is in LOCAL_HOSTS. Names match as names: nothing is looked up."""
    host = _host_of(url)
    return bool(host) and any(_same(host, item.strip().rstrip(".").casefold()) for item in settings.LOCAL_HOSTS)


def is_hosted(name: str, *, passed_on: bool = False) -> bool:
    """Whether asking this model leaves the building. `passed_on`: its Ollama names another host for it."""
    endpoint = endpoint_of(name)
    if endpoint.provider == "ollama_chat" and (passed_on or endpoint.model.endswith(OLLAMA_CLOUD)):
        return True
    return not endpoint.direct


def _host_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").rstrip(".").casefold() if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _same(host: str, item: str) -> bool:
    if host == item:
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(item, strict=False)
    except ValueError:
        return False
