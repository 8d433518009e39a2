"""Messages, and what belongs to one: its files, its drawn text, its words for search, the key it was sent with."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.conversations import Conversation
from chat.values import ThinkingText
from langai_site.database.sentence_field import SentenceField
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity
from langai_site.sentences import drawn


def text_of(parts: Iterable[Mapping[str, Any]]) -> str:
    """Return a message's text parts, joined."""
    return "".join(part["text"] for part in parts if part["type"] == "text")


def thinking_of(parts: Iterable[Mapping[str, Any]]) -> ThinkingText | None:
    """Return the thoughts before a message's text; None if there are none."""
    found = (ThinkingText(part["text"], part["seconds"]) for part in parts if part["type"] == "thinking")
    return next(found, None)


class MessageQuerySet(models.QuerySet["Message"]):
    def of(self, user_id: int) -> Self:
        """Return those in this person's conversations, without what they have deleted."""
        return self.kept().owned_by(user_id)

    def owned_by(self, user_id: int) -> Self:
        """Return those in this person's conversations, also those that were deleted with their branch."""
        return self.filter(conversation__owner_id=user_id, conversation__deleted_at=None)

    def kept(self) -> Self:
        """Return those that were not deleted with their branch."""
        return self.filter(deleted_at=None)

    def replies(self) -> Self:
        """Return the answers."""
        return self.filter(role=Message.Role.ASSISTANT)

    def live(self) -> Self:
        """Return the replies that are still being written."""
        return self.filter(status=Message.Status.STREAMING)

    def lost(self) -> Self:
        """Return the live replies whose lease ran out, because their process died."""
        return self.live().filter(lease_until__lt=timezone.now())


class Message(models.Model):
    """Something that a person or a model said. A reply is an assistant's message; its id is the reply's id."""

    class Role(models.TextChoices):
        USER = "user"
        ASSISTANT = "assistant"

    class Status(models.TextChoices):
        STREAMING = "streaming", _("Streaming")
        COMPLETE = "complete", _("Complete")
        STOPPED = "stopped", _("Stopped")
        INTERRUPTED = "interrupted", _("Interrupted")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, verbose_name=_("conversation"), on_delete=models.CASCADE, related_name="messages"
    )
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    role = models.CharField(max_length=10, choices=Role)
    parts = models.JSONField(
        default=list,
        help_text='In order: [{"type": "thinking", "text": …, "seconds": …}, {"type": "text", "text": …}]; '
        'of a corrected answer also {"type": "original", "text": …}, what the model had written.',
    )
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.COMPLETE)
    label = models.PositiveSmallIntegerField(_("label"), choices=LABEL_CHOICES, default=Sensitivity.PUBLIC)
    causes = models.JSONField(
        default=list, help_text='For a question: what gives it its label: [{"label": …, "words": …, "sentence": …}].'
    )
    options = models.JSONField(
        default=dict, help_text="How a question is to be answered, or how a reply was requested, where that was said."
    )
    model = models.CharField(
        _("model"),
        max_length=200,
        blank=True,
        help_text=_("For a reply: the requested model, then the model that answered."),
    )
    collections = models.JSONField(null=True, help_text="For a question: the collections that it asks, as above.")
    error = SentenceField(blank=True, help_text="What the person is told when it failed.")
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    receipt = models.JSONField(default=dict)
    lease = models.UUIDField(null=True, help_text="Whose reply it is to write: new each time that it goes live.")
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    shown_at = models.DateTimeField(
        null=True,
        help_text="When its person left the branch that ends with it for another branch.",
    )
    deleted_at = models.DateTimeField(null=True, help_text="When its person deleted the branch that it belongs to.")

    # The versions of this message, including itself, oldest first: set if a whole branch was read.
    siblings: Sequence[uuid.UUID] = ()
    # What changed in the passages that it cites, as its owner may read it: set likewise.
    passage_changes: Sequence[Any] = ()
    # What is left of the verified answer that it showed: set likewise.
    verified_state: Any = None

    # Whom to ask about the legal hold that keeps what was deleted; not stored.
    held_by: str | None = None

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        indexes = [
            models.Index(fields=["lease_until"], condition=models.Q(status="streaming"), name="live_replies"),
            models.Index(fields=["-created_at"], condition=models.Q(role="assistant"), name="replies_by_time"),
            models.Index(fields=["deleted_at"], condition=models.Q(deleted_at__isnull=False), name="deleted_messages"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_live(self) -> bool:
        """Return whether it is a reply that is still being written."""
        return self.status == Message.Status.STREAMING

    @property
    def text(self) -> str:
        return text_of(self.parts)

    @property
    def original(self) -> str | None:
        """Return what the model had written, if its person corrected it; otherwise None."""
        return next((str(part["text"]) for part in self.parts if part["type"] == "original"), None)

    @property
    def shown_error(self) -> str:
        """Return why it failed, in the reader's language."""
        return drawn(self.error)

    @property
    def thinking(self) -> ThinkingText | None:
        return thinking_of(self.parts)


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def unsent(self) -> Self:
        """Return those that a person has attached to a message that is still being written."""
        return self.filter(message=None, folder=None, removed_at=None)


class Attachment(models.Model):
    """A file that its owner attached to a message, or to a folder, or is about to attach: then it has neither.

    The file itself is stored once for all messages of a person that have it: `document` is its id, a value, because
    another app keeps it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attachments")
    message = models.ForeignKey(Message, null=True, on_delete=models.CASCADE, related_name="attachments")
    folder = models.ForeignKey("chat.Folder", null=True, on_delete=models.CASCADE, related_name="files")
    document = models.UUIDField(db_index=True)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Among the files of its message.")
    created_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, help_text="Removed by its owner while a legal hold keeps it.")

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["position", "created_at"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["created_at"], condition=models.Q(message=None), name="attachments_not_sent"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class MessageWords(models.Model):
    """The words of a message, or of a conversation's title if there is no message, for search in one's conversations.

    SQLite keeps them in the table chat_messagetokens, under this row's id; PostgreSQL in the column `tokens`.
    """

    message = models.OneToOneField(Message, null=True, on_delete=models.CASCADE, related_name="indexed")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveSmallIntegerField(help_text="Of the analyser that found the words.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.message_id or self.conversation_id)


class SentMessage(models.Model):
    """A message that came with a key of its sender: sent again with that, it is not stored again."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64, help_text="The key's hash.")
    digest = models.CharField(max_length=64, help_text="Of what was sent.")
    conversation = models.UUIDField(null=True)
    reply = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="one_message_a_key")]

    def __str__(self) -> str:
        return str(self.reply)


class ReplyHtml(models.Model):
    """The cached HTML of an ended reply, so that it is drawn once. Deleted with its reply."""

    reply = models.OneToOneField(Message, primary_key=True, on_delete=models.CASCADE, related_name="cached_html")
    digest = models.CharField(max_length=64, help_text="Of all that the HTML was made from, the renderer included.")
    html = models.TextField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.reply_id)


class SharedHtml(models.Model):
    """The cached HTML of an answer as some readers of a link see it: one for each set of documents that they may read.

    What a link shows can also be an earlier text of the answer. Deleted with its reply.
    """

    reply = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, help_text="As that of ReplyHtml.")
    html = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["reply", "digest"], name="one_shared_html_a_digest")]

    def __str__(self) -> str:
        return str(self.reply_id)


class Reply(Message):
    """A reply as admins see it: what it cost, and never its text."""

    class Meta:
        proxy = True
        ordering = ["-created_at"]
        default_permissions = ["view"]
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
