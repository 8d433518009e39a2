import uuid
from pathlib import PurePosixPath

from django.conf import settings
from django.db import models
from django.utils import timezone

from langai_site.sensitivity import Sensitivity
from search.models import Collection


def stored_name(document: "Document", file_name: str) -> str:
    """Where an upload is kept: under its own id, so that no name a person chose reaches the disk."""
    return f"documents/{document.id}{PurePosixPath(file_name).suffix.lower()[:10]}"


class Document(models.Model):
    """An uploaded file and how far it is on its way to being searchable. The row is the work queue."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        WORKING = "working"
        READY = "ready"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="documents")
    title = models.CharField(max_length=300)
    file = models.FileField(upload_to=stored_name)
    file_name = models.CharField(max_length=300, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    size = models.PositiveBigIntegerField(default=0, editable=False, help_text="Bytes.")
    version = models.PositiveIntegerField(default=1, editable=False)
    sensitivity = models.PositiveSmallIntegerField(
        choices=Sensitivity, default=Sensitivity.PUBLIC, help_text="Counts where it is above the collection's."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED, editable=False, db_index=True)
    stage = models.CharField(max_length=40, blank=True, editable=False)
    progress = models.PositiveSmallIntegerField(default=0, editable=False, help_text="Per cent.")
    pages = models.PositiveIntegerField(null=True, editable=False)
    passages = models.PositiveIntegerField(null=True, editable=False)
    error = models.TextField(blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    claimed_by = models.CharField(max_length=100, blank=True, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    ready_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-uploaded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "sha256"],
                name="one_file_a_collection",
                violation_error_message="This file is already in the collection.",
            )
        ]

    def __str__(self) -> str:
        return self.title
