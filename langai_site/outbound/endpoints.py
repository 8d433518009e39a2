"""Where a model is asked, and whether that is in the building: derived from its address at every call, never stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from django.conf import settings

from langai_site import hosts, local_model
from langai_site.outbound.connections import known
from langai_site.outbound.connections.kinds import Kind
from langai_site.outbound.connections.known import Known
from langai_site.outbound.types import ProviderError
from langai_site.sentences import sentence

NO_KEY = sentence(
    "connection.no_key",
    "The connection “%(name)s” has no usable key. Choose another model, or tell an admin.",
)
SWITCHED_OFF = sentence(
    "connection.switched_off", "The connection “%(name)s” is switched off. Choose another model, or tell an admin."
)
NOT_SET_UP = sentence("connection.not_set_up", "%(name)s is no longer set up here. Choose another model.")


@dataclass(frozen=True)
class Endpoint:
    """The server of one model: `url` is its base, `model` its name there; `direct`: use no proxy.

    `provider` is its wire format in `lane_requests.FORMATS`, otherwise LiteLLM's name. `headers` are sent with every
    request. `url` is empty if LiteLLM knows the address.
    """

    provider: str
    model: str
    url: str
    key: str = field(repr=False)
    direct: bool
    headers: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)

    @property
    def is_ollama(self) -> bool:
        return self.provider in ("ollama", "ollama_chat")


def endpoint_of(name: str) -> Endpoint:
    """Return the endpoint of a model by its name: `hosted_vllm/qwen3`, or one that begins with a connection's slug.

    Connections count as this process knows them. Raises ProviderError if there is no endpoint, or none now.
    """
    prefix, _rest, model = name.partition("/")
    if connection := known.find(prefix):
        return endpoint_in(connection, model)
    servers = {
        "openai": (settings.OPENAI_BASE_URL or hosts.OPENAI, settings.OPENAI_API_KEY),
        "hosted_vllm": (settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY),
        "anthropic": (settings.ANTHROPIC_BASE_URL or "https://api.anthropic.com", settings.ANTHROPIC_API_KEY),
        "ollama_chat": (settings.OLLAMA_BASE_URL, ""),
    }
    if prefix == local_model.PREFIX:
        return _endpoint(f"hosted_vllm/{model}", settings.LOCAL_MODEL_SERVER.url, settings.LOCAL_MODEL_SERVER.key)
    return _endpoint(name, *servers.get(prefix, ("", "")))


def endpoint_in(connection: Known, model: str) -> Endpoint:
    """Return the endpoint of a connection's model. Raises ProviderError if it cannot be asked now."""
    if not connection.enabled or connection.key_problem:
        closed = NO_KEY if connection.enabled else SWITCHED_OFF
        raise ProviderError(closed(name=connection.name), code="not_found", retryable=False)
    if not connection.address and connection.kind != Kind.OTHER:
        raise _not_set_up(f"{connection.slug}/{model}")
    return _at(connection, model)


def _at(connection: Known, model: str) -> Endpoint:
    """Return the endpoint, whether or not it can be asked now."""
    url = _azure_url(connection.address, model) if connection.kind == Kind.AZURE else connection.address
    return Endpoint(
        connection.provider, model, url.rstrip("/"), connection.key, is_local(url), dict(connection.headers)
    )


def _azure_url(address: str, model: str) -> str:
    """Return a deployment's address: below /openai/v1, or of the older API if the address names that API's version."""
    base, mark, query = address.partition("?")
    base = base.removesuffix("/").removesuffix("/openai/v1").removesuffix("/openai")
    return f"{base}/openai/deployments/{quote(model, safe='')}?{query}" if mark else f"{base}/openai/v1"


def embedding_endpoint_of(name: str) -> Endpoint:
    """Return the endpoint of an embedder by its name: `ollama/nomic-embed-text`, or one of a connection.

    If it has its own address, it gets only its own key: a key is shown to no server but its own.
    """
    prefix, _, model = name.partition("/")
    if connection := known.find(prefix):
        return endpoint_in(connection, model)
    own = settings.EMBEDDER_BASE_URL
    url = hosts.embedder_address(name, own=own, openai=settings.OPENAI_BASE_URL, ollama=settings.OLLAMA_BASE_URL)
    shared = "" if own or name.startswith("ollama/") else settings.OPENAI_API_KEY
    return _endpoint(name, url, settings.EMBEDDER_API_KEY or shared)


def embedder_leaves(name: str, *, passed_on: bool = False) -> bool:
    """Return whether texts for this embedder leave the building. `passed_on`: its Ollama names another host for it."""
    prefix, _, model = name.partition("/")
    connection = known.find(prefix)
    return leaves(_at(connection, model) if connection else embedding_endpoint_of(name), passed_on=passed_on)


def _endpoint(name: str, url: str, key: str) -> Endpoint:
    provider, _slash, model = name.partition("/")
    if not url:
        raise _not_set_up(name)
    return Endpoint(provider=provider, model=model, url=url.rstrip("/"), key=key, direct=is_local(url))


def _not_set_up(name: str) -> ProviderError:
    return ProviderError(
        NOT_SET_UP(name=name),
        code="not_found",
        retryable=False,
    )


def is_local(url: str) -> bool:
    """Return whether the host of `url` is in LOCAL_HOSTS. Names are compared as text: nothing is resolved.

    LangAI's own model server is local whatever the setting names.
    """
    if (own := settings.LOCAL_MODEL_SERVER.url) and (url == own or url.startswith(f"{own}/")):
        return True
    return hosts.is_local(url, settings.LOCAL_HOSTS)


def is_hosted(name: str, *, passed_on: bool = False) -> bool:
    """Return whether asking this model leaves the building. `passed_on`: its Ollama names another host for it."""
    return leaves(endpoint_of(name), passed_on=passed_on)


def leaves(endpoint: Endpoint, *, passed_on: bool = False) -> bool:
    """Return whether questions to this endpoint leave the building."""
    if endpoint.is_ollama and (passed_on or hosts.leaves_ollama(endpoint.model)):
        return True
    return not endpoint.direct
