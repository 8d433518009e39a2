"""Checks whether the person who opened a socket is still signed in, again while it stays open. Synchronous."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TypeVar

from django.contrib.sessions.models import Session
from django.utils import timezone

from langai_site.accounts.models import User, hashed
from langai_site.database.compiled_queries import CompiledQuery

T = TypeVar("T")

# SQLite accepts at most 999 values in one query.
BATCH = 500
_PERSON = CompiledQuery(
    lambda user: (
        User.objects.filter(pk=user, is_active=True, second_factor_due=False).order_by().values_list("password")
    ),
    user=-982451653,
)
_SESSION = CompiledQuery(
    lambda key: Session.objects.filter(session_key=key).order_by().values_list("expire_date"), key="no-such-session"
)


class SignInStanding(Enum):
    """GOOD: still signed in. CLOSED: the account is switched off or deleted, or has to set up a second factor first.

    REPLACED: the password changed.

    GONE: the session does not exist any more. The person signed out, or changed their own password, which gives their
    browser a new session: only the browser's cookie can tell which.
    """

    GOOD = auto()
    CLOSED = auto()
    REPLACED = auto()
    GONE = auto()


@dataclass(frozen=True)
class SocketSignIn:
    """The user and session with which a socket was opened. `proof` changes with the person's password."""

    user_id: int
    session_key: str
    proof: str

    @property
    def session(self) -> str:
        """Return the name of the session in messages: the key itself would let a reader of the message in."""
        return hashed(self.session_key)


class NotSignedInError(Exception):
    """A sign-in that is not valid any more, with its standing."""

    def __init__(self, standing: SignInStanding) -> None:
        super().__init__(standing.name)
        self.standing = standing


def sign_in_of(user: User, session_key: str | None) -> SocketSignIn:
    return SocketSignIn(user.pk, session_key or "", user.get_session_auth_hash())


def require(sign_in: SocketSignIn) -> None:
    """Raise NotSignedInError unless the sign-in is still valid."""
    password = next((password for (password,) in _PERSON.rows(user=sign_in.user_id)), None)
    expires = next((expires for (expires,) in _SESSION.rows(key=sign_in.session_key)), None)
    standing = _standing(sign_in, password, expires)
    if standing is not SignInStanding.GOOD:
        raise NotSignedInError(standing)


def standings(sign_ins: Collection[SocketSignIn]) -> dict[SocketSignIn, SignInStanding]:
    """Return the standing of each of many sign-ins, in two queries for every 500 of them."""
    people = {sign_in.user_id for sign_in in sign_ins}
    keys = {sign_in.session_key for sign_in in sign_ins}
    passwords: dict[int, str] = {}
    for some in _batches(sorted(people)):
        open_ones = User.objects.filter(pk__in=some, is_active=True, second_factor_due=False).order_by()
        passwords |= dict(open_ones.values_list("pk", "password"))
    expiries: dict[str, datetime] = {}
    for some_keys in _batches(sorted(keys)):
        rows = Session.objects.filter(pk__in=some_keys).order_by()
        expiries |= dict(rows.values_list("session_key", "expire_date"))
    return {
        sign_in: _standing(sign_in, passwords.get(sign_in.user_id), expiries.get(sign_in.session_key))
        for sign_in in sign_ins
    }


def _batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + BATCH] for start in range(0, len(values), BATCH))


def _standing(sign_in: SocketSignIn, password: str | None, expires: datetime | None) -> SignInStanding:
    if password is None:
        return SignInStanding.CLOSED
    if expires is None or expires <= timezone.now():
        return SignInStanding.GONE
    return (
        SignInStanding.GOOD
        if User(password=password).get_session_auth_hash() == sign_in.proof
        else SignInStanding.REPLACED
    )
