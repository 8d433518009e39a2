from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from langai_site.sensitivity import Sensitivity


class Reservation(models.Model):
    """What one turn may cost at most, held from before its call until it is settled or released."""

    class Status(models.TextChoices):
        HELD = "held"
        SETTLED = "settled"
        RELEASED = "released"

    reply = models.UUIDField(unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    amount = models.DecimalField(max_digits=18, decimal_places=9, null=True, help_text="US dollars; empty: not priced.")
    status = models.CharField(max_length=10, choices=Status, default=Status.HELD)
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.reply} {self.status}"


class UsageEntry(models.Model):
    """One outbound call, or one answer of a built-in model. Append-only, and values only: it outlives what it names."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    user_id = models.BigIntegerField(null=True)
    username = models.CharField(max_length=150, blank=True)
    team = models.CharField(max_length=100, blank=True)
    conversation = models.UUIDField(null=True)
    reply = models.UUIDField(null=True)
    kind = models.CharField(max_length=20, default="chat", help_text="What was asked for: chat, embedding, test.")
    source = models.CharField(max_length=20, default="page", help_text="The door it came through: page, api, admin.")
    model = models.CharField(max_length=200)
    provider = models.CharField(max_length=50)
    hosted = models.BooleanField(default=False)
    label = models.PositiveSmallIntegerField(choices=Sensitivity)
    cached = models.BooleanField(default=False)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    estimated = models.BooleanField(default=False, help_text="The provider sent no counts; these are estimates.")
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True, help_text="US dollars; empty: unpriced.")
    price_version = models.CharField(max_length=20, blank=True, help_text="The price that the cost follows from.")
    first_token_ms = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=20, help_text="complete, stopped, interrupted, or the error's code.")

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "usage entries"

    def __str__(self) -> str:
        return f"{self.model} {self.at:%Y-%m-%d %H:%M}"


def _dollars(**options: Any) -> models.DecimalField:  # noqa: ANN401 - a field's own options
    return models.DecimalField(max_digits=14, decimal_places=6, **options)


class Price(models.Model):
    """US dollars for a million tokens of one model, from a day on (UTC). Append-only: its id is its version.

    With more than `long_after` tokens in a prompt, the `long_` prices hold for the whole call; 0: they never do.
    """

    class Source(models.TextChoices):
        ADMIN = "admin", "an admin"
        LITELLM = "litellm", "LiteLLM"

    model = models.CharField(max_length=200, help_text="As LiteLLM names it.")
    valid_from = models.DateField()
    source = models.CharField(max_length=10, choices=Source)
    input = _dollars()
    output = _dollars()
    cached = _dollars(help_text="For input that the provider has seen just before.")
    long_after = models.PositiveIntegerField(default=0)
    long_input = _dollars(default=Decimal(0))
    long_output = _dollars(default=Decimal(0))
    long_cached = _dollars(default=Decimal(0))
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["model", "-valid_from", "source", "-pk"]
        indexes = [models.Index(fields=["model", "-valid_from"], name="price_by_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "valid_from"], condition=Q(source="litellm"), name="one_listed_price_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} from {self.valid_from:%Y-%m-%d}"
