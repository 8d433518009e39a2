"""Questions that documents did not answer, and the groups of them that owners of collections see."""

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.messages import Message


class KnowledgeGap(models.Model):
    """Questions that are about the same thing. `shown` has what owners of each collection see, by its id.

    That is, for each, how many people and questions there are, of which kinds, and the words that enough of them used.
    """

    shown = models.JSONField(default=dict)
    dismissed = models.JSONField(default=list, help_text="The collections whose owners have put it aside.")
    test_requested = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], condition=models.Q(closed_at=None), name="open_gaps")]

    def __str__(self) -> str:
        return f"gap {self.pk}"


class GapQuestionQuerySet(models.QuerySet["GapQuestion"]):
    def there(self) -> Self:
        """Return those whose question its person still has."""
        kept = self.filter(reply__deleted_at=None, reply__conversation__deleted_at=None)
        return kept.filter(reply__conversation__owner__is_active=True)


class GapQuestion(models.Model):
    """A question that was not answered well. Its text stays in the person's conversation and nowhere else.

    `vector` is the local embedder's, so that similar ones are grouped; nothing is sent for it. The row goes with the
    conversation.
    """

    class Kind(models.TextChoices):
        NOTHING = "nothing", _("nothing was found")
        UNSUPPORTED = "unsupported", _("a source said otherwise")
        WRONG = "wrong", _("the answer was marked as wrong")

    reply = models.OneToOneField(Message, primary_key=True, on_delete=models.CASCADE, related_name="gap_question")
    kind = models.CharField(max_length=11, choices=Kind)
    collections = models.JSONField(help_text="Ids of those that were searched, or of those that the answer cites.")
    gap = models.ForeignKey(KnowledgeGap, null=True, on_delete=models.SET_NULL, related_name="questions")
    embedder = models.CharField(max_length=100, blank=True, help_text="Fingerprint; empty without a vector.")
    vector = models.BinaryField(default=b"", help_text="float16, little-endian.")
    created_at = models.DateTimeField(default=timezone.now)
    found_at = models.DateTimeField(null=True, help_text="When a later search found something.")
    seen_at = models.DateTimeField(null=True, help_text="When its person was told that.")

    objects = GapQuestionQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["created_at"]
        indexes = [
            models.Index(fields=["created_at"], condition=models.Q(gap=None, found_at=None), name="gap_questions_new"),
            models.Index(
                fields=["found_at"], condition=models.Q(found_at__isnull=False, seen_at=None), name="gaps_to_tell"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.reply_id}"
