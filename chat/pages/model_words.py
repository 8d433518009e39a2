"""Pure: puts into words what a model can do, what it may see and what it costs."""

from decimal import Decimal

from django.utils.translation import gettext as _

from langai_site import numbers
from langai_site.outbound import abilities
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity


def ceiling(model: ModelInfo) -> str:
    """Return which labels the model may see."""
    if model.ceiling == Sensitivity.CONFIDENTIAL:
        return _("all labels")
    if model.ceiling == Sensitivity.PUBLIC:
        return _("public only")
    return _("up to %(label)s") % {"label": model.ceiling.in_text}


def price(model: ModelInfo) -> str:
    """Return what a million tokens cost: `$2 in, $8 out`."""
    if not model.hosted:
        return _("free")
    if model.price is None:
        return _("unpriced")
    if not (model.price.input or model.price.output):
        return _("free")
    return _("%(input)s in, %(output)s out") % {
        "input": dollars(model.price.input),
        "output": dollars(model.price.output),
    }


def dollars(amount: Decimal) -> str:
    """Return an amount without rounding it: `$2`, `$2.50`, `$0.075`."""
    exponent = int(amount.normalize().as_tuple().exponent)
    return numbers.dollars(f"{amount:.{max(2, -exponent) if exponent < 0 else 0}f}")


def count(tokens: int) -> str:
    """Return a number of tokens in short: `900`, `128k`, `1.5M`."""
    if tokens < 1000:
        return str(tokens)
    if tokens < 1_000_000:
        return f"{tokens // 1000}k"
    return numbers.shortest(round(tokens / 1_000_000, 1)) + "M"


def facts(model: ModelInfo, provider: str) -> list[str]:
    """Return what the model may see, where it is, how much it reads at once and what it can do: a few words each."""
    where = _("hosted") if model.hosted else _("local")
    window = _("%(size)s context") % {"size": count(model.context_window)} if model.context_window else ""
    long_after = model.price.long_after if model.price else 0
    dearer = _("costs more above %(size)s") % {"size": count(long_after)} if long_after else ""
    able = ", ".join(abilities.words(model.abilities))
    return [words for words in (ceiling(model), f"{where}, {provider}", window, able, dearer) if words]
