"""How often somebody may try a password. Synchronous: it counts in the cache.

A failed attempt counts for its address, for the account from that address, and for the account as a whole. The last
slows guessing from many addresses, so it is generous, and no single address can use it up. Both count the login as it
was typed as well, at half the rate: nobody can use up an account's attempts by its name and find by a refusal that an
e-mail address belongs to it. It does not hold on a device
that its person has signed in on before, nor does what others do at the same address: guessing cannot lock anybody out
there. Attempts are counted before the password is looked at, and those that succeed are taken back.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest

from langai_site.accounts import devices, limits
from langai_site.accounts.models import User
from langai_site.errors import TooManyError

# Failed attempts for one account from one address, and on one device that it is known on.
FROM_ADDRESS, ON_DEVICE = "10/10m", "10/5m"
# No name and no address is longer.
LONGEST = 254
WAIT = "There have been too many failed sign-in attempts. Wait {}, then try again."
ELSEWHERE = (
    "There were too many failed attempts to sign in to this account. Sign in on a device that you have used before, "
    "or wait {} and try again. An admin can help you."
)


@dataclass(frozen=True)
class _Limit:
    """At most `rate` failed attempts for what `key` names; `words` tell of more."""

    name: str
    rate: str
    key: str
    words: str = WAIT


@dataclass(frozen=True)
class Attempt:
    """An attempt that was counted. `accounts` are those that it may open, should the password be right."""

    accounts: Sequence[User]
    counted: Sequence[ratelimit.RateLimitUsage]

    def succeeded(self) -> None:
        """Take it back: what succeeds is no guess."""
        for usage in self.counted:
            usage.rollback()


def begin(request: HttpRequest, login: str) -> Attempt:
    """Count an attempt to sign in with a name or an e-mail address. Raises TooManyError, which tells what to do.

    A name may stand for one account and be the e-mail address of another. Where only one of them has attempts left,
    the attempt may open that one alone.
    """
    accounts = accounts_of(login)
    if not settings.RATE_LIMIT_LOGIN:
        return Attempt(accounts, ())
    device, address = devices.device_of(request), limits.visitor(request)
    known = [user for user in accounts if device.knows(user)]
    counting = _Counting(request)
    opened = [user for user in known if counting.allows(_Limit("device", ON_DEVICE, f"{device.id} {user.pk}"))]
    unknown = [user for user in accounts if user not in known]
    # A name and an e-mail address: two logins use up what their account has, and neither can tell of the other.
    typed = _limits(f"typed {_plain(login)}", address, share=2)
    if (unknown or not accounts) and counting.allows(_Limit("address", settings.RATE_LIMIT_LOGIN, address), *typed):
        opened += [user for user in unknown if counting.allows(*_limits(f"account {user.pk}", address))]
        if not accounts:
            # Counted as an account is, so that nobody can tell it from one.
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
    """A part of a rate, in the same time. Rates of accounts are rounded up, so that two halves never come to more."""
    if not rate:
        return ""
    whole = ratelimit.parse_rate(f"{rate}/key")
    half = -(-whole.amount // 2)
    return f"{2 * half // share}/{int(whole.duration)}s"


class _Counting:
    """What one attempt was counted in, and the first refusal."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.counted: list[ratelimit.RateLimitUsage] = []
        self.refusal: TooManyError | None = None

    def allows(self, *some: _Limit) -> bool:
        """Count the attempt in each; one that refuses keeps it from counting in those after it."""
        for limit in some:
            config = {limit.name: limit.rate and f"{limit.rate}/key"}
            usage = ratelimit.consume(self._request, app="langai", action=limit.name, config=config, key=limit.key)
            if usage is None:
                self.refusal = self.refusal or _refusal(limit)
                return False
            self.counted.append(usage)
        return True


def accounts_of(login: str) -> list[User]:
    """The accounts that a name or an e-mail address signs in to, found as signing in finds them."""
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
    return TooManyError(limit.words.format(limits.spoken(seconds)), retry_after=seconds)
