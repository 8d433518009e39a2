"""Tables of the terms of use, and of who accepted them."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy


class TermsOfUse(models.Model):
    """A version of the terms. The newest one that is not withdrawn is in force; a version never changes."""

    text = models.TextField(
        gettext_lazy("text"), help_text=gettext_lazy("Everybody has to accept it before they go on.")
    )
    created_at = models.DateTimeField(gettext_lazy("published at"), default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField(gettext_lazy("withdrawn at"), null=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = gettext_lazy("terms of use"), gettext_lazy("terms of use")

    def __str__(self) -> str:
        return f"{self.pk}"


class TermsAcceptance(models.Model):
    """A person accepted a version of the terms."""

    terms = models.ForeignKey(TermsOfUse, on_delete=models.PROTECT, related_name="acceptances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["terms", "user"], name="one_acceptance_a_person")]

    def __str__(self) -> str:
        return f"{self.terms_id} by {self.user_id}"
