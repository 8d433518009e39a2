"""Answers that the owner of a collection verified, and whom to tell when one has to be reviewed."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langai_site.sensitivity import LABEL_CHOICES, Sensitivity
from search.models import Collection, Source


class VerifiedQuerySet(models.QuerySet["VerifiedAnswer"]):
    def covered(self) -> Self:
        """Return those whose documents are all in their collection, so that its readers may read them, too.

        Of the others, only owners of the collection get to see what they say. None of these is retired.
        """
        there = Source.objects.quotable().filter(
            pk=models.OuterRef("source"), collection=models.OuterRef("answer__collection")
        )
        elsewhere = VerifiedCitation.objects.filter(~models.Exists(there), answer=models.OuterRef("pk"))
        return self.exclude(state=VerifiedAnswer.State.RETIRED).filter(~models.Exists(elsewhere))

    def current(self) -> Self:
        """Return those that may be shown as verified now: in force, not due, and with no passage that changed."""
        live = Source.objects.live().filter(
            pk=models.OuterRef("source"), collection=models.OuterRef("answer__collection")
        )
        cited = VerifiedCitation.objects.filter(answer=models.OuterRef("pk"))
        stale = cited.filter(models.Q(~models.Exists(live)) | models.Q(next__isnull=False))
        in_force = self.filter(state=VerifiedAnswer.State.VERIFIED, review_by__gt=timezone.localdate())
        return in_force.filter(~models.Exists(stale))


class VerifiedAnswer(models.Model):
    """An answer that an owner of `collection` stands for. Who reads the collection reads it, under its label.

    Search finds it as a source whose `document` is this row's id. `version` counts the edits of what search has.
    """

    class State(models.TextChoices):
        VERIFIED = "verified", _("verified")
        EXPIRED = "expired", _("to review")
        RETIRED = "retired", _("retired")

    class Reason(models.TextChoices):
        """Why it has to be reviewed."""

        CHANGED = "changed", _("A passage that it cites has changed.")
        GONE = "gone", _("A passage that it cites is gone.")
        DUE = "due", _("Its review date has come.")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+")
    question = models.CharField(max_length=500)
    variants = models.JSONField(default=list, help_text="Other wordings of the question.")
    text = models.TextField(help_text="Markdown, with the numbers of its citations.")
    label = models.PositiveSmallIntegerField(choices=LABEL_CHOICES, default=Sensitivity.PUBLIC)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who verified it last.",
    )
    verified_at = models.DateTimeField(default=timezone.now)
    review_by = models.DateField()
    state = models.CharField(max_length=8, choices=State, default=State.VERIFIED)
    reason = models.CharField(max_length=7, choices=Reason, blank=True)
    version = models.PositiveIntegerField(default=1)
    indexed = models.PositiveIntegerField(default=0, help_text="The version that search has.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = VerifiedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["question", "id"]
        indexes = [
            models.Index(fields=["collection", "state"], name="verified_of_collection"),
            models.Index(fields=["review_by"], condition=models.Q(state="verified"), name="verified_by_review"),
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def phrasings(self) -> list[str]:
        """Return the question with its other wordings."""
        return [self.question, *self.variants]


class VerifiedCitation(models.Model):
    """The passage that a number in a verified answer stands for: its place, not its text.

    `next` is its place in a newer version of the document, if its words have changed there.
    """

    answer = models.ForeignKey(VerifiedAnswer, on_delete=models.CASCADE, related_name="citations")
    number = models.PositiveSmallIntegerField()
    source = models.UUIDField(db_index=True, help_text="A search source's id; a value, as in citations.")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    page = models.PositiveIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    heading = models.CharField(max_length=300, blank=True)
    location = models.CharField(max_length=200, blank=True)
    dated = models.DateField(null=True)
    next = models.JSONField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["answer", "number"], name="one_verified_citation_a_number")]

    def __str__(self) -> str:
        return f"[{self.number}] in {self.answer_id}"


class VerifiedNotice(models.Model):
    """An owner is told that a verified answer has to be reviewed. What it is about is read when it is shown."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    answer = models.ForeignKey(VerifiedAnswer, on_delete=models.CASCADE, related_name="notices")
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "answer"], name="one_notice_a_verified_answer")]
        indexes = [models.Index(fields=["user"], condition=models.Q(seen_at=None), name="verified_notices_unseen")]

    def __str__(self) -> str:
        return f"{self.answer_id} for {self.user_id}"
