"""Pure: puts into words what a model can do, what it may see and what it costs."""

from decimal import Decimal

from langai_site.outbound import abilities
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity


def ceiling(model: ModelInfo) -> str:
    """Return which labels the model may see."""
    if model.ceiling == Sensitivity.CONFIDENTIAL:
        return "all labels"
    return "public only" if model.ceiling == Sensitivity.PUBLIC else f"up to {model.ceiling.label.lower()}"


def price(model: ModelInfo) -> str:
    """Return what a million tokens cost: `$2 in, $8 out`."""
    if not model.hosted:
        return "free"
    if model.price is None:
        return "unpriced"
    if not (model.price.input or model.price.output):
        return "free"
    return f"{dollars(model.price.input)} in, {dollars(model.price.output)} out"


def dollars(amount: Decimal) -> str:
    """Return an amount without rounding it: `$2`, `$2.50`, `$0.075`."""
    exponent = int(amount.normalize().as_tuple().exponent)
    return f"${amount:.{max(2, -exponent) if exponent < 0 else 0}f}"


def count(tokens: int) -> str:
    """Return a number of tokens in short: `900`, `128k`, `1.5M`."""
    if tokens < 1000:
        return str(tokens)
    return f"{tokens // 1000}k" if tokens < 1_000_000 else f"{tokens / 1_000_000:.1f}".removesuffix(".0") + "M"


def facts(model: ModelInfo, provider: str) -> list[str]:
    """Return what the model may see, where it is, how much it reads at once and what it can do: a few words each."""
    where = "hosted" if model.hosted else "local"
    window = f"{count(model.context_window)} context" if model.context_window else ""
    long_after = model.price.long_after if model.price else 0
    dearer = f"costs more above {count(long_after)}" if long_after else ""
    able = ", ".join(abilities.words(model.abilities))
    return [words for words in (ceiling(model), f"{where}, {provider}", window, able, dearer) if words]
