"""Ends sockets and tokens when a person signs out, gets a new password, or is switched off or deleted."""

from functools import partial
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from langai_site.accounts import tokens
from langai_site.accounts.models import User, hashed
from langai_site.accounts.person_groups import group_of
from langai_site.web import broadcast

# Changes of other fields end nothing; signing in writes `last_login` each time.
ENDING_FIELDS = frozenset({"password", "is_active"})


def on_sign_out(request: HttpRequest, user: User | None, **_signal: Any) -> None:  # noqa: ANN401
    """Close the session's sockets, and end the person's tokens."""
    if user is None:
        return
    tokens.sign_out_everywhere(user.pk)
    session = hashed(request.session.session_key or "")
    _tell(user.pk, {"type": "access.signed_out", "session": session})


def on_save(instance: User, created: bool, update_fields: frozenset[str] | None, **_signal: Any) -> None:  # noqa: ANN401
    """Make the person's sockets check whether the person is still signed in."""
    if not created and (update_fields is None or ENDING_FIELDS & update_fields):
        _tell(instance.pk, {"type": "access.changed"})


def on_delete(instance: User, **_signal: Any) -> None:  # noqa: ANN401
    _tell(instance.pk, {"type": "access.changed"})


def _tell(user_id: int, message: dict[str, str]) -> None:
    transaction.on_commit(partial(broadcast.send, group_of(user_id), message), robust=True)
