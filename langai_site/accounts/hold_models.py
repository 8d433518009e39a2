"""Tables of legal holds, and of the people whom the hold of a team covers."""

from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy


class HoldQuerySet(models.QuerySet["LegalHold"]):
    def active(self) -> Self:
        """Return the holds that are in force now."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=timezone.now()), lifted_at=None)


class LegalHold(models.Model):
    """Nothing of one person, one team or one collection is removed while this is in force. It is never deleted."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=gettext_lazy("person"),
        help_text=gettext_lazy("Everything that is the person's own: chats, files, links, collections, the account."),
    )
    team = models.ForeignKey(
        "accounts.Team",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=gettext_lazy("team"),
        help_text=gettext_lazy("Everything of each person who is in the team or joins it, also after they leave."),
    )
    collection = models.ForeignKey(
        "search.Collection",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        limit_choices_to={"kind": "library"},
        related_name="+",
        verbose_name=gettext_lazy("collection"),
        help_text=gettext_lazy("Its documents, with the versions that are replaced from now on."),
    )
    reason = models.CharField(gettext_lazy("reason"), max_length=300, help_text=gettext_lazy("Why is this kept?"))
    reference = models.CharField(
        gettext_lazy("reference"), max_length=100, help_text=gettext_lazy("The number of the case, for example.")
    )
    contact = models.CharField(
        gettext_lazy("whom to ask"),
        max_length=150,
        help_text=gettext_lazy("Shown to the people concerned, who see neither the reason nor the reference."),
    )
    ends_at = models.DateTimeField(
        gettext_lazy("ends at"), null=True, blank=True, help_text=gettext_lazy("Empty: it holds until it is lifted.")
    )
    created_at = models.DateTimeField(gettext_lazy("set at"), default=timezone.now, editable=False)
    set_by = models.CharField(gettext_lazy("set by"), max_length=150, editable=False)
    lifted_at = models.DateTimeField(gettext_lazy("lifted at"), null=True, editable=False)

    objects = HoldQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view", "add", "change")
        verbose_name, verbose_name_plural = gettext_lazy("legal hold"), gettext_lazy("legal holds")

    def __str__(self) -> str:
        return self.reference

    def clean(self) -> None:
        if self._state.adding and sum(bool(part) for part in (self.person_id, self.team_id, self.collection_id)) != 1:
            raise ValidationError(gettext("Choose one person, one team, one collection or one conversation."))

    @property
    def is_active(self) -> bool:
        return self.lifted_at is None and (self.ends_at is None or self.ends_at > timezone.now())


class HeldMember(models.Model):
    """Somebody who is or was in a team while it was held. The hold covers them also after they left."""

    hold = models.ForeignKey(LegalHold, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["hold", "person"], name="one_member_a_hold")]

    def __str__(self) -> str:
        return f"{self.person_id} by {self.hold_id}"
