import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core import context as allauth_context
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy

from langai_site.accounts import attempts, reauthentication
from langai_site.audit.recording import record
from langai_site.web.addresses import visitor_address

_WRONG = gettext_lazy("The name or the password is wrong. Check both and try again.")
# Instead of allauth's own words.
WORDS = {
    "username_password_mismatch": _WRONG,
    "email_password_mismatch": _WRONG,
    "invalid_login": _WRONG,
    "account_inactive": gettext_lazy("This account is switched off. An admin can switch it on again."),
    "incorrect_password": gettext_lazy("This is not your password. Try again."),
    "enter_current_password": gettext_lazy("This is not your present password. Try again."),
    "too_many_login_attempts": gettext_lazy("There were too many attempts to sign in. Wait a while, then try again."),
    "email_taken": gettext_lazy("Another account uses this address."),
    "rate_limited": gettext_lazy("You are doing this too often. Wait a while, then try again."),
}


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody can sign up without an admin's invitation, and nobody learns whether an account is switched off."""

    error_messages = {**DefaultAccountAdapter.error_messages, **WORDS}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Return whether the person has to prove who they are before they change how they sign in."""
        request = allauth_context.request
        return not reauthentication.is_recent(request, request.user)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the visitor's address.

        If X-Forwarded-For is malformed, allauth's own method raises, which becomes a 500.
        """
        return visitor_address(request.headers.get("X-Forwarded-For", ""), request.META.get("REMOTE_ADDR", ""))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:  # noqa: ANN401
        """Return the person if the password is right and the account is open. Raises TooManyError.

        For a switched-off account, a random password is compared instead, which takes as long: neither the answer nor
        its time shows whether the password was right.
        """
        login = (credentials.get("username") or credentials.get("email") or "")[: attempts.LONGEST]
        attempt = attempts.begin(request, login)
        password = credentials.get("password")
        if attempt.accounts and not any(user.is_active for user in attempt.accounts):
            password = secrets.token_urlsafe()
        user = authenticate(request, username=login, password=password)
        # allauth put it there for its page about switched-off accounts.
        AuthenticationBackend.unstash_authenticated_user()
        if user not in attempt.accounts:
            # The login may be a password that was typed into the wrong field, so only the account is named.
            record("sign_in.failed", "user", attempt.accounts[0].pk if attempt.accounts else "")
            return None
        attempt.succeeded()
        return user

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Handle an account switched off after the password check as if it had been switched off before."""
        return redirect("account_login")
