"""What admins set for how long conversations and shared links stay."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from langai_site.sensitivity import LABEL_CHOICES

# A century, which no date overflows.
MOST_DAYS = 36_500
TAKEN = _("There is a rule for this kind and label. Change that one.")


class RetentionRule(models.Model):
    """How many days things of a kind stay after their last change, by the label of the conversation."""

    class Kind(models.TextChoices):
        CONVERSATIONS = "conversations", _("Conversations")
        SHARES = "shares", _("Shared links")

    kind = models.CharField(_("kind"), max_length=13, choices=Kind, default=Kind.CONVERSATIONS)
    label = models.PositiveSmallIntegerField(
        _("label"),
        choices=LABEL_CHOICES,
        null=True,
        blank=True,
        help_text=_("The label of the conversation. Empty: every label without a rule."),
    )
    days = models.PositiveIntegerField(
        _("days"),
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
        help_text=_("Days after the last message, or after the shared text was last updated."),
    )
    keeps_pinned = models.BooleanField(
        _("pinned ones stay"),
        default=True,
        help_text=_("If ticked, people keep a conversation and its links by pinning it."),
    )
    since = models.DateTimeField(
        _("since"), default=timezone.now, editable=False, help_text="When it last changed; notice is given from then."
    )

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ["kind", "label"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "label"], name="one_retention_rule_for_a_label", violation_error_message=TAKEN
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(label=None),
                name="one_retention_rule_for_the_rest",
                violation_error_message=TAKEN,
            ),
        ]

    def __str__(self) -> str:
        label = self.get_label_display() if self.label is not None else gettext("every label")
        return gettext("%(kind)s, %(label)s: %(days)s days") % {
            "kind": self.get_kind_display(),
            "label": label,
            "days": self.days,
        }
