"""Signals of signing in and of second factors, as events."""

from allauth.mfa.models import Authenticator

from langai_site.accounts.models import User
from langai_site.audit.recording import record


def on_sign_in(user: User, **_signal: object) -> None:
    record("sign_in", "user", user.pk, by=user)


def on_sign_out(user: User | None, **_signal: object) -> None:
    if user is not None:
        record("sign_out", "user", user.pk, by=user)


def on_password(user: User, **_signal: object) -> None:
    record("password.change", "user", user.pk, by=user)


def on_factor_added(user: User, authenticator: Authenticator, **_signal: object) -> None:
    """Record a new factor; its recovery codes come with it and have no event."""
    if authenticator.type != "recovery_codes":
        record("factor.add", "user", user.pk, fields=[authenticator.type], by=user)


def on_factor_removed(user: User, authenticator: Authenticator, **_signal: object) -> None:
    if authenticator.type != "recovery_codes":
        record("factor.remove", "user", user.pk, fields=[authenticator.type], by=user)


def on_codes(user: User, **_signal: object) -> None:
    record("factor.codes", "user", user.pk, by=user)


def on_wrong_code(user: User, **_signal: object) -> None:
    record("factor.failed", "user", user.pk)
