"""Pure: the kinds of servers that an admin can connect."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy

from langai_site import local_model
from langai_site.words import gettext_noop

# Prefixes of the models that environment variables connect, and of embedders: no connection can have them.
RESERVED = frozenset({"openai", "hosted_vllm", "anthropic", "ollama_chat", "ollama", local_model.PREFIX})


class Kind(StrEnum):
    """The API that a server speaks."""

    COMPATIBLE = "compatible"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    OLLAMA = "ollama"
    AZURE = "azure"
    OTHER = "other"


@dataclass(frozen=True)
class Facts:
    """What is fixed for a kind.

    `provider` is its wire format in `lane_requests.FORMATS` and LiteLLM's name for it; `address` is its usual address.
    `is_open`: the key opens every model of the provider, listed or not.
    """

    words: str
    provider: str
    address: str = ""
    is_open: bool = True


FACTS = {
    Kind.COMPATIBLE: Facts(gettext_noop("OpenAI-compatible server"), "hosted_vllm", is_open=False),
    Kind.OPENAI: Facts("OpenAI", "openai", "https://api.openai.com/v1"),
    Kind.ANTHROPIC: Facts("Anthropic", "anthropic", "https://api.anthropic.com"),
    Kind.GEMINI: Facts("Gemini", "gemini", "https://generativelanguage.googleapis.com"),
    Kind.OLLAMA: Facts("Ollama", "ollama_chat", is_open=False),
    Kind.AZURE: Facts("Azure OpenAI", "azure"),
    Kind.OTHER: Facts(gettext_noop("Another provider that LiteLLM knows"), ""),
}
# Whose embedders search can use: they are asked in OpenAI's format.
EMBEDDING = (Kind.COMPATIBLE, Kind.OPENAI, Kind.OLLAMA)
CHOICES = [(kind.value, gettext_lazy(facts.words)) for kind, facts in FACTS.items()]

# OpenAI-compatible services whose prices LiteLLM lists, by their host.
LISTED_HOSTS = {
    "api.groq.com": "groq",
    "openrouter.ai": "openrouter",
    "api.mistral.ai": "mistral",
    "api.deepseek.com": "deepseek",
    "api.together.xyz": "together_ai",
    "api.fireworks.ai": "fireworks_ai",
    "api.x.ai": "xai",
    "api.cerebras.ai": "cerebras",
    "api.openai.com": "openai",
}
