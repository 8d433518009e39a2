"""Table of the receipts of deletions."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class DeletionReceipt(models.Model):
    """What a deletion removed from which store, and when each store was free of it. Digests, never a text."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=64)
    # When its owner deleted it, and when it was removed for good.
    deleted_at = models.DateTimeField()
    removed_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(default=timezone.now)
    salt = models.CharField(max_length=64)
    digests = models.JSONField(default=list)
    # How many rows of each table, files and vectors.
    removed = models.JSONField(default=dict)
    # When each store was found to be free of it, and why a store could not be searched.
    clean = models.JSONField(default=dict)
    not_scanned = models.JSONField(default=dict)
    # The digest of the receipt, which an event of the audit log names.
    sealed_as = models.CharField(max_length=64, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="one_receipt_a_deletion")]
        indexes = [models.Index(fields=["checked_at"], condition=models.Q(sealed_as=""), name="receipts_to_check")]

    def __str__(self) -> str:
        return str(self.id)
