"""What models cost, and since when. Rows are only ever added, so that what was charged can be worked out again."""

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
_VALUES = ("pk", "input", "output", "cached", "long_after", "long_input", "long_output", "long_cached")


def today() -> date:
    """Prices change at midnight UTC, wherever the server stands."""
    return timezone.now().date()


def newest(model: str | OuterRef) -> QuerySet[models.Price]:
    """The prices of `model` that hold today or did before, first the one that holds."""
    now = Func(template="CURRENT_DATE", output_field=DateField())
    begun = models.Price.objects.filter(model=model, valid_from__lte=now)
    # Of the same day an admin's goes before LiteLLM's, and what was said last before what was said first.
    return begun.order_by("-valid_from", "source", "-pk")


def current() -> dict[str, ModelPrice]:
    """What each model costs today, by its name; those that have no price are not in it."""
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
    """The price that a ledger entry names; None where it names none."""
    row = models.Price.objects.filter(pk=version).values_list(*_VALUES).first() if version.isdecimal() else None
    return _price(row) if row else None


def _price(row: Iterable[Any]) -> ModelPrice:
    version, *rates = row
    return ModelPrice(str(version), *rates)


def set_by_admin(model: str, *, input: Decimal, output: Decimal, cached: Decimal, valid_from: date) -> ModelPrice:
    """Say what a model costs from that day on, instead of what LiteLLM's list says, now and later."""
    row = models.Price.objects.create(
        model=model, input=input, output=output, cached=cached, valid_from=valid_from, source=Source.ADMIN
    )
    return ModelPrice(str(row.pk), input, output, cached)


@transaction.atomic
def take_listed(listed: dict[str, ModelPrice]) -> list[str]:
    """Add what LiteLLM's list says where it is news, valid from today; returns the names of those models.

    Where an admin has set a price, that stays.
    """
    known = models.Price.objects.filter(model__in=listed)
    by_admin = set(known.filter(source=Source.ADMIN).values_list("model", flat=True))
    before = {row[0]: _price(row[1:]) for row in known.order_by("valid_from").values_list("model", *_VALUES)}
    news = {
        model: price
        for model, price in listed.items()
        if model not in by_admin and (model not in before or _rates(before[model]) != _rates(price))
    }
    # Two web processes may read the same news: it is written once.
    models.Price.objects.bulk_create([_row(model, price) for model, price in news.items()], ignore_conflicts=True)
    return list(news)


def _rates(price: ModelPrice) -> tuple[Any, ...]:
    return astuple(replace(price, version=""))


def _row(model: str, price: ModelPrice) -> models.Price:
    rates = dict(zip(_VALUES[1:], _rates(price)[1:], strict=True))
    return models.Price(model=model, valid_from=today(), source=Source.LITELLM, **rates)
