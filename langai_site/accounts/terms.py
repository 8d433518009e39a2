"""Terms of use: publishing and accepting them, and who still has to. Synchronous.

Whether a person still has to accept is a column of their account, which every way in reads anyway. Open sockets go on,
so no answer that is being written is cut off; the next page or post leads to the terms.
"""

from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.accounts import second_factor
from langai_site.accounts.due import DueError
from langai_site.accounts.models import TermsAcceptance, TermsOfUse, User
from langai_site.audit.recording import record
from langai_site.errors import ConflictError

DUE = gettext_lazy("The terms of use have changed. Open LangAI in a browser, read them and accept them there.")


class TermsDueError(DueError):
    code, status, link = "terms_due", 403, ("accounts:terms", gettext_lazy("Read the terms of use"))
    page, goes_on = "accounts:terms", True

    def __init__(self) -> None:
        super().__init__(DUE)


def require_accepted(user: User) -> None:
    """Raise TermsDueError if the person has not accepted the terms in force."""
    if user.terms_due:
        raise TermsDueError


def require_nothing_due(user: User) -> None:
    """Raise DueError if the person has to set up a second factor, or accept the terms, before they go on."""
    second_factor.require_set_up(user)
    require_accepted(user)


def in_force() -> TermsOfUse | None:
    return TermsOfUse.objects.filter(withdrawn_at=None).order_by("-pk").first()


@transaction.atomic
def refresh() -> None:
    """Work out again who has to accept the terms in force: after they changed, and every night."""
    terms = in_force()
    if terms is None:
        User.objects.filter(terms_due=True).update(terms_due=False)
        return
    accepted = Q(Exists(TermsAcceptance.objects.filter(user=OuterRef("pk"), terms=terms)))
    User.objects.filter(~accepted, terms_due=False).update(terms_due=True)
    User.objects.filter(accepted, terms_due=True).update(terms_due=False)


@transaction.atomic
def accept(user: User, terms_id: int) -> None:
    """Note that the person accepts a version. Raises ConflictError if another one is in force by now."""
    terms = in_force()
    if terms is None or terms.pk != terms_id:
        raise ConflictError(_("The terms have changed since you opened this page. Read them again."))
    _acceptance, is_new = TermsAcceptance.objects.get_or_create(terms=terms, user=user)
    User.objects.filter(pk=user.pk).update(terms_due=False)
    user.terms_due = False
    if is_new:
        record("terms.accept", "termsofuse", terms.pk, by=user)


@transaction.atomic
def withdraw(terms: TermsOfUse) -> bool:
    """Take a version out of force; the one before it counts again. Return False if it was withdrawn before."""
    if not TermsOfUse.objects.filter(pk=terms.pk, withdrawn_at=None).update(withdrawn_at=timezone.now()):
        return False
    refresh()
    return True


def on_person(instance: User, created: bool, **_signal: Any) -> None:  # noqa: ANN401
    """Have a new person accept the terms in force."""
    if created and not instance.terms_due and in_force() is not None:
        User.objects.filter(pk=instance.pk).update(terms_due=True)
        instance.terms_due = True
