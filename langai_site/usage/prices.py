"""Prices of models, and since when they apply. Rows are only ever added, so every charge can be computed again."""

from collections.abc import Iterable
from dataclasses import astuple, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import DateField, Func, OuterRef, QuerySet, Subquery
from django.utils import timezone

from langai_site.database.compiled_queries import CompiledQuery
from langai_site.usage import models
from langai_site.usage.types import ModelPrice

Source = models.Price.Source
_VALUES = (
    *("pk", "input", "output", "cached", "long_after", "long_input", "long_output", "long_cached"),
    *("cache_write", "long_cache_write"),
)


def today() -> date:
    """Return today's date in UTC: prices change at midnight UTC, wherever the server is."""
    return timezone.now().date()


def newest(model: str | OuterRef) -> QuerySet[models.Price]:
    """Return the prices of `model` that applied until today, with the current one first."""
    now = Func(template="CURRENT_DATE", output_field=DateField())
    started = models.Price.objects.filter(model=model, valid_from__lte=now)
    # On the same day an admin's price takes precedence over LiteLLM's, and a later one over an earlier one.
    return started.order_by("-valid_from", "source", "-pk")


def current() -> dict[str, ModelPrice]:
    """Return what each model costs today, by its name; models without a price are left out."""
    return {model: _price(row) for model, *row in _CURRENT.rows()}


_CURRENT = CompiledQuery(
    lambda: (
        models.Price.objects.filter(pk=Subquery(newest(OuterRef("model")).values("pk")[:1]))
        .order_by()
        .values_list("model", *_VALUES)
    )
)


def current_of(model: str) -> ModelPrice | None:
    row = newest(model).values_list(*_VALUES).first()
    return _price(row) if row else None


def price_of(version: str) -> ModelPrice | None:
    """Return the price that a ledger entry names; None if it names none."""
    row = models.Price.objects.filter(pk=version).values_list(*_VALUES).first() if version.isdecimal() else None
    return _price(row) if row else None


def _price(row: Iterable[Any]) -> ModelPrice:
    version, *rates = row
    return ModelPrice(str(version), *rates)


def set_by_admin(
    model: str,
    *,
    input: Decimal,
    output: Decimal,
    cached: Decimal,
    valid_from: date,
    cache_write: Decimal | None = None,
) -> ModelPrice:
    """Set what a model costs from that day on. It replaces the price in LiteLLM's list, now and later."""
    row = models.Price.objects.create(
        model=model,
        input=input,
        output=output,
        cached=cached,
        cache_write=cache_write,
        valid_from=valid_from,
        source=Source.ADMIN,
    )
    return ModelPrice(str(row.pk), input, output, cached, cache_write=cache_write)


@transaction.atomic
def take_listed(listed: dict[str, ModelPrice]) -> list[str]:
    """Add prices from LiteLLM's list that are new, valid from today; return the names of those models.

    A price that an admin has set stays.
    """
    known = models.Price.objects.filter(model__in=listed)
    by_admin = set(known.filter(source=Source.ADMIN).values_list("model", flat=True))
    before = {row[0]: _price(row[1:]) for row in known.order_by("valid_from").values_list("model", *_VALUES)}
    news = {
        model: price
        for model, price in listed.items()
        if model not in by_admin and (model not in before or _rates(before[model]) != _rates(price))
    }
    # Two web processes may read the same new prices: they are written once.
    models.Price.objects.bulk_create([_row(model, price) for model, price in news.items()], ignore_conflicts=True)
    return list(news)


def _rates(price: ModelPrice) -> tuple[Any, ...]:
    return astuple(replace(price, version=""))


def _row(model: str, price: ModelPrice) -> models.Price:
    rates = dict(zip(_VALUES[1:], _rates(price)[1:], strict=True))
    return models.Price(model=model, valid_from=today(), source=Source.LITELLM, **rates)
