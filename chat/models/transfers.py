"""Exports and imports of a person's conversations, which the worker carries out."""

import uuid
from pathlib import PurePosixPath
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def stored_name(transfer: "Transfer", file_name: str) -> str:
    """Return where the file is stored: under the row's id, so that no name that a person chose reaches the disk."""
    return f"transfers/{transfer.id}{PurePosixPath(file_name).suffix.lower()[:10]}"


class TransferQuerySet(models.QuerySet["Transfer"]):
    def of(self, user_id: int) -> Self:
        """Return this person's exports and imports."""
        return self.filter(owner_id=user_id)


class Transfer(models.Model):
    """One export or import. The row is the queue entry: a worker claims it by a lease, and another one resumes it."""

    class Kind(models.TextChoices):
        EXPORT = "export", _("Export")
        IMPORT = "import", _("Import")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        WORKING = "working", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="transfers")
    kind = models.CharField(max_length=6, choices=Kind)
    status = models.CharField(max_length=7, choices=Status, default=Status.QUEUED)
    chosen = models.JSONField(null=True, help_text="For an export: the conversations, by id; null: all.")
    options = models.JSONField(default=dict, help_text="What its person chose, such as the lowest label of an import.")
    file = models.FileField(upload_to=stored_name, blank=True, help_text="What was uploaded, or what was made.")
    file_name = models.CharField(max_length=200, blank=True, help_text="Its name as the person knows it.")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    total = models.PositiveIntegerField(default=0, help_text="Conversations, or for an import parts of the file.")
    done = models.PositiveIntegerField(default=0)
    place = models.PositiveIntegerField(default=0, help_text="Parts of an import that are stored, to resume there.")
    report = models.JSONField(default=dict, help_text="What was found, done and left out, with reasons.")
    error = models.TextField(blank=True, help_text="What the person is told when it failed.")
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    ended_at = models.DateTimeField(null=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(status__in=["queued", "working"]),
                name="transfers_to_do",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_running(self) -> bool:
        """Return whether it has not ended."""
        return self.status in (self.Status.QUEUED, self.Status.WORKING)

    @property
    def percent(self) -> int:
        return 100 * min(self.done, self.total) // self.total if self.total else 0
