"""The list of models that the composer opens: those that a person may use, the recently used ones first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from chat.conversations import access
from chat.llm.built_in import BUILT_IN
from chat.pages import conversation as pages
from chat.pages import model_words
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.outbound import catalogue
from langai_site.outbound.connections import known
from langai_site.outbound.types import ModelInfo
from langai_site.usage.recent_models import recent_models

PAGE = "chat/models.html"
RECENT = 5


@dataclass(frozen=True)
class ModelRow:
    """A model as the list shows it."""

    name: str
    display_name: str
    price: str
    facts: list[str]


@require_safe
@costly
@by_person
async def models(request: HttpRequest) -> HttpResponse:
    """Draw the list for the composer, or as a separate page without JavaScript."""
    try:
        context = await as_user(request, list_context)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    template = f"{PAGE}#choices" if request.htmx else PAGE  # type: ignore[attr-defined]
    return await pages.drawn(request, template, context)


def list_context(user: User) -> dict[str, Any]:
    """Return the models in groups, each with its heading, and how many choices there are with Auto."""
    offered = (*catalogue.models(user.id), *BUILT_IN)
    return {"groups": _grouped(offered, recent_models(user.id, access.PAGE)), "count": len(offered) + 1}


def _grouped(offered: Iterable[ModelInfo], recent: Iterable[str]) -> list[tuple[str, list[ModelRow]]]:
    rest = {model.name: model for model in offered}
    latest = [name for name in recent if name in rest][:RECENT]
    used = [rest.pop(name) for name in latest]
    hosted = [model for model in rest.values() if model.hosted]
    local = [model for model in rest.values() if not model.hosted]
    groups = ((_("Recently used"), used), (_("Hosted"), hosted), (_("Local"), local))
    return [(heading, [row_of(model) for model in models]) for heading, models in groups if models]


def row_of(model: ModelInfo) -> ModelRow:
    provider = _("built-in") if model in BUILT_IN else known.provider_name(model.provider)
    facts = model_words.facts(model, provider)
    return ModelRow(model.name, model.display_name, model_words.price(model), facts)
