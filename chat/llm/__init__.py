"""Which provider answers for a model. A new built-in model is one module and one line here."""

from chat.llm.hosted import Hosted
from chat.llm.quotes import QUOTES, Quotes
from chat.llm.types import Provider
from langai_site.outbound.types import ModelInfo

# In the order in which Auto takes them where nothing else is connected.
BUILT_IN: dict[ModelInfo, Provider] = {QUOTES: Quotes()}
BEHIND_AN_ADDRESS: Provider = Hosted()


def provider_of(model: ModelInfo) -> Provider:
    return BUILT_IN.get(model, BEHIND_AN_ADDRESS)
