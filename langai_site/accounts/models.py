import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

INVITATION_LIFETIME = timedelta(days=7)


class Team(models.Model):
    """People who share collections, a budget and a bill."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    teams = models.ManyToManyField(Team, blank=True, related_name="members")
    billing_team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="billed_members",
        help_text="The team that this person's use is charged to.",
    )

    def __str__(self) -> str:
        return self.get_full_name() or self.username


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Invitation(models.Model):
    """A one-time link to make an account; only the token's hash is kept."""

    email = models.EmailField(blank=True, help_text="For your own record; the link is not mailed.")
    teams = models.ManyToManyField(Team, blank=True, help_text="Teams that the new teammate joins.")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(editable=False)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="invitations_used", editable=False
    )

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.email or f"Invitation of {self.created_at:%d %B %Y}"

    def renew_token(self) -> str:
        """Give the invitation a new token and lifetime, and return the token: it is not stored."""
        token = secrets.token_urlsafe(32)
        self.token_hash = hashed(token)
        self.expires_at = timezone.now() + INVITATION_LIFETIME
        return token
