"""Limits how often a password may be tried. Synchronous: it counts in the cache.

A failed attempt counts for its address, for the account from that address, and for the account as a whole. The last
slows guessing from many addresses, so it is generous, and no single address can use it up. The last two also count the
login as it was typed, at half the rate: nobody can use up an account's attempts by its name and conclude from a refusal
that an e-mail address belongs to it. On a device where the person has signed in before, the limits of the account and
of the address do not apply: guessing cannot lock anybody out there. Attempts are counted before the password is
checked, and successful ones are taken back.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from langai_site.accounts import devices, limits
from langai_site.accounts.models import User
from langai_site.errors import TooManyError

# Failed attempts for one account from one address, and on one device where it has signed in before.
FROM_ADDRESS, ON_DEVICE = "10/10m", "10/5m"
# No name and no address is longer.
LONGEST = 254
WAIT = gettext_lazy("There have been too many failed sign-in attempts. Wait {}, then try again.")
ELSEWHERE = gettext_lazy(
    "There were too many failed attempts to sign in to this account. Sign in on a device that you have used before, "
    "or wait {} and try again. An admin can help you."
)


@dataclass(frozen=True)
class _Limit:
    """At most `rate` failed attempts for `key`; `words` are the message when there are more."""

    name: str
    rate: str
    key: str
    words: str | Promise = WAIT


@dataclass(frozen=True)
class Attempt:
    """An attempt that was counted. `accounts` are those that it may open if the password is right."""

    accounts: Sequence[User]
    counted: Sequence[ratelimit.RateLimitUsage]

    def succeeded(self) -> None:
        """Take the attempt back: a successful one is not a guess."""
        for usage in self.counted:
            usage.rollback()


def begin(request: HttpRequest, login: str) -> Attempt:
    """Count an attempt to sign in with a name or an e-mail address. Raises TooManyError, which says what to do.

    A login may be the name of one account and the e-mail address of another. If only one of them has attempts left,
    the attempt may open only that one.
    """
    accounts = accounts_of(login)
    if not settings.RATE_LIMIT_LOGIN:
        return Attempt(accounts, ())
    device, address = devices.device_of(request), limits.visitor(request)
    known = [user for user in accounts if device.knows(user)]
    counting = _Counting(request)
    opened = [user for user in known if counting.allows(_Limit("device", ON_DEVICE, f"{device.id} {user.pk}"))]
    unknown = [user for user in accounts if user not in known]
    # A name and an e-mail address are two logins for the same account's attempts; neither must reveal the other.
    typed = _limits(f"typed {_plain(login)}", address, share=2)
    if (unknown or not accounts) and counting.allows(_Limit("address", settings.RATE_LIMIT_LOGIN, address), *typed):
        opened += [user for user in unknown if counting.allows(*_limits(f"account {user.pk}", address))]
        if not accounts:
            # Counted like an account, so that nobody can tell the two apart.
            counting.allows(*_limits(f"name {_plain(login)}", address))
    if counting.refusal and not opened:
        raise counting.refusal
    return Attempt(opened, counting.counted)


def _limits(subject: str, address: str, share: int = 1) -> tuple[_Limit, _Limit]:
    return (
        _Limit("pair", _shared(FROM_ADDRESS, share), f"{subject} {address}"),
        _Limit("account", _shared(settings.RATE_LIMIT_LOGIN_ACCOUNT, share), subject, ELSEWHERE),
    )


def _shared(rate: str, share: int) -> str:
    """Return a part of a rate for the same period.

    Rates of accounts are rounded up, so two halves never exceed them.
    """
    if not rate:
        return ""
    whole = ratelimit.parse_rate(f"{rate}/key")
    half = -(-whole.amount // 2)
    return f"{2 * half // share}/{int(whole.duration)}s"


class _Counting:
    """The limits in which one attempt was counted, and the first refusal."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.counted: list[ratelimit.RateLimitUsage] = []
        self.refusal: TooManyError | None = None

    def allows(self, *some: _Limit) -> bool:
        """Count the attempt in each limit; after one that refuses, it is not counted in the others."""
        for limit in some:
            config = {limit.name: limit.rate and f"{limit.rate}/key"}
            usage = ratelimit.consume(self._request, app="langai", action=limit.name, config=config, key=limit.key)
            if usage is None:
                self.refusal = self.refusal or _refusal(limit)
                return False
            self.counted.append(usage)
        return True


def accounts_of(login: str) -> list[User]:
    """Return the accounts that a name or an e-mail address signs in to, by the same rules as signing in."""
    login = login[:LONGEST]
    named = get_user_by_username(login)
    found = {user.pk: user for user in filter_users_by_email(login, for_login=True)}
    if isinstance(named, User):
        found[named.pk] = named
    return [found[pk] for pk in sorted(found)]


def _plain(login: str) -> str:
    return unicodedata.normalize("NFKC", login[:LONGEST]).casefold().strip()


def _refusal(limit: _Limit) -> TooManyError:
    (rate,) = ratelimit.parse_rates(f"{limit.rate}/key")
    seconds = int(rate.duration)
    return TooManyError(str(limit.words).format(limits.spoken(seconds)), retry_after=seconds)
