"""Checks who may read which reports: people read their own, admins everybody's figures; nobody reads others' texts."""

from django.utils.translation import gettext as _

from langai_site.accounts.models import User
from langai_site.errors import LangAIError

PERMISSION = "usage.view_usageentry"


class NotYoursError(LangAIError):
    code, status = "forbidden", 403


def reads_everybody(user: User) -> bool:
    """Return whether this person may read what everybody else used."""
    return user.has_perm(PERMISSION)


def whose(user: User, *, everybody: bool = False) -> int | None:
    """Return whose entries to read, as `Query.user_id`: None for everybody's. Raises NotYoursError."""
    if everybody and not reads_everybody(user):
        raise NotYoursError(_("Only admins may see what everybody used. Your own is under “Usage”."))
    return None if everybody else user.pk
