"""Which provider answers for a model. A new built-in model is one module and one line here."""

from chat.llm.hosted import Hosted
from chat.llm.quotes import QUOTES, Quotes
from chat.llm.types import Provider
from langai_site.outbound.types import ModelInfo

BUILT_IN: dict[str, Provider] = {QUOTES.name: Quotes()}
BEHIND_AN_ADDRESS: Provider = Hosted()


def provider_of(model: ModelInfo) -> Provider:
    return BUILT_IN.get(model.name, BEHIND_AN_ADDRESS)
