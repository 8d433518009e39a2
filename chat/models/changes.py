"""What became of cited passages in newer versions of their documents, and who is to be told."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models.citations import Citation
from chat.models.messages import Message


class Replacement(models.Model):
    """A version of a document that went live in place of another. The row is the queue entry for comparing them."""

    source = models.UUIDField(unique=True, help_text="The new version: a search source's id.")
    created_at = models.DateTimeField(default=timezone.now)
    compared_at = models.DateTimeField(null=True, help_text="When the citations of that moment had been compared.")
    done_at = models.DateTimeField(null=True, help_text="When those of answers that were running then had been, too.")

    class Meta:
        default_permissions = ()
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], condition=models.Q(done_at=None), name="replacements_undone")]

    def __str__(self) -> str:
        return str(self.source)


class PassageChange(models.Model):
    """What became of a cited passage in a newer version of its document: its state and place, not its text."""

    class State(models.TextChoices):
        SAME = "same"
        MOVED = "moved"
        CHANGED = "changed"
        GONE = "gone"

    citation = models.OneToOneField(Citation, on_delete=models.CASCADE, related_name="change")
    source = models.UUIDField(help_text="The newer version, as in citations.")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=7, choices=State)
    page = models.PositiveIntegerField(default=0, help_text="Where the passage begins in it; 0 if it is gone.")
    start = models.PositiveIntegerField(default=0)
    end_page = models.PositiveIntegerField(default=0)
    end = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.citation_id}: {self.state}"

    @property
    def matters(self) -> bool:
        """Return whether the answer may no longer be right."""
        return self.state in (self.State.CHANGED, self.State.GONE)


class ChangeNotice(models.Model):
    """A person is told that a passage which one of their answers cites has changed or is gone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    reply = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    source = models.UUIDField(help_text="The newer version, as in citations.")
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["reply", "source"], name="one_notice_a_change")]
        indexes = [models.Index(fields=["user"], condition=models.Q(seen_at=None), name="notices_unseen")]

    def __str__(self) -> str:
        return f"{self.reply_id} for {self.user_id}"
