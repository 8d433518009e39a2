"""Which acts need a recent proof of who somebody is, and whether there is one."""

import time
from collections.abc import Mapping
from fnmatch import fnmatchcase

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

from langai_site.accounts.models import User

POSTS, ALL = frozenset({"POST"}), frozenset({"GET", "HEAD", "POST"})
# Names of addresses, with the methods that are guarded. What only takes rights away is not: it must be quick.
GUARDED: Mapping[str, frozenset[str]] = {
    "accounts:keys": POSTS,
    "accounts:delete": ALL,
    # What gives rights: accounts, their passwords, teams, permission groups and invitations.
    "admin:accounts_user_*": POSTS,
    "admin:accounts_team_*": POSTS,
    "admin:accounts_invitation_*": POSTS,
    "admin:accounts_groupmapping_*": POSTS,
    "admin:auth_group_*": POSTS,
    "admin:auth_user_password_change": POSTS,
    "admin:socialaccount_socialapp_*": POSTS,
    # Where texts go to.
    "admin:outbound_connection_*": POSTS,
    # What leaves as a file: everything that one person, or everybody, has here.
    "chat:export-all": POSTS,
    "usage:everybody-*": ALL,
    "admin:audit_auditevent_export": ALL,
    "admin:audit_auditevent_month": ALL,
}


def is_guarded(request: HttpRequest) -> bool:
    """Return whether this request needs a recent proof of who sends it."""
    match = request.resolver_match
    name = match.view_name if match else ""
    return any(request.method in methods and fnmatchcase(name, pattern) for pattern, methods in GUARDED.items())


def is_recent(request: HttpRequest, user: User) -> bool:
    """Return whether the person signed in, or proved who they are, within the last REAUTHENTICATE_AFTER minutes."""
    minutes = settings.REAUTHENTICATE_AFTER
    times = [record["at"] for record in get_authentication_records(request, user)]
    return not minutes or (bool(times) and time.time() - max(times) < minutes * 60)
