"""Switches off a model whose last team is deleted, because without a team it would be everyone's. Synchronous."""

import logging
from typing import Any

from django.db.models.signals import post_delete, pre_delete

from langai_site.accounts.models import Team
from langai_site.outbound.models import Model

logger = logging.getLogger(__name__)

_NOTED = "_models_before"


def register() -> None:
    """Follow the deletion of teams, wherever it starts."""
    pre_delete.connect(_note, sender=Team)
    post_delete.connect(_switch_off, sender=Team)


def _note(instance: Team, **_signal: Any) -> None:  # noqa: ANN401
    setattr(instance, _NOTED, list(Model.objects.filter(teams=instance).order_by().values_list("pk", flat=True)))


def _switch_off(instance: Team, **_signal: Any) -> None:  # noqa: ANN401
    """Switch off the models, in the deletion's transaction, once all teams that are deleted together are gone."""
    left = Model.objects.filter(pk__in=getattr(instance, _NOTED, []), teams=None, enabled=True)
    for name in left.values_list("name", flat=True):
        logger.warning("%s was switched off: its last team was deleted, so everyone could have used it", name)
    left.update(enabled=False)
