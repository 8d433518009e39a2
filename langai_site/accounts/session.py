"""Who is signed in, read in the same hop as the work that needs it."""

from django.contrib.auth import get_user
from django.http import HttpRequest

from langai_site.accounts.models import User
from langai_site.errors import LangAIError


class SignedOut(LangAIError):
    code, status = "signed_out", 401


def signed_in(request: HttpRequest) -> User:
    """The request's person, kept as `request.user`. Synchronous: it reads the database. Raises SignedOut."""
    user = get_user(request)
    if not isinstance(user, User):
        raise SignedOut("You are signed out. Sign in again; what you wrote stays here.")
    request.user = user
    return user
