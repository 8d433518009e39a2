"""Figures that documents state, and pairs of them that differ. The worker makes them from the passages."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from search.models import Passage, Source


class FiguresRead(models.Model):
    """A version of a document whose figures were read, by the rules of that number."""

    source = models.OneToOneField(Source, primary_key=True, on_delete=models.CASCADE, related_name="+")
    rules = models.PositiveSmallIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.source_id} by rules {self.rules}"


class StatedFigure(models.Model):
    """A figure in a sentence of a passage. Its text is in the passage; `key` is a digest of what it is about."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    passage = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=2)
    key = models.CharField(max_length=32, db_index=True)
    readings = models.JSONField(help_text="The values that the figure can mean, in the smallest unit of its kind.")
    start = models.PositiveIntegerField(help_text="Where the sentence begins in the passage.")
    end = models.PositiveIntegerField()
    figure_start = models.PositiveIntegerField(help_text="Where the figure begins in the passage.")
    figure_end = models.PositiveIntegerField()
    digest = models.CharField(max_length=32, help_text="Of the sentence and its heading.")

    class Meta:
        default_permissions = ()
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.key} in {self.source_id}"


class FigureConflictQuerySet(models.QuerySet["FigureConflict"]):
    def between_live(self) -> Self:
        """Return those between two documents that search finds."""
        return self.filter(one__source__live=True, other__source__live=True)

    def dismissed(self, *, yes: bool) -> Self:
        """Return those that an owner says are none; or, without `yes`, the others."""
        said = DismissedConflict.objects.filter(
            one_document=OuterRef("one__source__document"),
            other_document=OuterRef("other__source__document"),
            one_digest=OuterRef("one__digest"),
            other_digest=OuterRef("other__digest"),
        )
        return self.filter(Exists(said) if yes else ~Exists(said))


class FigureConflict(models.Model):
    """Two documents that give different figures for the same term; `one` is in that with the lower id."""

    one = models.ForeignKey(StatedFigure, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(StatedFigure, on_delete=models.CASCADE, related_name="+")
    found_at = models.DateTimeField(default=timezone.now)

    objects = FigureConflictQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="one_conflict_a_pair")]

    def __str__(self) -> str:
        return f"{self.one_id} and {self.other_id}"


class DismissedConflict(models.Model):
    """A conflict that an owner says is none, until one of the two sentences changes."""

    one_document = models.UUIDField()
    other_document = models.UUIDField()
    one_digest = models.CharField(max_length=32)
    other_digest = models.CharField(max_length=32)
    dismissed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    dismissed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["one_document", "other_document", "one_digest", "other_digest"], name="one_dismissal_a_pair"
            )
        ]

    def __str__(self) -> str:
        return f"{self.one_document} and {self.other_document}"
