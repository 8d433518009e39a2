"""The events. A row is written once: the ledger's chain seals it, so that a later change is noticed."""

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from langai_site.audit.actions import ACTIONS

DOORS = {
    "page": gettext_lazy("page"),
    "admin": gettext_lazy("admin"),
    "api": gettext_lazy("API"),
    "server": gettext_lazy("server"),
}


class AppendOnlyError(TypeError):
    """Somebody's code tried to change an event."""


class EventQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **_values: object) -> NoReturn:
        raise AppendOnlyError("events are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("events are never deleted")


class AuditEvent(models.Model):
    """Something that somebody did. Values only: it outlives the person and the object, and repeats nothing of them."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    action = models.CharField(
        gettext_lazy("action"),
        max_length=40,
        help_text=gettext_lazy("What was done; langai_site/audit/actions.py has the list."),
    )
    user_id = models.BigIntegerField(
        null=True, help_text=gettext_lazy("The person who did it. Empty: nobody was signed in.")
    )
    username = models.CharField(gettext_lazy("person"), max_length=150, blank=True)
    kind = models.CharField(
        gettext_lazy("kind"), max_length=40, blank=True, help_text=gettext_lazy("What was it done to?")
    )
    object_id = models.CharField(max_length=64, blank=True)
    fields = models.CharField(
        gettext_lazy("fields"),
        max_length=400,
        blank=True,
        help_text=gettext_lazy("Names of what was changed, without values."),
    )
    door = models.CharField(
        gettext_lazy("door"),
        max_length=10,
        choices=list(DOORS.items()),
        help_text=gettext_lazy("Through which door; “server” is a command or a job."),
    )
    address = models.CharField(gettext_lazy("address"), max_length=45, blank=True)
    request = models.CharField(
        gettext_lazy("request"),
        max_length=64,
        blank=True,
        help_text=gettext_lazy("The id under which the log has its request."),
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("audit event")
        verbose_name_plural = gettext_lazy("audit events")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["kind", "object_id"], name="events_of_an_object"),
            models.Index(fields=["user_id", "at"], name="events_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.words}, {self.at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as Django's own
        if not self._state.adding:
            raise AppendOnlyError("events are never changed")
        super().save(*args, **options)

    def delete(self, using: Any = None, keep_parents: bool = False) -> NoReturn:  # noqa: ANN401 - as above
        raise AppendOnlyError("events are never deleted")

    @property
    def words(self) -> str:
        """Return what was done as people read it."""
        return gettext(ACTIONS[self.action]) if self.action in ACTIONS else self.action


class FeedCursor(models.Model):
    """How far a system outside has the events, and which worker passes them on. docs/audit.md says where they go."""

    # “syslog” or “webhook”.
    name = models.CharField(max_length=20, primary_key=True)
    # The place in the chain of the last event that was confirmed.
    sequence = models.BigIntegerField()
    leased_until = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(default=timezone.now)
    # Attempts in a row, and why the last one failed.
    failures = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.sequence}"
