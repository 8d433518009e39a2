"""Runs tests of models for admins."""

from dataclasses import replace
from typing import Any

from asgiref.sync import async_to_sync
from django.utils.translation import gettext as _

from langai_site.accounts.models import User
from langai_site.outbound import catalogue, embedders, endpoints, listings, stored_quirks, trial
from langai_site.outbound.connections.problems import short_text
from langai_site.outbound.models import Connection, Model
from langai_site.outbound.trial import Trial
from langai_site.outbound.types import ModelInfo
from langai_site.usage import prices
from langai_site.usage.spending import reservations as usage
from langai_site.usage.types import Caller


def tried(model: Model, user: Any) -> Trial:  # noqa: ANN401 - who is signed in
    """Ask the model, and enter the call in the ledger. No transaction is open meanwhile."""
    if missing := listings.missing(model.provider):
        return Trial(
            False,
            _("“%(name)s” was not asked: %(reason)s.") % {"name": model.display_name, "reason": short_text(missing)},
        )
    caller, before = _caller(user), model.learnt
    result = async_to_sync(trial.attempted)(catalogue.info(model), caller)
    usage.record(result.entries)
    model.refresh_from_db(fields=["learnt"])
    words = stored_quirks.words(stored_quirks.read(model.learnt)) if model.learnt != before else ""
    if not words:
        return result
    text = _("%(result)s Learnt from its server: %(words)s.")
    return replace(result, words=text % {"result": result.words, "words": words})


def embedded(connection: Connection, user: Any) -> Trial:  # noqa: ANN401 - who is signed in
    """Try the connection's embedder, and enter the call in the ledger. No transaction is open meanwhile."""
    name = f"{connection.slug}/{connection.embedder}"
    hosted = endpoints.embedder_leaves(name)
    price = prices.current_of(name) if hosted else None
    ceiling = embedders.ceiling_of(name)
    result = trial.embedded(
        ModelInfo(name, connection.embedder, connection.slug, hosted, ceiling, price=price), _caller(user)
    )
    usage.record(result.entries)
    return result


def _caller(user: User) -> Caller:
    return Caller(user.pk, user.username, _team_of(user), source="admin")


def _team_of(user: User) -> str:
    return user.billing_team.name if user.billing_team else ""
