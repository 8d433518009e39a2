"""What the admin's home says about people: the invitations that nobody has used yet."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from langai_site import registry
from langai_site.accounts.models import Invitation, User
from langai_site.registry import FirstStep, OverviewLine


def register() -> None:
    registry.overview("accounts", lines)
    registry.first_step(
        "people",
        FirstStep(
            gettext_lazy("Invite people"),
            gettext_lazy("An invitation is a link with which a teammate makes an account. It can lead into teams."),
            gettext_lazy("Somebody is invited."),
            gettext_lazy("Invite somebody"),
            "admin:accounts_invitation_add",
            "accounts.add_invitation",
            has_company,
        ),
    )


def has_company() -> bool:
    """Return whether somebody was invited, or more than one account is open."""
    return Invitation.objects.exists() or User.objects.filter(is_active=True).count() > 1


def lines(person: User) -> Sequence[OverviewLine]:
    """Return how many accounts are open and how many invitations wait, for people who may see invitations."""
    if not person.has_perm("accounts.view_invitation"):
        return ()
    people = User.objects.filter(is_active=True).count()
    waiting = Invitation.objects.filter(used_at=None, expires_at__gt=timezone.now()).count()
    words = ngettext("%(count)s account", "%(count)s accounts", people) % {"count": f"{people:,}"}
    if not waiting:
        return [
            OverviewLine(_("People"), "ok", f"{words}.", reverse("admin:accounts_user_changelist"), _("All people"))
        ]
    invited = ngettext("%(count)s invitation is open", "%(count)s invitations are open", waiting)
    address = reverse("admin:accounts_invitation_changelist")
    sentence = f"{words}; {invited % {'count': f'{waiting:,}'}}."
    return [OverviewLine(_("People"), "ok", sentence, address, _("Invitations"))]
