"""What answers cite, and the documents whose passages they were given."""

from django.db import models

from chat.models.messages import Message


class Citation(models.Model):
    """The passage that a number in a reply stands for: its place, not its text."""

    reply = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="citations")
    number = models.PositiveSmallIntegerField()
    source = models.UUIDField(help_text="A search source's id; a value, so that an answer outlives its documents.")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    page = models.PositiveIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    heading = models.CharField(max_length=300, blank=True)
    location = models.CharField(max_length=200, blank=True)
    language = models.CharField(
        max_length=2, blank=True, default="", help_text="The code of its language if the question is in another one."
    )
    dated = models.DateField(null=True, help_text="When the cited version was added; not known of older citations.")

    class Meta:
        ordering = ["number"]
        indexes = [models.Index(fields=["source"], name="citations_of_a_source")]
        constraints = [models.UniqueConstraint(fields=["reply", "number"], name="one_citation_a_number")]

    def __str__(self) -> str:
        return f"[{self.number}] in {self.reply_id}"


class GivenDocument(models.Model):
    """A document whose passages a reply was given. Stored before they are sent, so that a crash does not lose it.

    Whether the answer cites it does not matter, because its text may come from there.
    """

    reply = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="given", db_index=False)
    document = models.UUIDField(help_text="A value, as in citations.", db_index=True)

    class Meta:
        default_permissions = ()
        # In this order the index also serves to list what a reply was given.
        constraints = [models.UniqueConstraint(fields=["reply", "document"], name="one_given_document_a_reply")]

    def __str__(self) -> str:
        return f"{self.document} for {self.reply_id}"
