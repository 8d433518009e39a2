"""Every call, sealed in a chain, and the months that are closed."""

from django.db import models
from django.utils import timezone

from langai_site.sensitivity import LABEL_CHOICES


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
    label = models.PositiveSmallIntegerField(choices=LABEL_CHOICES)
    route = models.CharField(max_length=200, blank=True, help_text="Why this model was asked.")
    cached = models.BooleanField(default=False, help_text="Answered from the cache: nothing was sent.")
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    cache_write_tokens = models.PositiveIntegerField(default=0)
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
    """An entry's place in the chain: it makes later changes of the entry, or of the order, detectable.

    It names the entry by value, so that a deleted entry is noticed. `month` is the month whose books contain the
    entry, by its first day.
    """

    sequence = models.BigIntegerField(primary_key=True, help_text="1, 2, 3, … without a gap.")
    entry = models.BigIntegerField(unique=True)
    month = models.DateField(db_index=True)
    previous = models.CharField(max_length=64, help_text="The hash of the seal before.")
    hash = models.CharField(max_length=64, help_text="SHA-256 over this seal, its entry and the hash before.")
    sealed_at = models.DateTimeField(default=timezone.now)
    pseudonymised = models.CharField(
        max_length=64,
        default="",
        db_default="",
        help_text="SHA-256 over the seal and its entry, since a pseudonym replaced the person; empty: none did.",
    )

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"{self.sequence}: entry {self.entry}"


class EventSeal(models.Model):
    """The place of an event of the audit log in the same chain: its sequence continues that of the entries' seals."""

    sequence = models.BigIntegerField(primary_key=True)
    event = models.BigIntegerField(unique=True)
    month = models.DateField(db_index=True, help_text="The month in which it happened, by its first day.")
    previous = models.CharField(max_length=64, help_text="The hash of the seal before, of an entry or an event.")
    hash = models.CharField(max_length=64, help_text="SHA-256 over this seal, its event and the hash before.")
    sealed_at = models.DateTimeField(default=timezone.now)
    pseudonymised = models.CharField(
        max_length=64, default="", db_default="", help_text="As for entries, since a pseudonym replaced the person."
    )

    class Meta:
        ordering = ["sequence"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.sequence}: event {self.event}"


class ChainHead(models.Model):
    """The one row with the end of the chain. Sealing, and closing a month, locks it."""

    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash[:12]}"


class MonthClose(models.Model):
    """The final figures of a month's books. `sequence` and `hash`: the end of the chain at the close."""

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
