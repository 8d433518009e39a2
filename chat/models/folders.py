"""Rows with which people keep their conversations in order."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langai_site.database.sentence_field import SentenceField
from langai_site.sentences import drawn

# Indexes for the lists that people scroll through. Each list is read in its own order, without the others' rows.
LIST_INDEXES = (
    models.Index(
        fields=["owner", "folder", "-updated_at", "-id"],
        condition=models.Q(deleted_at=None, archived_at=None),
        name="conversations_in_a_folder",
    ),
    models.Index(
        fields=["owner", "-updated_at", "-id"],
        condition=models.Q(deleted_at=None, archived_at__isnull=False),
        name="archived_conversations",
    ),
    models.Index(
        fields=["owner", "-pinned_at"],
        condition=models.Q(deleted_at=None, pinned_at__isnull=False),
        name="pinned_conversations",
    ),
)


class FolderQuerySet(models.QuerySet["Folder"]):
    def of(self, user_id: int) -> Self:
        """Return this person's folders, without the deleted ones."""
        return self.owned_by(user_id).filter(deleted_at=None)

    def owned_by(self, user_id: int) -> Self:
        """Return this person's folders, deleted ones included."""
        return self.filter(owner_id=user_id)


class Folder(models.Model):
    """A folder of one person's conversations. It may stand in another folder, but no deeper than that."""

    class Colour(models.IntegerChoices):
        GREY = 7, _("Grey")
        BLUE = 1, _("Blue")
        GREEN = 2, _("Green")
        YELLOW = 3, _("Yellow")
        RED = 4, _("Red")
        PURPLE = 5, _("Purple")
        TURQUOISE = 6, _("Turquoise")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="folders")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    name = models.CharField(max_length=60)
    colour = models.PositiveSmallIntegerField(choices=Colour, default=Colour.GREY)
    instructions = models.TextField(
        blank=True, help_text="For the answers in its conversations. Empty: those of the folder that it is in."
    )
    collections = models.JSONField(
        null=True, help_text="What new chats in it search, by id; null: as the folder that it is in, or everything."
    )
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True)

    objects = FolderQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.id)


class ListChange(models.Model):
    """A change of many conversations at once, kept for a while so that it can be undone in one step."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=20, help_text="The field of the conversations that was changed.")
    before = models.JSONField(default=dict, help_text="Its values before, by the ids of the conversations.")
    folders = models.JSONField(default=list, help_text="The folders that were deleted with it, by id.")
    words = SentenceField(help_text="What was done, as its person reads it.")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    # Whom to ask about the legal hold that keeps what was deleted; not stored.
    held_by: str | None = None

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.id)

    @property
    def shown(self) -> str:
        """Return what was done, in the active language."""
        return drawn(self.words)
