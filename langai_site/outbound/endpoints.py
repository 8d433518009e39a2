"""Where a model is asked, and whether that is in the building: derived from settings at every call, never stored."""

from dataclasses import dataclass

from django.conf import settings

from langai_site import hosts
from langai_site.outbound.types import ProviderError


@dataclass(frozen=True)
class Endpoint:
    """The server of one model: `url` is its base, `model` its name there; `direct` when no proxy may be between."""

    provider: str
    model: str
    url: str
    key: str
    direct: bool

    @property
    def is_ollama(self) -> bool:
        return self.provider in ("ollama", "ollama_chat")


def endpoint_of(name: str) -> Endpoint:
    """Return the endpoint of a model under LiteLLM's name for it, like `hosted_vllm/qwen3`."""
    servers = {
        "openai": (settings.OPENAI_BASE_URL or hosts.OPENAI, settings.OPENAI_API_KEY),
        "hosted_vllm": (settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY),
        "anthropic": (settings.ANTHROPIC_BASE_URL or "https://api.anthropic.com", settings.ANTHROPIC_API_KEY),
        "ollama_chat": (settings.OLLAMA_BASE_URL, ""),
    }
    return _endpoint(name, *servers.get(name.partition("/")[0], ("", "")))


def embedding_endpoint_of(name: str) -> Endpoint:
    """Return the endpoint of an embedder under LiteLLM's name for it, like `ollama/nomic-embed-text`.

    With an address of its own it gets its own key only: a key is shown to no server but the one it is for.
    """
    own = settings.EMBEDDER_BASE_URL
    url = hosts.embedder_address(name, own=own, openai=settings.OPENAI_BASE_URL, ollama=settings.OLLAMA_BASE_URL)
    shared = "" if own or name.startswith("ollama/") else settings.OPENAI_API_KEY
    return _endpoint(name, url, settings.EMBEDDER_API_KEY or shared)


def _endpoint(name: str, url: str, key: str) -> Endpoint:
    provider, _, model = name.partition("/")
    if not url:
        raise ProviderError(
            f"{name} is not set up here any more. Choose another model.", code="not_found", retryable=False
        )
    return Endpoint(provider=provider, model=model, url=url.rstrip("/"), key=key, direct=is_local(url))


def is_local(url: str) -> bool:
    """Whether the host of `url` is in LOCAL_HOSTS. Names match as names: nothing is looked up."""
    return hosts.is_local(url, settings.LOCAL_HOSTS)


def is_hosted(name: str, *, passed_on: bool = False) -> bool:
    """Whether asking this model leaves the building. `passed_on`: its Ollama names another host for it."""
    return leaves(endpoint_of(name), passed_on=passed_on)


def leaves(endpoint: Endpoint, *, passed_on: bool = False) -> bool:
    """Whether what this endpoint is asked leaves the building."""
    if endpoint.is_ollama and (passed_on or hosts.leaves_ollama(endpoint.model)):
        return True
    return not endpoint.direct
