"""Prices of models, each from a given day on."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _dollars(name: "StrOrPromise | None" = None, **options: Any) -> "models.DecimalField[Decimal, Decimal]":  # noqa: ANN401 - a field's own options
    return models.DecimalField(name, max_digits=14, decimal_places=6, **options)


def _dollars_or_none(help_text: "StrOrPromise" = "") -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(max_digits=14, decimal_places=6, null=True, help_text=help_text)


class Price(models.Model):
    """US dollars for a million tokens of one model, from a day on (UTC). Append-only: its id is its version.

    With more than `long_after` tokens in a prompt, the `long_` prices apply to the whole call; 0: they never do.
    """

    class Source(models.TextChoices):
        ADMIN = "admin", gettext_lazy("an admin")
        LITELLM = "litellm", "LiteLLM"

    model = models.CharField(gettext_lazy("model"), max_length=200, help_text=gettext_lazy("As LiteLLM names it."))
    valid_from = models.DateField(
        gettext_lazy("valid from"),
    )
    source = models.CharField(gettext_lazy("source"), max_length=10, choices=Source)
    input = _dollars(
        gettext_lazy("input"),
    )
    output = _dollars(
        gettext_lazy("output"),
    )
    cached = _dollars(
        gettext_lazy("cached"), help_text=gettext_lazy("For input that the provider has seen just before.")
    )
    long_after = models.PositiveIntegerField(default=0)
    long_input = _dollars(default=Decimal(0))
    long_output = _dollars(default=Decimal(0))
    long_cached = _dollars(default=Decimal(0))
    cache_write = _dollars_or_none(help_text=gettext_lazy("For input that the provider stores; empty: as other input."))
    long_cache_write = _dollars_or_none()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = gettext_lazy("price")
        verbose_name_plural = gettext_lazy("prices")
        ordering = ["model", "-valid_from", "source", "-pk"]
        indexes = [models.Index(fields=["model", "-valid_from"], name="price_by_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "valid_from"], condition=Q(source="litellm"), name="one_listed_price_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} from {self.valid_from:%Y-%m-%d}"
