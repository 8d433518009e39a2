"""Prompts that people keep to use again, and what they were before."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langai_site.accounts.shared import Shared, SharedQuerySet


class Prompt(Shared):
    """A text to ask with, found by its command. Its variables are filled in before it is sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    command = models.CharField(
        _("command"), max_length=40, help_text=_("The word after the slash; unique for each owner.")
    )
    title = models.CharField(_("title"), max_length=100)
    text = models.TextField()
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now)
    imported_id = models.CharField(max_length=200, blank=True, default="", help_text="Its id where it came from.")

    objects = SharedQuerySet["Prompt"].as_manager()

    class Meta:
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")
        ordering = ["command", "id"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["owner", "command"], name="one_prompt_a_command")]

    def __str__(self) -> str:
        return str(self.id)


class PromptVersion(models.Model):
    """What a prompt was or is. Append-only."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    command = models.CharField(max_length=40)
    title = models.CharField(max_length=100)
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["prompt", "number"], name="one_prompt_version_a_number")]

    def __str__(self) -> str:
        return f"{self.prompt_id} version {self.number}"
