"""Decides whether an address is in the building: by name or network, without DNS queries. Reads no settings."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

# How Ollama names the models that it runs in its own cloud.
OLLAMA_CLOUD = ("-cloud", ":cloud")


def is_local(url: str, hosts: Iterable[str]) -> bool:
    """Return whether the host of `url` is one of `hosts`: names, addresses or networks."""
    host = _host_of(url)
    return bool(host) and any(_same(host, item.strip().rstrip(".").casefold()) for item in hosts)


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


OPENAI = "https://api.openai.com/v1"
# Embedders of this machine: both models, and the English one alone.
LOCAL_EMBEDDERS = ("local", "local-en")
EMBEDDER_PROVIDERS = ("openai", "hosted_vllm", "ollama")


def embedder_address(name: str, *, own: str, openai: str, ollama: str) -> str:
    """Return the address of the embedder `name`, like `ollama/nomic-embed-text`; empty if there is none.

    `own` is a separate address for the embedder; `openai` and `ollama` are those of the chat's servers.
    """
    provider = name.partition("/")[0]
    servers = {"openai": openai or OPENAI, "hosted_vllm": openai, "ollama": ollama}
    return (own or servers[provider]) if provider in servers else ""


def leaves_ollama(model: str) -> bool:
    """Return whether a model's name says that its Ollama forwards requests to the cloud."""
    return model.endswith(OLLAMA_CLOUD)
