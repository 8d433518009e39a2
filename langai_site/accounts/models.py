import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.accounts.hold_models import HeldMember, LegalHold
from langai_site.accounts.receipt_models import DeletionReceipt
from langai_site.accounts.scim_models import ScimDirectory, ScimGroup, ScimPerson
from langai_site.accounts.scopes import Scope
from langai_site.accounts.terms_models import TermsAcceptance, TermsOfUse
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity

__all__ = [
    "DeletionReceipt",
    "HeldMember",
    "LegalHold",
    "ScimDirectory",
    "ScimGroup",
    "ScimPerson",
    "TermsAcceptance",
    "TermsOfUse",
]

# What browsers say of themselves, the more special first: most also name those that they resemble.
BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    *(("iPhone", gettext_lazy("an iPhone")), ("iPad", gettext_lazy("an iPad")), ("Android", "Android")),
    *(("Windows", "Windows"), ("Mac OS X", gettext_lazy("a Mac")), ("Linux", "Linux")),
)
INVITATION_LIFETIME = timedelta(days=7)
# Characters of both texts of a person's instructions.
INSTRUCTIONS_MAX = 1_500


class TeamQuerySet(models.QuerySet["Team"]):
    def of(self, user_id: int) -> Self:
        """Return the teams that this person is a member of."""
        return self.filter(members=user_id)


class Team(models.Model):
    """People who share collections, a budget and a bill."""

    name = models.CharField(gettext_lazy("name"), max_length=100, unique=True)
    second_factor_required = models.BooleanField(
        gettext_lazy("second factor required"),
        default=False,
        help_text=gettext_lazy(
            "Members must prove who they are with more than a password. Until they have set that up, they reach only "
            "the page where they do so, and their API keys do not work."
        ),
    )

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name, verbose_name_plural = gettext_lazy("team"), gettext_lazy("teams")

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    teams = models.ManyToManyField(Team, blank=True, related_name="members", verbose_name=gettext_lazy("teams"))
    billing_team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="billed_members",
        verbose_name=gettext_lazy("billing team"),
        help_text=gettext_lazy("The team that this person's use is charged to."),
    )
    preferences = models.JSONField(
        default=dict, blank=True, editable=False, help_text=gettext_lazy("The person's own choices, such as the theme.")
    )
    language = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=gettext_lazy("The language of pages; empty: as the browser says."),
    )
    language = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="The language of pages; empty: as the browser says.",
    )
    # Stored, so that no request needs another query: `second_factor` keeps it right.
    terms_due = models.BooleanField(
        default=False, editable=False, help_text=gettext_lazy("The person has not accepted the terms of use in force.")
    )
    second_factor_due = models.BooleanField(
        gettext_lazy("second factor due"),
        default=False,
        editable=False,
        help_text=gettext_lazy("A team requires a second factor, and the person has none yet."),
    )

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Instructions(models.Model):
    """What a person wants models to know whenever they answer: at most `INSTRUCTIONS_MAX` characters together."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="instructions"
    )
    about = models.TextField(blank=True)
    answers = models.TextField(blank=True)
    label = models.PositiveSmallIntegerField(choices=LABEL_CHOICES, default=Sensitivity.PUBLIC)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        # Nobody reads what others wrote here, so admins have no page for it.
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user_id)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Invitation(models.Model):
    """A one-time link to create an account; only the token's hash is kept."""

    email = models.EmailField(gettext_lazy("email"), blank=True, help_text=gettext_lazy("The person who is invited."))
    teams = models.ManyToManyField(
        Team,
        blank=True,
        verbose_name=gettext_lazy("teams"),
        help_text=gettext_lazy("Teams that the new teammate joins."),
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        verbose_name=gettext_lazy("invited by"),
    )
    created_at = models.DateTimeField(gettext_lazy("created at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(gettext_lazy("expires at"), editable=False)
    used_at = models.DateTimeField(gettext_lazy("used at"), null=True, blank=True, editable=False)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="invitations_used",
        editable=False,
        verbose_name=gettext_lazy("used by"),
    )

    class Meta:
        ordering = ["-created_at"]
        verbose_name, verbose_name_plural = gettext_lazy("invitation"), gettext_lazy("invitations")

    def __str__(self) -> str:
        return self.email or _("Invitation of %(day)s") % {"day": date_format(self.created_at, _("d F Y"))}

    def renew_token(self) -> str:
        """Give the invitation a new token and lifetime, and return the token: it is not stored."""
        token = secrets.token_urlsafe(32)
        self.token_hash = hashed(token)
        self.expires_at = timezone.now() + INVITATION_LIFETIME
        return token


class ApiKey(models.Model):
    """A program's key, for one person; only its hash is kept, and its beginning to recognise it by."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys", verbose_name=gettext_lazy("user")
    )
    name = models.CharField(
        gettext_lazy("name"), max_length=100, help_text=gettext_lazy("What uses it, such as “nightly report”.")
    )
    prefix = models.CharField(gettext_lazy("prefix"), max_length=16, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(gettext_lazy("created at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(gettext_lazy("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(gettext_lazy("last used at"), null=True, editable=False)
    revoked_at = models.DateTimeField(gettext_lazy("revoked at"), null=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = gettext_lazy("API key"), gettext_lazy("API keys")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], condition=models.Q(revoked_at=None), name="one_open_key_a_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "active"

    @property
    def state_name(self) -> str:
        """Return the state in the words of the page."""
        names = {"active": _("active"), "expired": _("expired"), "revoked": _("revoked")}
        return names[self.state]

    @property
    def scope_names(self) -> str:
        return ", ".join(scope.value for scope in Scope if scope in self.scopes)


class TokenFamily(models.Model):
    """The tokens of one sign-in of a program. They are valid as long as this row exists.

    Only the hash of the refresh token that may be used next is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="token_families")
    refresh_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True, help_text=gettext_lazy("When its last refresh token ends."))

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.id)


class BrowserSession(models.Model):
    """A sign-in on a browser, as its person sees it in their list; `session_key` names Django's row."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="browser_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(
        max_length=200, blank=True, help_text=gettext_lazy("What the browser says about itself.")
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.browser or 'A browser'} of {self.user_id}"

    @property
    def name(self) -> str:
        """Return the browser and system as people know them, or else what the browser said; it may say anything."""
        browser = next((name for sign, name in BROWSERS if sign in self.browser), "")
        system = next((name for sign, name in SYSTEMS if sign in self.browser), "")
        return (
            _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
            if browser and system
            else self.browser
        )


class AccountDeletion(models.Model):
    """The deletion of an account, from the request to the receipt. It names the person only until it is done."""

    token_hash = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    pseudonym = models.CharField(
        max_length=30, unique=True, help_text=gettext_lazy("What the ledger calls the person from now on.")
    )
    requested_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    receipt = models.JSONField(default=dict, help_text=gettext_lazy("How many objects of each kind were removed."))

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.pseudonym


class PartialUpload(models.Model):
    """A file that its owner uploads in parts. What there is of it so far is on the disk, under this row's id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField(help_text=gettext_lazy("Bytes."))
    received = models.PositiveBigIntegerField(default=0, help_text=gettext_lazy("Bytes that are on the disk."))
    touched_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)


class GroupMapping(models.Model):
    """People whose identity provider lists them in `group` are members of `team`, and nobody else it signs in."""

    provider = models.CharField(
        gettext_lazy("provider"), max_length=200, help_text=gettext_lazy("The id of the identity provider.")
    )
    group = models.CharField(
        gettext_lazy("group"),
        max_length=200,
        help_text=gettext_lazy("The group as the provider names it: a name, a path or an id."),
    )
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, related_name="group_mappings", verbose_name=gettext_lazy("team")
    )

    class Meta:
        ordering = ["provider", "group", "team__name"]
        verbose_name, verbose_name_plural = gettext_lazy("group mapping"), gettext_lazy("group mappings")
        constraints = [
            models.UniqueConstraint(fields=["provider", "group", "team"], name="one_mapping_a_group_and_team")
        ]

    def __str__(self) -> str:
        return f"{self.group} → {self.team}"
