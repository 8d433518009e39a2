"""Review tables: the same questions asked of many documents, one checked answer a cell."""

import hashlib
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langai_site.database.sentence_field import SentenceField
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity
from search.models import Collection, Source


class ReviewTableQuerySet(models.QuerySet["ReviewTable"]):
    def of(self, user_id: int) -> Self:
        """Return the tables of a person: nobody else sees them."""
        return self.filter(owner=user_id)


class ReviewTable(models.Model):
    """A table with documents down and questions across. Its cells are answered while it is `running`.

    `note` says why it stopped by itself. `hold` is the id of the reservation for the cells that wait.
    """

    class Status(models.TextChoices):
        IDLE = "idle", _("not running")
        RUNNING = "running", _("running")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    collection = models.ForeignKey(Collection, null=True, on_delete=models.SET_NULL, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.IDLE)
    note = SentenceField(blank=True, default="")
    hold = models.UUIDField(default=uuid.uuid4)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ReviewTableQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-created_at", "pk"]
        indexes = [models.Index(fields=["id"], condition=Q(status="running"), name="running_reviews")]

    def __str__(self) -> str:
        return self.name


class ReviewColumn(models.Model):
    """A question that is asked of each document. `label` is that of its words."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        DATE = "date", _("Date")
        NUMBER = "number", pgettext_lazy("type of an answer", "Number")
        YES_NO = "yes_no", _("Yes or no")
        QUOTATION = "quotation", _("Quotation")

    table = models.ForeignKey(ReviewTable, on_delete=models.CASCADE, related_name="columns")
    name = models.CharField(max_length=80)
    question = models.CharField(max_length=1000)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TEXT)
    label = models.PositiveSmallIntegerField(choices=LABEL_CHOICES, default=Sensitivity.PUBLIC)

    class Meta:
        default_permissions = ()
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def fingerprint(self) -> str:
        """Return what an answer depends on: it changes with the question and its kind, not with the name."""
        return hashlib.blake2s(f"{self.kind}\n{self.question}".encode(), digest_size=16).hexdigest()


class ReviewRow(models.Model):
    """A document of a table: its id alone, so that its title is read with the rights of the moment."""

    table = models.ForeignKey(ReviewTable, on_delete=models.CASCADE, related_name="rows")
    document = models.UUIDField(help_text="A value, as in citations.")

    class Meta:
        default_permissions = ()
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["table", "document"], name="one_row_a_document")]

    def __str__(self) -> str:
        return f"{self.document} in {self.table_id}"


class ReviewCell(models.Model):
    """An answer to the question of a column from the document of a row.

    `source` is the version that it was answered from, and `fingerprint` that of its question: it is asked again only
    if one of them has changed. Deleting the document deletes its versions, and with them this row with all its text.
    `value` is the answer as its kind has it, `text` all that the model wrote. `attempt` is the id of the call that is
    being made; only that call may write the cell. `most` is what the call can cost, null without a price.
    """

    class State(models.TextChoices):
        EMPTY = "empty", _("not asked yet")
        WAITING = "waiting", _("waiting")
        ASKING = "asking", _("being answered")
        DONE = "done", _("answered")
        FAILED = "failed", _("not answered")

    class Verdict(models.TextChoices):
        STANDS = "stands", _("in the source")
        REWORDED = "reworded", _("not in these words")
        OTHERWISE = "otherwise", _("the source says otherwise")
        NO_SOURCE = "no_source", _("without a source")
        NOT_STATED = "not_stated", _("not stated")
        WRONG_KIND = "wrong_kind", _("not of the column's type")

    row = models.ForeignKey(ReviewRow, on_delete=models.CASCADE, related_name="cells")
    column = models.ForeignKey(ReviewColumn, on_delete=models.CASCADE, related_name="cells")
    state = models.CharField(max_length=10, choices=State, default=State.EMPTY)
    source = models.ForeignKey(Source, null=True, on_delete=models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=32, blank=True, default="")
    value = models.TextField(blank=True, default="")
    number = models.DecimalField(null=True, max_digits=30, decimal_places=8)
    text = models.TextField(blank=True, default="")
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True, default="")
    citations = models.JSONField(default=list)
    checks = models.JSONField(default=list)
    receipt = models.JSONField(default=dict)
    label = models.PositiveSmallIntegerField(choices=LABEL_CHOICES, default=Sensitivity.PUBLIC)
    model = models.CharField(max_length=200, blank=True, default="")
    error = SentenceField(blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    attempt = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    most = models.DecimalField(null=True, max_digits=20, decimal_places=9)
    correction = models.TextField(null=True, help_text="What a person wrote instead; null: nothing.")
    corrected_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    corrected_at = models.DateTimeField(null=True)
    corrected_source = models.UUIDField(null=True)
    corrected_fingerprint = models.CharField(max_length=32, blank=True, default="")

    class Meta:
        default_permissions = ()
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["row", "column"], name="one_cell_a_question")]
        indexes = [
            models.Index(fields=["id"], condition=Q(state__in=("waiting", "asking")), name="review_cells_to_ask"),
            models.Index(fields=["attempt"], name="review_cells_by_attempt"),
        ]

    def __str__(self) -> str:
        return f"{self.column_id} of {self.row_id}"

    @property
    def shown(self) -> str:
        """Return the person's correction, otherwise the model's value."""
        return self.value if self.correction is None else self.correction

    @property
    def is_outdated_correction(self) -> bool:
        """Return whether document or question has changed since the correction."""
        seen = (self.corrected_source, self.corrected_fingerprint)
        return self.correction is not None and seen != (self.source_id, self.fingerprint)

    @property
    def is_doubtful(self) -> bool:
        """Return whether a person should look: it failed, or what it says does not stand in a source."""
        if self.correction is not None:
            return self.is_outdated_correction
        return self.state == self.State.FAILED or self.verdict not in ("", self.Verdict.STANDS)
