from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from langai_site.addresses import visitor_address
from langai_site.errors import TooMany

FAILURES = "There were too many failed attempts to sign in. Wait five minutes, then try again."
FAILURES_SECONDS = 300


class ClosedSignup(DefaultAccountAdapter):
    """Nobody signs up on their own: an admin invites."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ANN401 - as allauth's own
        """Who guesses on is told so as by any other limit. Raises TooMany."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            raise TooMany(FAILURES, retry_after=FAILURES_SECONDS) from error

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the visitor's address. allauth's own raises if X-Forwarded-For makes no sense, which is then a 500."""
        return visitor_address(request.headers.get("X-Forwarded-For", ""), request.META.get("REMOTE_ADDR", ""))
