"""How long conversations stay, and what admins set for people's new ones."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from langai_site.accounts.models import Team


class Keeping(models.TextChoices):
    """How long a conversation stays. It is chosen when the conversation begins and never changes."""

    KEPT = "kept", _("Kept until you delete it")
    WEEK = "week", _("Temporary: 7 days")
    HOUR = "hour", _("Temporary: an hour after last use")

    @property
    def words(self) -> str:
        """Return what becomes of the conversation, as it stands within a sentence."""
        return {
            Keeping.KEPT: gettext("kept until you delete it"),
            Keeping.WEEK: gettext("deleted 7 days after it began"),
            Keeping.HOUR: gettext("deleted an hour after its last message"),
        }[self]


# From the longest to the shortest.
ORDER = (Keeping.KEPT, Keeping.WEEK, Keeping.HOUR)
LIFETIMES = {Keeping.WEEK: timedelta(days=7), Keeping.HOUR: timedelta(hours=1)}


class KeepingRule(models.Model):
    """What admins set for the new conversations of a team, or of everyone: where they start, or the longest."""

    team = models.OneToOneField(
        Team,
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text=_("Empty: everyone."),
    )
    keeping = models.CharField(_("new conversations are"), max_length=4, choices=Keeping, default=Keeping.WEEK)
    enforced = models.BooleanField(
        _("enforced"),
        default=False,
        help_text=_("If ticked, people cannot keep a new conversation longer. If not, this is only the default."),
    )

    class Meta:
        verbose_name = _("rule for temporary chats")
        verbose_name_plural = _("rules for temporary chats")
        ordering = ["team__name"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(team=None), name="one_keeping_rule_for_everyone"
            )
        ]

    def __str__(self) -> str:
        everyone = gettext("Everyone")
        return f"{self.team or everyone}: {self.get_keeping_display()}"
