"""Conversations, and how their labels changed."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.models.assistants import Assistant
from chat.models.folders import LIST_INDEXES, Folder
from chat.models.keeping import Keeping
from langai_site.database.sentence_field import SentenceField
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity
from langai_site.sentences import drawn


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def of(self, user_id: int) -> Self:
        """Return those that belong to this person, deleted ones included."""
        return self.filter(owner_id=user_id)

    def alive(self) -> Self:
        """Return those that are not deleted."""
        return self.filter(deleted_at=None)

    def reachable(self) -> Self:
        """Return those that their owner can open: not deleted, and the owner's account is active."""
        return self.alive().filter(owner__is_active=True)


class Conversation(models.Model):
    """A tree of messages that belongs to one person; `current_leaf` names the branch that is shown."""

    class TitledBy(models.TextChoices):
        WORDS = "words", "its first words"
        ASKED = "asked", "its first words; a model was asked for another"
        MODEL = "model", "a model"
        PERSON = "person", "its owner"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="conversations"
    )
    title = models.CharField(max_length=120)
    titled_by = models.CharField(max_length=6, choices=TitledBy, default=TitledBy.WORDS)
    label = models.PositiveSmallIntegerField(_("label"), choices=LABEL_CHOICES, default=Sensitivity.PUBLIC)
    label_cause = SentenceField(blank=True, help_text="Why it has its label, as its owner reads it.")
    source = models.CharField(_("source"), max_length=20, default="page")
    imported_from = models.CharField(
        max_length=20, blank=True, default="", help_text="The program that it was imported from; empty: begun here."
    )
    imported_id = models.CharField(max_length=200, blank=True, default="", help_text="Its id in that program.")
    model = models.CharField(_("model"), max_length=200, default="auto", help_text=_("The model that was last chosen."))
    collections = models.JSONField(
        null=True, help_text="The collections that were last chosen, by id; null: all that the person may read."
    )
    uses_instructions = models.BooleanField(default=True, help_text="Whether its owner's own instructions are sent.")
    assistant = models.ForeignKey(
        Assistant, null=True, on_delete=models.SET_NULL, related_name="conversations", help_text="Who answers in it."
    )
    keeping = models.CharField(
        _("keeping"), max_length=4, choices=Keeping, default=Keeping.KEPT, help_text=_("Chosen as it began.")
    )
    expires_at = models.DateTimeField(null=True, db_index=True, help_text="When a temporary one is deleted.")
    current_leaf = models.ForeignKey("Message", null=True, on_delete=models.SET_NULL, related_name="+")
    folder = models.ForeignKey(Folder, null=True, on_delete=models.SET_NULL, related_name="conversations")
    pinned_at = models.DateTimeField(null=True)
    noticed_at = models.DateTimeField(null=True, help_text="Since when its person is told that retention deletes it.")
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now)
    deleted_at = models.DateTimeField(_("deleted at"), null=True)

    # Whom to ask about the legal hold that keeps what was deleted; not stored.
    held_by: str | None = None

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering = ["-updated_at"]
        indexes = [models.Index(fields=["owner", "-updated_at"]), *LIST_INDEXES]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "imported_from", "imported_id"],
                condition=~models.Q(imported_from=""),
                name="one_import_of_a_conversation",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def sensitivity(self) -> Sensitivity:
        """Return the label with its names."""
        return Sensitivity(self.label)

    @property
    def why_labelled(self) -> str:
        """Return why it has its label, in the reader's language."""
        return drawn(self.label_cause)

    @property
    def is_temporary(self) -> bool:
        return self.keeping != Keeping.KEPT

    @property
    def keeping_words(self) -> str:
        return Keeping(self.keeping).words


class LabelChange(models.Model):
    """A change of a conversation's label. Append-only, and only values, so that it outlives conversation and owner."""

    at = models.DateTimeField(_("at"), default=timezone.now, db_index=True)
    conversation = models.UUIDField(_("conversation"), db_index=True)
    user_id = models.BigIntegerField()
    username = models.CharField(_("username"), max_length=150)
    before = models.PositiveSmallIntegerField(_("before"), choices=LABEL_CHOICES)
    after = models.PositiveSmallIntegerField(_("after"), choices=LABEL_CHOICES)
    cause = SentenceField(help_text="What raised it, or the reason its owner gave for lowering it.")

    class Meta:
        verbose_name = _("label change")
        verbose_name_plural = _("label changes")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        words = gettext("%(conversation)s: %(before)s to %(after)s")
        before, after = self.get_before_display(), self.get_after_display()
        return words % {"conversation": self.conversation, "before": before, "after": after}
