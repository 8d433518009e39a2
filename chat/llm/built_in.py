"""Pure: the models that are always there."""

from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity

QUOTES = ModelInfo("quotes", "quotes", "built-in", hosted=False, ceiling=Sensitivity.CONFIDENTIAL, rank=1000)
# In the order in which Auto takes them where nothing else is connected.
BUILT_IN = (QUOTES,)
