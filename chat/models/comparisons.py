"""Comparisons: one question to several models, and what is counted of the choices between their answers."""

import uuid
from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.conversations import Conversation
from chat.models.messages import Message


class ModelComparisonQuerySet(models.QuerySet["ModelComparison"]):
    def of(self, user_id: int) -> Self:
        """Return those whose question is in one of this person's conversations, and was not deleted."""
        conversations = Conversation.objects.of(user_id).reachable()
        return self.filter(question__deleted_at=None, question__conversation__in=conversations)

    def undecided(self) -> Self:
        """Return those of which no answer was chosen."""
        return self.filter(decided_at=None)


class ModelComparison(models.Model):
    """One question that several models answer side by side, each as a version of the answer.

    While it `is_blind`, the answers' rows do not say which model wrote them: `ComparedReply` has that.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    is_blind = models.BooleanField(default=False)
    chosen = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)

    objects = ModelComparisonQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.id)


class ComparedReply(models.Model):
    """One of the answers, in the order in which they are shown.

    `sealed` is what its row will say once the names are shown.
    """

    comparison = models.ForeignKey(ModelComparison, on_delete=models.CASCADE, related_name="answers")
    reply = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="compared")
    position = models.PositiveSmallIntegerField()
    model = models.CharField(max_length=200, help_text="The model that was asked.")
    sealed: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        ordering = ["position"]

    def __str__(self) -> str:
        return str(self.reply_id)


class ModelVerdict(models.Model):
    """How one model did in one choice. It holds neither texts nor people, and stays when the conversation goes.

    `kind` is how demanding the question was, as routing scored it.
    """

    comparison = models.UUIDField(help_text="A value: the comparison may be gone.")
    model = models.CharField(_("model"), max_length=200)
    won = models.BooleanField()
    kind = models.CharField(_("complexity"), max_length=20)
    team = models.CharField(_("team"), max_length=100, blank=True)
    is_blind = models.BooleanField()
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["kind", "model"], name="verdicts_by_kind")]
        constraints = [models.UniqueConstraint(fields=["comparison", "model"], name="one_verdict_a_model")]

    def __str__(self) -> str:
        return f"{self.model} ({self.kind})"
