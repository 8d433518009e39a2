"""This process's copy of the connections in the database, for the event loop and other code that must be fast.

`reading.py` fills it, at least once a second in a web process. Nothing here reads the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from langai_site.outbound.connections.kinds import FACTS, LISTED_HOSTS, RESERVED, Kind
from langai_site.sensitivity import Sensitivity
from langai_site.words import gettext_noop


@dataclass(frozen=True)
class Known:
    """One connection as it was read.

    `provider` is its wire format, or LiteLLM's name. `key_problem` says why there is no key although one was stored.
    `is_listing`: its server has listed models, so a model that it does not list is gone. `embedder` is its model for
    search, empty if search does not use it.
    """

    slug: str
    name: str
    kind: Kind
    provider: str
    address: str
    key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    enabled: bool = True
    key_problem: str = ""
    is_listing: bool = False
    embedder: str = ""
    embedder_ceiling: Sensitivity = Sensitivity.CONFIDENTIAL

    @property
    def is_open(self) -> bool:
        """Return whether a model can be asked that its server does not list."""
        return FACTS[self.kind].is_open or not self.is_listing

    @property
    def litellm_provider(self) -> str:
        """Return the provider of its models in LiteLLM's list; empty if unknown."""
        if self.kind == Kind.COMPATIBLE:
            return LISTED_HOSTS.get(urlsplit(self.address).hostname or "", "")
        return self.provider


# Names of the providers that environment variables connect.
_OF_SETTINGS = {FACTS[kind].provider: FACTS[kind].words for kind in Kind if FACTS[kind].provider in RESERVED}

_known: Mapping[str, Known] = {}


def put(connections: Mapping[str, Known]) -> None:
    """Replace this process's copy."""
    global _known
    _known = dict(connections)


def find(slug: str) -> Known | None:
    """Return the connection with that slug, enabled or not."""
    return _known.get(slug)


def provider_name(provider: str) -> str:
    """Return a provider's name as people see it: that of its connection, if it has one."""
    connection = find(provider)
    return connection.name if connection else _OF_SETTINGS.get(provider, provider)


def enabled() -> list[str]:
    """Return the slugs of the connections that are switched on, with or without a key."""
    return [slug for slug, one in _known.items() if one.enabled]


def usable() -> list[str]:
    """Return the slugs of the connections that can be asked."""
    return [slug for slug, one in _known.items() if one.enabled and not one.key_problem]


def missing(slug: str) -> str:
    """Return in a few words for admins why a connection cannot be asked; empty if it can."""
    if (one := _known.get(slug)) is None:
        return gettext_noop("not set up")
    return one.key_problem if one.enabled else gettext_noop("its connection is switched off")


def embedding() -> Known | None:
    """Return the connection whose embedder search uses; None if that is the one of the environment."""
    return next((one for one in _known.values() if one.enabled and one.embedder), None)


def litellm_name(model: str) -> str:
    """Return LiteLLM's name for a model, like `groq/llama-4`; empty if it has none."""
    slug, _slash, rest = model.partition("/")
    if (one := _known.get(slug)) is None:
        return model
    return f"{one.litellm_provider}/{rest}" if one.litellm_provider else ""
