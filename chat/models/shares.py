"""Conversations that their owners share with others by a link."""

import secrets
import uuid
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from chat.models.conversations import Conversation
from langai_site.accounts.shared import Shared, SharedQuerySet


def new_token() -> str:
    return secrets.token_urlsafe(24)


class ShareQuerySet(SharedQuerySet["Share"]):
    def open(self) -> Self:
        """Return those whose link works for somebody: neither revoked nor expired, and their conversation is there."""
        there = Q(conversation__deleted_at=None, owner__is_active=True)
        return self.filter(there, Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


class Share(Shared):
    """A snapshot of a conversation behind a link. What is written later is not in it until its owner updates it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="shares")
    snapshot = models.JSONField(
        default=list, help_text='The messages with their texts at that moment: [{"id": …, "text": …}].'
    )
    includes_sources = models.BooleanField(default=True)
    includes_files = models.BooleanField(default=False)
    is_public = models.BooleanField(default=False, help_text="Open without a sign-in, where that is allowed.")
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    views = models.PositiveIntegerField(default=0, help_text="By others than its owner; who they were is not stored.")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now, help_text="When the snapshot was made.")

    objects = ShareQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.id)

    def guarded(self) -> dict[str, Any]:
        return {
            "is_public": self.is_public,
            "is_revoked": self.revoked_at is not None,
            "sources": self.includes_sources,
            "files": self.includes_files,
        }

    @property
    def shows_chosen(self) -> bool:
        """Return whether its owner chose the messages one by one; they have the mark “chosen” then."""
        return any(row.get("chosen") for row in self.snapshot)

    @property
    def state(self) -> str:
        """Return "open", "revoked" or "expired"."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "open"

    @property
    def state_words(self) -> str:
        return {"open": pgettext("link", "open"), "revoked": _("revoked"), "expired": _("expired")}[self.state]
