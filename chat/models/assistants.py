"""Assistants: a purpose with instructions, a model and collections. What they were before, and how they are used."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langai_site.accounts.shared import Shared, SharedQuerySet
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity


class Assistant(Shared):
    """What answers in its conversations go by. Its current version is repeated here, so that a turn reads one row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    emoji = models.CharField(max_length=16, blank=True)
    name = models.CharField(_("name"), max_length=60)
    purpose = models.CharField(
        _("purpose"), max_length=200, blank=True, help_text=_("One line that helps people choose it.")
    )
    instructions = models.TextField(blank=True)
    model = models.CharField(max_length=200, default="auto", help_text="If nobody chooses another; “auto”: by routing.")
    options = models.JSONField(default=dict, help_text="Complexity, temperature and longest answer, where set.")
    collections = models.JSONField(null=True, help_text="What it searches, by id; null: all that its reader may read.")
    starters = models.JSONField(default=list, help_text="Starter questions.")
    label = models.PositiveSmallIntegerField(
        choices=LABEL_CHOICES, default=Sensitivity.PUBLIC, help_text="The least label of its conversations."
    )
    version = models.PositiveIntegerField(_("version"), default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now)
    imported_id = models.CharField(max_length=200, blank=True, default="", help_text="Its id where it came from.")
    trial_for = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="The assistant whose next version this is, while one of its editors tries it.",
    )
    favoured_by = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="favourite_assistants")

    objects = SharedQuerySet["Assistant"].as_manager()

    class Meta:
        verbose_name = _("assistant")
        verbose_name_plural = _("assistants")
        ordering = ["name", "id"]
        default_permissions = ["view", "change"]

    def __str__(self) -> str:
        return self.name


class AssistantVersion(models.Model):
    """What an assistant was or is, with all its fields. Append-only."""

    assistant = models.ForeignKey(Assistant, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    values = models.JSONField(help_text="Its fields, as its export has them.")
    note = models.CharField(max_length=200, blank=True, help_text="What was changed, in its maker's words.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["assistant", "number"], name="one_assistant_version_a_number")]

    def __str__(self) -> str:
        return f"{self.assistant_id} version {self.number}"


class AssistantUse(models.Model):
    """An answer that an assistant's version was used for. Only values, so that it outlives the conversation."""

    assistant = models.ForeignKey(Assistant, on_delete=models.CASCADE, related_name="uses")
    version = models.PositiveIntegerField()
    reply = models.UUIDField()
    user_id = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["assistant", "at"], name="uses_of_an_assistant")]

    def __str__(self) -> str:
        return f"{self.assistant_id} for {self.reply}"


class AssistantDraft(models.Model):
    """The next version of an assistant as one of its editors tries it, before it is saved for everybody.

    `trial` is an assistant of the editor's own that has the draft's fields, so that chats can use it like any other.
    No list shows it.
    """

    assistant = models.ForeignKey(Assistant, on_delete=models.CASCADE, related_name="drafts")
    trial = models.OneToOneField(Assistant, on_delete=models.CASCADE, related_name="+")
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField(help_text="The version that it would follow.")
    note = models.CharField(max_length=200, blank=True)
    waiting = models.JSONField(default=list, help_text="Test cases that are still to be run, by id.")
    ranks = models.JSONField(
        default=dict, help_text="Of test cases that have run: {id: [rank now, rank with this draft]}; null: not found."
    )
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["assistant", "editor"], name="one_draft_an_editor")]

    def __str__(self) -> str:
        return f"{self.assistant_id} after version {self.version}"
