"""The health of each provider and its models, for admins: errors, waiting times, what rests, what it costs today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from langai_site import registry
from langai_site.outbound import catalogue, cooling
from langai_site.outbound.connections import known
from langai_site.outbound.connections.problems import short_text
from langai_site.sentences import drawn
from langai_site.usage import model_health
from langai_site.usage.model_health import ModelHealth
from langai_site.usage.spending.standing import shown

WINDOW = timedelta(hours=24)
# Percent of calls: above it, the page marks a model. A few failures among few calls say little.
TOO_MANY, LEAST_CALLS = 5.0, 5


@dataclass(frozen=True)
class HealthRow:
    """One model. `resting` says why it rests; empty if it does not. `cost` is of today, in US dollars."""

    name: str
    figures: ModelHealth
    resting: str
    cost: Decimal

    @property
    def first_words(self) -> str:
        """Return the time to the first words as people read it; empty if no answer began."""
        milliseconds = self.figures.p95_ms
        return (
            ""
            if milliseconds is None
            else f"{milliseconds / 1000:.1f} s"
            if milliseconds >= 1000
            else f"{milliseconds} ms"
        )

    @property
    def dollars(self) -> str:
        return shown(self.cost)

    @property
    def is_troubled(self) -> bool:
        many = self.figures.calls >= LEAST_CALLS and self.figures.error_percent > TOO_MANY
        return bool(self.resting) or many


@dataclass(frozen=True)
class ProviderHealth:
    """A provider or a connection, with the models that were called. `problem`: why its server does not answer."""

    name: str
    problem: str
    rows: Sequence[HealthRow]


def report() -> list[ProviderHealth]:
    """Return the providers whose models were called lately, in the order of their names."""
    now = timezone.now()
    figures = model_health.since(now - WINDOW, cooling.SECONDS)
    costs = model_health.cost_since(timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0))
    resting = cooling.resting_now([one.model for one in figures])
    names = registry.names_of_models()
    rows: dict[str, list[HealthRow]] = {}
    for one in figures:
        row = HealthRow(
            names.get(one.model, one.model), one, drawn(resting.get(one.model, "")), costs.get(one.model, Decimal(0))
        )
        rows.setdefault(one.model.partition("/")[0], []).append(row)
    found = [
        ProviderHealth(known.provider_name(slug), short_text(catalogue.problem_of(slug)), own)
        for slug, own in rows.items()
    ]
    return sorted(found, key=lambda provider: provider.name.casefold())
