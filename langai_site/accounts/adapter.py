import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from langai_site.accounts import attempts
from langai_site.web.addresses import visitor_address


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up on their own: an admin invites. And nobody learns whether an account is switched off."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the visitor's address. allauth's own raises if X-Forwarded-For makes no sense, which is then a 500."""
        return visitor_address(request.headers.get("X-Forwarded-For", ""), request.META.get("REMOTE_ADDR", ""))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:  # noqa: ANN401
        """The person, if the password is theirs and their account is open. Raises TooManyError.

        The password of an account that is switched off is not compared, but one that nobody knows, which takes as
        long: whether it was right shows neither in the answer nor in its time.
        """
        login = (credentials.get("username") or credentials.get("email") or "")[: attempts.LONGEST]
        attempt = attempts.begin(request, login)
        password = credentials.get("password")
        if attempt.accounts and not any(user.is_active for user in attempt.accounts):
            password = secrets.token_urlsafe()
        user = authenticate(request, username=login, password=password)
        # Left there by allauth for its page on accounts that are switched off.
        AuthenticationBackend.unstash_authenticated_user()
        if user not in attempt.accounts:
            return None
        attempt.succeeded()
        return user

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Switched off between the password and this: as if it had been before."""
        return redirect("account_login")
