"""What the composer says of a comparison: which models it would ask, and what all of their answers can cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.comparisons.opening import LEAST, MOST
from chat.pages import receipt_text
from chat.routing.route import AUTO
from chat.turns.previews import Basis, Preview
from langai_site.sentences import drawn
from langai_site.usage.spending.standing import refusal_in_short, refusing, shown


@dataclass(frozen=True)
class Asked:
    """The models that a form compares, and whether their names are hidden until one is chosen."""

    models: tuple[str, ...]
    is_blind: bool = False


def asked(form: QueryDict) -> Asked | None:
    """Return what a form compares; None if it compares nothing."""
    models = tuple(form.getlist("compare"))
    return Asked(models[: MOST + 1], form.get("blind") == "on") if models else None


def preview(models: Sequence[str], each: Sequence[Preview], before: Basis) -> dict[str, Any]:
    """Return the line before sending: the label and the sum, and behind it what would happen with each model."""
    names = {model.name: model.display_name for model in before.request.catalogue}
    lines = [(names.get(name, name), _outcome(one)) for name, one in zip(models, each, strict=True)]
    label = each[0].label
    return {"preview": each[0], "summary": f"{label.label} · {_together(models, each, before)}", "lines": lines}


def _together(models: Sequence[str], each: Sequence[Preview], before: Basis) -> str:
    if AUTO in models or not LEAST <= len(models) <= MOST:
        return _("pick 2 to 4 models to compare, not Auto")
    answering = [one.most for one in each if one.model]
    if not answering:
        return _("nothing would be sent")
    priced = [most for most in answering if most is not None]
    total = sum(priced, Decimal(0)) if len(priced) == len(answering) else None
    if standing := refusing(before.standings, total):
        return _("together over budget: %(why)s") % {"why": drawn(refusal_in_short(standing, total))}
    words = ngettext("%(count)s answer, %(cost)s", "%(count)s answers, together %(cost)s", len(answering))
    return words % {"count": len(answering), "cost": _cost(total)}


def _cost(most: Decimal | None) -> str:
    if not most:
        return receipt_text.cost(most)
    return _("at most %(amount)s") % {"amount": shown(most, ROUND_UP)}


def _outcome(expected: Preview) -> str:
    return _cost(expected.most) if expected.model else drawn(expected.refusal or expected.over)
