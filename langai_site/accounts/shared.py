"""The base of all that people share with one another: who owns it, who may read it, and who may edit it."""

from typing import Any, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy

from langai_site.accounts.models import Team

SharedModel = TypeVar("SharedModel", bound="Shared")


class SharedQuerySet(models.QuerySet[SharedModel]):
    """Rows by who may do what with them. Being an admin adds none."""

    def of(self, user_id: int) -> Self:
        """Return those that this person owns."""
        return self.filter(owner_id=user_id)

    def readable_by(self, user_id: int) -> Self:
        """Return those that this person owns, or that are shared with everyone, with them or with one of their teams.

        What an admin has withdrawn is left to its owner.
        """
        teams = Team.objects.of(user_id).values("id")
        named = self._named("users", user=user_id) | self._named("editors", user=user_id)
        shared = Q(everyone=True) | Q(self._named("teams", team__in=teams)) | Q(named)
        return self.filter(Q(owner_id=user_id) | Q(shared, withdrawn_at=None))

    def editable_by(self, user_id: int) -> Self:
        """Return those that this person owns, or is an editor of as long as no admin has withdrawn them."""
        edited = Q(self._named("editors", user=user_id), withdrawn_at=None)
        return self.filter(Q(owner_id=user_id) | edited)

    def shared(self) -> Self:
        """Return those that their owners have opened to anybody else, withdrawn ones included."""
        opened = Q(everyone=True)
        for relation in ("teams", "users", "editors"):
            opened |= Q(self._named(relation))
        return self.filter(opened)

    def _named(self, relation: str, **who: Any) -> Exists:  # noqa: ANN401 - the value of a lookup
        """Return the condition that a row of the relation names one of these; without a join that repeats rows."""
        field = self.model._meta.get_field(relation)
        rows = field.remote_field.through._default_manager  # type: ignore[union-attr]
        return Exists(rows.filter(**{field.m2m_field_name(): OuterRef("pk")}, **who))  # type: ignore[union-attr]


class Shared(models.Model):
    """Something that its owner can share with people, with teams or with everyone signed in.

    Sharing a thing never shares the documents that it uses: each reader finds those that they may read themselves.
    Editors read it too. A model of it takes its manager from `SharedQuerySet`.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=gettext_lazy("owner"), on_delete=models.CASCADE, related_name="+"
    )
    everyone = models.BooleanField(gettext_lazy("everyone signed in may use it"), default=False)
    teams = models.ManyToManyField(
        Team, blank=True, related_name="+", verbose_name=gettext_lazy("teams that may use it")
    )
    users = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=gettext_lazy("people who may use it")
    )
    editors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=gettext_lazy("people who may change it")
    )
    withdrawn_at = models.DateTimeField(
        gettext_lazy("withdrawn at"),
        null=True,
        editable=False,
        help_text=gettext_lazy("Since then only its owner may use it."),
    )
    withdrawn_why = models.CharField(
        gettext_lazy("reason"), max_length=300, blank=True, help_text=gettext_lazy("As its owner sees it.")
    )

    class Meta:
        abstract = True

    def guarded(self) -> dict[str, Any]:
        """Return what else decides who sees what of it: a form that shows something else of these is stale."""
        return {}
