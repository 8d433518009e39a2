"""Policies, the rules by which models are tried."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.values import LEVEL_WORDS, USES
from langai_site.sensitivity import LABEL_CHOICES


class RoutingPolicy(models.Model):
    """A set of routing rules. A draft can be edited; once activated, it has a version and never changes."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("In force")
        RETIRED = "retired", _("Retired")

    version = models.PositiveIntegerField(_("version"), null=True, unique=True, editable=False)
    based_on = models.PositiveIntegerField(
        _("based on"), null=True, editable=False, help_text=_("The version that it was copied from.")
    )
    note = models.CharField(
        _("note"), max_length=200, blank=True, help_text=_("What this policy is for, or what it changes.")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    activated_at = models.DateTimeField(_("activated at"), null=True, editable=False)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("activated by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )

    class Meta:
        verbose_name = _("routing policy")
        verbose_name_plural = _("routing policies")
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
        if self.version:
            return gettext("Version %(number)s") % {"number": self.version}
        return gettext("Draft %(id)s, from version %(number)s") % {"id": self.pk, "number": self.based_on}

    @property
    def in_words(self) -> str:
        """Return the policy's name as it stands inside a sentence."""
        if self.version:
            return gettext("version %(number)s") % {"number": self.version}
        return gettext("draft %(id)s, from version %(number)s") % {"id": self.pk, "number": self.based_on}

    @property
    def status_words(self) -> str:
        """Return the status as it stands inside a sentence."""
        words = {"draft": gettext("draft"), "active": gettext("in force"), "retired": gettext("retired")}
        return words[self.status]

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT


class RoutingRule(models.Model):
    """One rule of a policy: it applies if all its conditions do, and says which kind of model is asked first."""

    policy = models.ForeignKey(RoutingPolicy, verbose_name=_("policy"), on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField(
        _("position"),
    )
    name = models.CharField(_("name"), max_length=40, help_text=_("The receipt names the rule by it."))
    at_least = models.PositiveSmallIntegerField(
        _("label, at least"), choices=[(None, _("any")), *LABEL_CHOICES], null=True, blank=True
    )
    complexity = models.CharField(
        _("complexity"),
        max_length=10,
        choices=[("", _("any")), *((level.value, words) for level, words in LEVEL_WORDS.items())],
        blank=True,
    )
    too_long = models.BooleanField(
        _("only if too long"), default=False, help_text=_("Question and answer do not fit the usual balanced model.")
    )
    use = models.CharField(_("asks first"), max_length=20, choices=[(str(use), words) for use, words in USES.items()])

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name
