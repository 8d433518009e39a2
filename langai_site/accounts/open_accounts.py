"""Checks whether an account is still open, for work that continues after its request was let in. Synchronous."""

from collections.abc import Collection

from langai_site.accounts.models import User
from langai_site.errors import LangAIError


class AccountClosedError(LangAIError):
    code, status = "account_closed", 403

    def __init__(self) -> None:
        super().__init__("This account was switched off, so the answer was stopped. An admin can switch it on again.")


def require_open(user_id: int) -> None:
    """Raise AccountClosedError unless the account exists and is switched on."""
    if closed_among({user_id}):
        raise AccountClosedError


def closed_among(user_ids: Collection[int]) -> set[int]:
    """Return those of the accounts that are switched off or deleted."""
    return set(user_ids) - set(User.objects.filter(pk__in=user_ids, is_active=True).values_list("pk", flat=True))
