"""Pure: the models that are always available."""

from langai_site.outbound.abilities import Ability
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity

QUOTES = ModelInfo(
    "quotes",
    "quotes",
    "built-in",
    hosted=False,
    ceiling=Sensitivity.CONFIDENTIAL,
    rank=1000,
    abilities=dict.fromkeys(Ability, False),
)
# In the order in which Auto chooses them if nothing else is connected.
BUILT_IN = (QUOTES,)
