"""Invitations: a link that creates one account, once."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from langai_site.accounts import rights
from langai_site.accounts.models import Invitation, User, hashed
from langai_site.audit.recording import record
from langai_site.errors import LangAIError


class InvitationError(LangAIError):
    code, status = "invitation_unusable", 410


def usable_invitation(token: str) -> Invitation:
    """Return the invitation that `token` opens; raise InvitationError, which says why, if it opens none."""
    invitation = Invitation.objects.filter(token_hash=hashed(token)).first()
    if invitation is None:
        raise InvitationError(_("This invitation link is not valid. Ask your admin for a new one."), status=404)
    if invitation.used_at:
        raise InvitationError(_("This invitation link was used before. Sign in with the account it made."))
    if invitation.expires_at <= timezone.now():
        raise InvitationError(_("This invitation link has expired. Ask your admin for a new one."))
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, user: User) -> User:
    """Save the new `user`, in the invitation's teams. Of two people who use one link at once, one gets an account.

    Teams to which the sender of the invitation may no longer add people are left out.
    """
    now = timezone.now()
    unused = Invitation.objects.filter(token_hash=hashed(token), used_at=None, expires_at__gt=now)
    if not unused.update(used_at=now):
        usable_invitation(token)
        raise InvitationError(_("This invitation link is not valid. Ask your admin for a new one."))
    invitation = Invitation.objects.get(token_hash=hashed(token))
    invited_to = list(invitation.teams.all())
    closed = rights.closed_teams(invitation.invited_by, invited_to)
    teams = [team for team in invited_to if team not in closed]
    user.billing_team = teams[0] if teams else None
    user.save()
    user.teams.set(teams)
    Invitation.objects.filter(pk=invitation.pk).update(used_by=user)
    record("invitation.accept", "invitation", invitation.pk, by=user)
    return user
