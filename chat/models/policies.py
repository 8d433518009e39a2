"""Policies, the rules by which models are tried."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.values import USES, Level
from langai_site.sensitivity import LABEL_CHOICES


class RoutingPolicy(models.Model):
    """A set of routing rules. A draft can be edited; once activated, it has a version and never changes."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        ACTIVE = "active", "In force"
        RETIRED = "retired"

    version = models.PositiveIntegerField(null=True, unique=True, editable=False)
    based_on = models.PositiveIntegerField(null=True, editable=False, help_text="The version that it was copied from.")
    note = models.CharField(max_length=200, blank=True, help_text="What this policy is for, or what it changes.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    activated_at = models.DateTimeField(null=True, editable=False)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    class Meta:
        verbose_name_plural = "routing policies"
        ordering = [models.F("version").desc(nulls_first=True), "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=models.Q(status="active"), name="one_routing_policy_in_force"
            ),
            models.CheckConstraint(
                condition=models.Q(status="draft", version=None)
                | (~models.Q(status="draft") & models.Q(version__isnull=False)),
                name="routing_drafts_have_no_version",
            ),
        ]

    def __str__(self) -> str:
        return f"Version {self.version}" if self.version else f"Draft {self.pk}, from version {self.based_on}"

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT


class RoutingRule(models.Model):
    """One rule of a policy: it applies if all its conditions do, and says which kind of model is asked first."""

    policy = models.ForeignKey(RoutingPolicy, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40, help_text="The receipt names the rule by it.")
    at_least = models.PositiveSmallIntegerField(
        "label, at least", choices=[(None, "any"), *LABEL_CHOICES], null=True, blank=True
    )
    complexity = models.CharField(
        max_length=10, choices=[("", "any"), *((level.value, level.value) for level in Level)], blank=True
    )
    too_long = models.BooleanField(
        "only if too long", default=False, help_text="Question and answer do not fit the usual balanced model."
    )
    use = models.CharField("asks first", max_length=20, choices=[(str(use), words) for use, words in USES.items()])

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name
