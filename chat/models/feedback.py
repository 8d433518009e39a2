"""What people say about answers."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """What can be wrong with an answer."""

    WRONG = "wrong", _("It is wrong")
    INCOMPLETE = "incomplete", _("It is incomplete")
    NOT_FROM_DOCUMENTS = "not_from_documents", _("It is not from the documents")
    UNSUPPORTED = "unsupported", _("The source does not say so")
    OUTDATED = "outdated", _("It is outdated")
    TOO_LONG = "too_long", _("It is too long")
    TONE = "tone", _("The tone is wrong")
    REFUSED = "refused", _("It refuses to answer")


class Feedback(models.Model):
    """One person's opinion of one answer in their conversation. Nobody else reads its comment unless it is shared."""

    reply = models.OneToOneField("chat.Message", primary_key=True, on_delete=models.CASCADE, related_name="feedback")
    good = models.BooleanField()
    reasons = models.JSONField(default=list, help_text="Values of Reason, for an answer that is not good.")
    comment = models.TextField(blank=True)
    shared = models.BooleanField(
        default=False,
        help_text="The owners of the cited collections may read the question, the answer and the comment.",
    )
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{'good' if self.good else 'bad'}: {self.reply_id}"
