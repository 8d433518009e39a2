"""Test cases of search: a question, and the documents that should be found for it."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from langai_site.sensitivity import LABEL_CHOICES, Sensitivity
from search.models import Collection


class EvalCase(models.Model):
    """A question with the documents that should be found for it, or words that should. Each night it is searched for.

    `rank` is the place of the first of these documents among the passages found, or of the first passage with one of
    the words if no document is named; null if there is none, or if words are `missing` in all passages found. `ran_at`
    is null until the first run, and `rank_before` is the rank of the run before, if `ran_before`.
    """

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+")
    question = models.CharField(max_length=1000)
    label = models.PositiveSmallIntegerField(choices=LABEL_CHOICES, default=Sensitivity.PUBLIC)
    documents = models.JSONField(help_text="The titles of the documents by their ids, which stay over all versions.")
    must_contain = models.JSONField(default=list, help_text="Words that should stand in the passages found.")
    missing = models.JSONField(default=list, help_text="Those of them that no passage of the last run has.")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    rank = models.PositiveSmallIntegerField(null=True)
    ran_at = models.DateTimeField(null=True)
    rank_before = models.PositiveSmallIntegerField(null=True)
    ran_before = models.BooleanField(default=False)
    run_requested = models.BooleanField(default=True)

    class Meta:
        default_permissions = ()
        ordering = ["created_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["collection", "question"], name="one_case_a_question")]
        indexes = [models.Index(fields=["id"], condition=models.Q(run_requested=True), name="cases_to_run")]

    def __str__(self) -> str:
        return self.question

    @property
    def is_ready(self) -> bool:
        """Return whether it says what should be found."""
        return bool(self.documents or self.must_contain)

    @property
    def change(self) -> str:
        """Return "worse" or "better" than in the run before; empty if neither, or if there was none."""
        if not self.ran_before or self.rank == self.rank_before:
            return ""
        if self.rank is None:
            return "worse"
        return "better" if self.rank_before is None or self.rank < self.rank_before else "worse"
