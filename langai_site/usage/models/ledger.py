"""Every call, sealed in a chain, and the months that are closed."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy

from langai_site.sensitivity import LABEL_CHOICES


class UsageEntry(models.Model):
    """One outbound call, or one answer of a built-in model. Append-only, and values only: it outlives what it names."""

    at = models.DateTimeField(gettext_lazy("at"), default=timezone.now, db_index=True)
    user_id = models.BigIntegerField(gettext_lazy("user id"), null=True)
    username = models.CharField(gettext_lazy("username"), max_length=150, blank=True)
    team = models.CharField(gettext_lazy("team"), max_length=100, blank=True)
    conversation = models.UUIDField(gettext_lazy("conversation"), null=True)
    reply = models.UUIDField(gettext_lazy("reply"), null=True)
    kind = models.CharField(
        gettext_lazy("kind"),
        max_length=20,
        default="chat",
        help_text=gettext_lazy("What was asked for: chat, embedding, title, test."),
    )
    source = models.CharField(
        gettext_lazy("source"),
        max_length=20,
        default="page",
        help_text=gettext_lazy("The door it came through: page, api, admin."),
    )
    model = models.CharField(gettext_lazy("model"), max_length=200)
    provider = models.CharField(gettext_lazy("provider"), max_length=50)
    hosted = models.BooleanField(gettext_lazy("hosted"), default=False)
    label = models.PositiveSmallIntegerField(gettext_lazy("label"), choices=LABEL_CHOICES)
    route = models.CharField(
        gettext_lazy("route"), max_length=200, blank=True, help_text=gettext_lazy("Why this model was asked.")
    )
    cached = models.BooleanField(
        gettext_lazy("cached"), default=False, help_text=gettext_lazy("Answered from the cache: nothing was sent.")
    )
    input_tokens = models.PositiveIntegerField(gettext_lazy("input tokens"), default=0)
    output_tokens = models.PositiveIntegerField(gettext_lazy("output tokens"), default=0)
    cached_tokens = models.PositiveIntegerField(gettext_lazy("cached tokens"), default=0)
    cache_write_tokens = models.PositiveIntegerField(gettext_lazy("cache write tokens"), default=0)
    estimated = models.BooleanField(
        gettext_lazy("estimated"),
        default=False,
        help_text=gettext_lazy("The provider sent no counts; these are estimates."),
    )
    price_version = models.CharField(
        gettext_lazy("price version"),
        max_length=20,
        blank=True,
        help_text=gettext_lazy("The price that the cost follows from."),
    )
    cost = models.DecimalField(
        gettext_lazy("cost"),
        max_digits=18,
        decimal_places=9,
        null=True,
        help_text=gettext_lazy("US dollars; empty: unpriced."),
    )
    saved = models.DecimalField(
        gettext_lazy("saved"),
        max_digits=18,
        decimal_places=9,
        null=True,
        default=0,
        help_text=gettext_lazy("What a cached answer would have cost."),
    )
    first_token_ms = models.PositiveIntegerField(gettext_lazy("first token ms"), null=True)
    duration_ms = models.PositiveIntegerField(gettext_lazy("duration ms"), default=0)
    status = models.CharField(
        gettext_lazy("status"),
        max_length=20,
        help_text=gettext_lazy("complete, stopped, interrupted, or the error's code."),
    )
    bytes_sent = models.PositiveBigIntegerField(
        gettext_lazy("bytes sent"), default=0, help_text=gettext_lazy("Size of the messages or texts that were sent.")
    )
    content_hash = models.CharField(
        gettext_lazy("content hash"), max_length=64, blank=True, help_text=gettext_lazy("Keyed hash of what was sent.")
    )
    sent_at = models.DateTimeField(
        gettext_lazy("sent at"), null=True, help_text=gettext_lazy("When the label was read, right before sending.")
    )
    documents = models.TextField(
        gettext_lazy("documents"),
        blank=True,
        help_text=gettext_lazy("Ids of the documents whose passages it carried, with spaces."),
    )
    earlier_answers = models.PositiveIntegerField(
        gettext_lazy("earlier answers"),
        null=True,
        help_text=gettext_lazy("How many earlier answers were sent along; empty: from before that was recorded."),
    )

    class Meta:
        verbose_name = gettext_lazy("usage entry")
        verbose_name_plural = gettext_lazy("usage entries")
        ordering = ["-at", "-id"]
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
        max_length=64,
        default="",
        db_default="",
        help_text="As for entries, since a pseudonym replaced the person.",
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


class DailyHead(models.Model):
    """The end of the chain on a day, and when it was left at each place outside of LangAI."""

    date = models.DateField(unique=True)
    sequence = models.BigIntegerField(help_text="How many rows the chain had.")
    hash = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)
    file_at = models.DateTimeField(null=True)
    mail_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, default="", db_default="", help_text="Why it was not delivered.")

    class Meta:
        ordering = ["-date"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.date}: {self.sequence}"


class MonthClose(models.Model):
    """The final figures of a month's books. `sequence` and `hash`: the end of the chain at the close."""

    month = models.DateField(gettext_lazy("month"), primary_key=True, help_text=gettext_lazy("Its first day."))
    entries = models.PositiveIntegerField(
        gettext_lazy("entries"),
    )
    unpriced = models.PositiveIntegerField(
        gettext_lazy("unpriced"), help_text=gettext_lazy("Entries that have no price. The cost is that of the others.")
    )
    input_tokens = models.PositiveBigIntegerField(
        gettext_lazy("input tokens"),
    )
    output_tokens = models.PositiveBigIntegerField(
        gettext_lazy("output tokens"),
    )
    cached_tokens = models.PositiveBigIntegerField(
        gettext_lazy("cached tokens"),
    )
    cost = models.DecimalField(
        gettext_lazy("cost"), max_digits=18, decimal_places=9, help_text=gettext_lazy("US dollars.")
    )
    saved = models.DecimalField(
        gettext_lazy("saved"),
        max_digits=18,
        decimal_places=9,
        help_text=gettext_lazy("What cached answers would have cost."),
    )
    sequence = models.BigIntegerField(
        gettext_lazy("sequence"),
    )
    hash = models.CharField(gettext_lazy("hash"), max_length=64)
    closed_at = models.DateTimeField(gettext_lazy("closed at"), default=timezone.now)

    class Meta:
        verbose_name = gettext_lazy("month close")
        verbose_name_plural = gettext_lazy("month closes")
        ordering = ["-month"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
