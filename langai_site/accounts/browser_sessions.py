"""The browsers where a person is signed in: their list, and signing out of one, others or all. Synchronous."""

from collections.abc import Iterable
from functools import partial

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from langai_site.accounts.models import ApiKey, BrowserSession, TokenFamily, User, hashed
from langai_site.accounts.person_groups import group_of
from langai_site.audit.recording import record
from langai_site.errors import NotFoundError
from langai_site.web import broadcast
from langai_site.web.addresses import visitor_address


def on_sign_in(request: HttpRequest, user: User, **_signal: object) -> None:
    """Note the browser of a sign-in. A signal receiver, as the next two."""
    if not request.session.session_key:
        request.session.save()
    forwarded, peer = request.headers.get("X-Forwarded-For", ""), request.META.get("REMOTE_ADDR", "")
    found = {
        "user": user,
        "address": visitor_address(forwarded, peer)[:45],
        "browser": request.headers.get("User-Agent", "").replace("\0", "")[:200],
    }
    BrowserSession.objects.update_or_create(session_key=request.session.session_key, defaults=found)


def on_new_password(request: HttpRequest, user: User, **_signal: object) -> None:
    """Keep the browser where the password was changed, whose session has another key now: all others are signed out."""
    on_sign_in(request, user)
    _end(BrowserSession.objects.filter(user=user).exclude(session_key=request.session.session_key))


def on_sign_out(request: HttpRequest, **_signal: object) -> None:
    BrowserSession.objects.filter(session_key=request.session.session_key or "").delete()


def of(user: User) -> QuerySet[BrowserSession]:
    """Return the person's sessions that have not ended, newest first."""
    live = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    return BrowserSession.objects.filter(Exists(live), user=user)


def end(user: User, pk: int) -> BrowserSession:
    """Sign the person out of one browser, and close its sockets. Raises NotFoundError."""
    row = BrowserSession.objects.filter(user=user, pk=pk).first()
    if row is None:
        raise NotFoundError(_("This sign-in does not exist, or it is not yours."))
    with transaction.atomic():
        _end([row])
        record("session.end", "user", user.pk)
    return row


@transaction.atomic
def end_all(user: User, *, but: str = "", keys: bool = False) -> int:
    """Sign the person out everywhere, except in the session `but`; with `keys`, revoke their API keys as well.

    Tokens of programs end in any case. Return how many browsers were signed out.
    """
    count = sign_out(user, but=but)
    if keys:
        ApiKey.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
    record("session.end_all", "user", user.pk, fields=["API keys"] if keys else ())
    return count


def sign_out(user: User, *, but: str = "") -> int:
    """End the person's sessions except `but`, and all tokens; return how many sessions there were."""
    rows = list(BrowserSession.objects.filter(user=user).exclude(session_key=but))
    _end(rows)
    TokenFamily.objects.filter(user=user).delete()
    return len(rows)


def _end(rows: Iterable[BrowserSession]) -> None:
    rows = list(rows)
    Session.objects.filter(session_key__in=[row.session_key for row in rows]).delete()
    BrowserSession.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for row in rows:
        message = {"type": "access.signed_out", "session": hashed(row.session_key)}
        transaction.on_commit(partial(broadcast.send, group_of(row.user_id), message), robust=True)


def discard_ended() -> None:
    """Delete the rows whose session has ended. A nightly job."""
    live = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    BrowserSession.objects.exclude(Exists(live)).delete()
