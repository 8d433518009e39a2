"""Tables of SCIM: the directories that may keep accounts and teams, and what each of them keeps."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy


class ScimDirectory(models.Model):
    """A directory, such as Entra or Okta, that keeps people and groups here; only its token's hash is stored."""

    name = models.CharField(
        gettext_lazy("name"), max_length=60, unique=True, help_text=gettext_lazy("The directory, such as “Entra”.")
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(gettext_lazy("prefix"), max_length=16, editable=False)
    created_at = models.DateTimeField(gettext_lazy("created at"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(gettext_lazy("last used at"), null=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name, verbose_name_plural = gettext_lazy("directory"), gettext_lazy("directories")

    def __str__(self) -> str:
        return self.name


class ScimPerson(models.Model):
    """An account that a directory keeps. `external_id` is the directory's own id for it."""

    directory = models.ForeignKey(ScimDirectory, on_delete=models.CASCADE, related_name="people")
    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="scim")
    external_id = models.CharField(max_length=255, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["directory", "external_id"], condition=~Q(external_id=""), name="one_scim_person_an_id"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.directory_id}"


class ScimGroup(models.Model):
    """A team that a directory made and fills."""

    directory = models.ForeignKey(ScimDirectory, on_delete=models.CASCADE, related_name="groups")
    team = models.OneToOneField("accounts.Team", on_delete=models.CASCADE, related_name="scim")
    external_id = models.CharField(max_length=255, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.team_id} of {self.directory_id}"
