"""Maps models to their providers. A new built-in model is one module, and one line in `built_in.py` and here."""

from chat.llm.built_in import QUOTES
from chat.llm.hosted import Hosted
from chat.llm.quotes import Quotes
from chat.llm.types import Provider
from langai_site.outbound.types import ModelInfo

PROVIDERS: dict[ModelInfo, Provider] = {QUOTES: Quotes()}
BEHIND_AN_ADDRESS: Provider = Hosted()


def provider_of(model: ModelInfo) -> Provider:
    """Return the provider that answers for `model`."""
    return PROVIDERS.get(model, BEHIND_AN_ADDRESS)
