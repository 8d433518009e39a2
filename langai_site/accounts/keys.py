"""API keys: creates and revokes them, and finds their owners. Synchronous."""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from langai_site.accounts import terms
from langai_site.accounts.models import ApiKey, User, hashed
from langai_site.accounts.proofs import Proof
from langai_site.accounts.scopes import Scope
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, InvalidError, LangAIError, NotFoundError

# So that a key is recognised wherever it is found: in a log, in a repository.
PREFIX = "langai_"
SHOWN = len(PREFIX) + 6
LONGEST = timedelta(days=3660)
# The last use is shown to the minute, so it is written no more often.
USED_EVERY = timedelta(minutes=1)


class UnauthorizedError(LangAIError):
    code, status = "unauthorized", 401
    headers = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True)
class Credential:
    """The person behind a request, the scopes they were given, and the proof that they showed."""

    user: User
    scopes: frozenset[str]
    proof: Proof | None = None


def make(*, user: User, name: str, scopes: Collection[str], days: int = 0) -> tuple[ApiKey, str]:
    """Create a key that is valid for `days` (0: until it is revoked); return it with its text, which is not stored.

    Raises InvalidError, and ConflictError if the person has an active key with that name.
    """
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > 100:
        raise InvalidError(_("Give the key a name of 1 to 100 characters that says what uses it."))
    key = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(user=user, name=name, prefix=key[:SHOWN], key_hash=hashed(key), scopes=_known(scopes))
    row.expires_at = _end(days)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            record("key.add", "apikey", row.pk)
    except IntegrityError:
        raise ConflictError(
            _("There is a key named “%(name)s” already. Choose another name, or revoke that one.") % {"name": name}
        ) from None
    return row, key


def _known(scopes: Collection[str]) -> list[str]:
    if unknown := set(scopes) - set(Scope):
        raise InvalidError(
            _("There is no scope “%(name)s”. Choose from %(scopes)s.")
            % {"name": repr(sorted(unknown)[0]), "scopes": ", ".join(Scope)}
        )
    if not scopes:
        raise InvalidError(_("Say what the key is for: one or more of %(scopes)s.") % {"scopes": ", ".join(Scope)})
    return [scope.value for scope in Scope if scope in scopes]


def _end(days: int) -> Any:  # noqa: ANN401 - a moment, or None
    if not 0 <= days <= LONGEST.days:
        raise InvalidError(_("A key is valid for 1 to %(days)s days, or 0 for no end.") % {"days": f"{LONGEST.days:,}"})
    return timezone.now() + timedelta(days=days) if days else None


def revoke(user: User, key_id: int) -> ApiKey:
    """Revoke one of the person's keys immediately. Raises NotFoundError."""
    found = ApiKey.objects.filter(pk=key_id, user=user).first()
    if found is None:
        raise NotFoundError(_("This key does not exist, or it is not yours."))
    revoke_all([found])
    return found


@transaction.atomic
def revoke_all(rows: Iterable[ApiKey]) -> int:
    """Revoke those of the keys that are active; return how many."""
    count = 0
    for row in rows:
        if ApiKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=timezone.now()):
            record("key.revoke", "apikey", row.pk)
            count += 1
    return count


def credential_of(key: str) -> Credential:
    """Return the owner of a key and what it may be used for. Raises UnauthorizedError, which says why.

    Raises DueError while the owner has to set up a second factor or to accept the terms of use.
    """
    row = ApiKey.objects.select_related("user").filter(key_hash=hashed(key)).first()
    if row is None:
        raise UnauthorizedError(_("This API key is not known here. Make one on your account's page."))
    if row.state != "active":
        raise UnauthorizedError(
            _("This API key is %(state)s. Make another on your account's page.") % {"state": row.state_name}
        )
    if not row.user.is_active:
        raise UnauthorizedError(_("The account of this API key is closed. Ask an admin."))
    terms.require_nothing_due(row.user)
    _used(row)
    return Credential(row.user, frozenset(row.scopes), Proof(row.user_id, key=row.pk))


def _used(row: ApiKey) -> None:
    now = timezone.now()
    if row.last_used_at is None or row.last_used_at < now - USED_EVERY:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
