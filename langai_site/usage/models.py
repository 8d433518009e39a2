from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from langai_site.sensitivity import Sensitivity


class Budget(models.Model):
    """What a person, a team or everybody may spend in a day or a month."""

    class Scope(models.TextChoices):
        USER = "user", "a person"
        TEAM = "team", "a team"
        SITE = "site", "everybody"

    class Period(models.TextChoices):
        DAY = "day"
        MONTH = "month"

    scope = models.CharField("for", max_length=10, choices=Scope)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, verbose_name="person"
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.CASCADE, help_text="What is charged to this team."
    )
    period = models.CharField("each", max_length=10, choices=Period, default=Period.MONTH)
    amount = models.DecimalField(
        max_digits=12, decimal_places=2, validators=[MinValueValidator(0)], help_text="US dollars."
    )
    hard = models.BooleanField(
        default=True, help_text="Hosted models stop when it is used up; local ones continue. Otherwise it only warns."
    )
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["scope", "period", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="user", user__isnull=False, team=None)
                | Q(scope="team", team__isnull=False, user=None)
                | Q(scope="site", user=None, team=None),
                name="budget_is_for_one_of_the_three",
                violation_error_message="Choose a person for a person's budget, a team for a team's, else neither.",
            )
        ]

    def __str__(self) -> str:
        whose = {"user": self.user, "team": f"team {self.team}", "site": "everybody"}[self.scope]
        return f"${self.amount} each {self.period} for {whose}"


class BudgetPeriod(models.Model):
    """A budget's counters for one day or month, in whole billionths of a dollar, so that adding is exact."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="periods")
    start = models.DateField(help_text="Its first day.")
    spent = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0, help_text="What the reservations that are held come to.")
    mailed = models.PositiveSmallIntegerField(default=0, help_text="The highest percentage that admins were told of.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["budget", "start"], name="one_counter_a_period")]

    def __str__(self) -> str:
        return f"{self.budget} from {self.start}"


class Reservation(models.Model):
    """What one turn may cost at most, held from before its call until it is settled or released."""

    class Status(models.TextChoices):
        HELD = "held"
        SETTLED = "settled"
        RELEASED = "released"

    reply = models.UUIDField(unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    team = models.CharField(max_length=100, blank=True, help_text="Whose budgets it counts in, beside the person's.")
    amount = models.DecimalField(max_digits=18, decimal_places=9, null=True, help_text="US dollars; empty: not priced.")
    counted_in = models.ManyToManyField(BudgetPeriod, related_name="reservations")
    status = models.CharField(max_length=10, choices=Status, default=Status.HELD)
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], condition=Q(status="held"), name="reservations_held")]

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
    kind = models.CharField(
        max_length=20, default="chat", help_text="What was asked for: chat, embedding, title, test."
    )
    source = models.CharField(max_length=20, default="page", help_text="The door it came through: page, api, admin.")
    model = models.CharField(max_length=200)
    provider = models.CharField(max_length=50)
    hosted = models.BooleanField(default=False)
    label = models.PositiveSmallIntegerField(choices=Sensitivity)
    route = models.CharField(max_length=200, blank=True, help_text="Why this model was asked.")
    cached = models.BooleanField(default=False, help_text="Answered from the cache: nothing was sent.")
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    estimated = models.BooleanField(default=False, help_text="The provider sent no counts; these are estimates.")
    price_version = models.CharField(max_length=20, blank=True, help_text="The price that the cost follows from.")
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True, help_text="US dollars; empty: unpriced.")
    saved = models.DecimalField(
        max_digits=18, decimal_places=9, null=True, default=0, help_text="What a cached answer would have cost."
    )
    first_token_ms = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=20, help_text="complete, stopped, interrupted, or the error's code.")
    bytes_sent = models.PositiveBigIntegerField(default=0, help_text="Size of the messages or texts that were sent.")
    content_hash = models.CharField(max_length=64, blank=True, help_text="Keyed hash of what was sent.")
    sent_at = models.DateTimeField(null=True, help_text="When the label was read, right before sending.")
    documents = models.TextField(blank=True, help_text="Ids of the documents whose passages it carried, with spaces.")
    earlier_answers = models.PositiveIntegerField(
        null=True, help_text="How many earlier answers were sent along; empty: from before that was recorded."
    )

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "usage entries"
        indexes = [models.Index(fields=["user_id", "at"], name="entries_of_a_person")]

    def __str__(self) -> str:
        return f"{self.model} {self.at:%Y-%m-%d %H:%M}"


class Seal(models.Model):
    """An entry's place in the chain: from here on a change of it, or of the order, can be seen.

    It names the entry by value, so that an entry that was deleted is missed. `month` is the one whose books the
    entry is in, by its first day.
    """

    sequence = models.BigIntegerField(primary_key=True, help_text="1, 2, 3, … without a gap.")
    entry = models.BigIntegerField(unique=True)
    month = models.DateField(db_index=True)
    previous = models.CharField(max_length=64, help_text="The hash of the seal before.")
    hash = models.CharField(max_length=64, help_text="SHA-256 over this seal, its entry and the hash before.")
    sealed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"{self.sequence}: entry {self.entry}"


class ChainHead(models.Model):
    """The one row that says where the chain ends. Who seals, or closes a month, holds it locked."""

    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash[:12]}"


class MonthClose(models.Model):
    """What a month's books hold, once and for all. `sequence` and `hash`: where the chain ended at the close."""

    month = models.DateField(primary_key=True, help_text="Its first day.")
    entries = models.PositiveIntegerField()
    unpriced = models.PositiveIntegerField(help_text="Entries that have no price; the cost is that of the others.")
    input_tokens = models.PositiveBigIntegerField()
    output_tokens = models.PositiveBigIntegerField()
    cached_tokens = models.PositiveBigIntegerField()
    cost = models.DecimalField(max_digits=18, decimal_places=9, help_text="US dollars.")
    saved = models.DecimalField(max_digits=18, decimal_places=9, help_text="What cached answers would have cost.")
    sequence = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    closed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-month"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Slice(models.Model):
    """What entries have in common that reports add up together: all that they can be asked by, but for the day.

    It names people and teams by value, as entries do. Where `of` names one dimension, its days add up all entries
    that have its value of that, and the other columns say nothing. `key` is a hash over the rest (`reports/rollup.py`).
    """

    key = models.CharField(max_length=64, unique=True)
    of = models.CharField(max_length=20, blank=True, db_index=True)
    user_id = models.BigIntegerField(null=True, db_index=True)
    username = models.CharField(max_length=150)
    team = models.CharField(max_length=100)
    model = models.CharField(max_length=200)
    provider = models.CharField(max_length=50)
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=20)
    hosted = models.BooleanField()
    label = models.PositiveSmallIntegerField(choices=Sensitivity)
    route = models.CharField(max_length=200)
    cached = models.BooleanField()
    status = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"{self.of} {self.username} {self.model} {self.kind}"


class DaySum(models.Model):
    """What the sealed entries of one slice and day come to; money in whole billionths of a dollar. Can be rebuilt.

    `week` and `month` are the first days of the day's, kept because databases group by a column far more quickly.
    """

    slice = models.ForeignKey(Slice, on_delete=models.CASCADE, related_name="%(class)ss")
    day = models.DateField(db_index=True)
    week = models.DateField()
    month = models.DateField()
    entries = models.BigIntegerField(default=0)
    answers = models.BigIntegerField(default=0)
    unpriced = models.BigIntegerField(default=0)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cached_tokens = models.BigIntegerField(default=0)
    cost = models.BigIntegerField(default=0)
    saved = models.BigIntegerField(default=0)

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["slice", "day"], name="one_%(class)s_a_slice")]

    def __str__(self) -> str:
        return f"{self.day} {self.slice_id}"


class SliceDay(DaySum):
    """Of the slices that say everything: nearly as many rows as entries, where these differ in much."""


class DimensionDay(DaySum):
    """Of those that say one dimension: few rows, for most reports are about one thing."""


class RolledUp(models.Model):
    """The one row that says up to which seal the days are added up, and by whose midnight. Who adds holds it locked."""

    sequence = models.BigIntegerField(default=0)
    zone = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.sequence} ({self.zone})"


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
