"""The one gate to reports: everybody reads what is their own, and admins everybody's figures; nobody others' texts."""

from langai_site.accounts.models import User
from langai_site.errors import LangAIError

PERMISSION = "usage.view_usageentry"


class NotYoursError(LangAIError):
    code, status = "forbidden", 403


def reads_everybody(user: User) -> bool:
    """Whether this person may read what all others used."""
    return user.has_perm(PERMISSION)


def whose(user: User, *, everybody: bool = False) -> int | None:
    """For `Query.user_id`: whose entries are read, None for everybody's. Raises NotYoursError."""
    if everybody and not reads_everybody(user):
        raise NotYoursError("Only admins may see what everybody used. Your own is under “Usage”.")
    return None if everybody else user.pk
