"""The second factor: who must have one, what people without it reach, and how its secrets are stored. Synchronous.

Whether a person still has to set one up is a column of their account, which every way in reads anyway: a request, a
key, a token and a socket cost no further query. `refresh` keeps it right when a team, a membership or a factor changes.
"""

from collections.abc import Collection, Iterable
from functools import partial
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialApp
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.accounts import browser_sessions
from langai_site.accounts.due import DueError
from langai_site.accounts.models import Team, User
from langai_site.accounts.person_groups import group_of
from langai_site.audit.recording import record
from langai_site.errors import LangAIError
from langai_site.sealed_texts import SealedTexts, UnreadableKeyError
from langai_site.web import broadcast

# The secrets of factors and of identity providers, as the database stores them.
SEALED = SealedTexts("langai.second-factor")
# The fields of a factor that are encrypted, by its type.
SECRETS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}
UNREADABLE = gettext_lazy(
    "Your second factor cannot be read any more, because LangAI's SECRET_KEY has changed. Sign in with a passkey, or "
    "ask an admin to reset your second factor."
)
DUE = gettext_lazy(
    "Your team requires a second factor, and your account has none yet. Sign in on the page and set one up."
)


class SecondFactorDueError(DueError):
    code, status, link = "second_factor_due", 403, ("mfa_index", gettext_lazy("Set up a second factor"))
    page = "mfa_index"

    def __init__(self) -> None:
        super().__init__(DUE)


def require_set_up(user: User) -> None:
    """Raise SecondFactorDueError if a team of the person requires a second factor that they do not have."""
    if user.second_factor_due:
        raise SecondFactorDueError


def teams_requiring(user: User) -> list[str]:
    """Return the names of the person's teams that require a second factor."""
    return list(Team.objects.filter(members=user, second_factor_required=True).values_list("name", flat=True))


def refresh(people: Collection[int] | None = None) -> None:
    """Work out again who still has to set up a second factor, among all people or these; tell their sockets."""
    required = Team.members.through.objects.filter(user=OuterRef("pk"), team__second_factor_required=True)
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=(TOTP, WEBAUTHN))
    due = Q(Exists(required)) & ~Q(Exists(factors))
    users = User.objects.all() if people is None else User.objects.filter(pk__in=people)
    with transaction.atomic():
        begun = list(users.filter(due, second_factor_due=False).values_list("pk", flat=True))
        User.objects.filter(pk__in=begun).update(second_factor_due=True)
        users.filter(~due, second_factor_due=True).update(second_factor_due=False)
    for pk in begun:
        transaction.on_commit(partial(broadcast.send, group_of(pk), {"type": "access.changed"}), robust=True)


@transaction.atomic
def reset(user: User) -> None:
    """Remove all factors of a person who lost theirs, and sign them out everywhere."""
    Authenticator.objects.filter(user=user).delete()
    browser_sessions.sign_out(user)
    record("factor.reset", "user", user.pk)


def rotate() -> tuple[int, int]:
    """Encrypt all secrets again under SECRET_KEY; return how many could be, and how many cannot be read."""
    done = failed = 0
    for factor in Authenticator.objects.filter(type__in=SECRETS):
        field = SECRETS[Authenticator.Type(factor.type)]
        try:
            factor.data[field] = SEALED.rotate(factor.data[field])
        except (UnreadableKeyError, KeyError):
            failed += 1
        else:
            factor.save(update_fields=["data"])
            done += 1
    for app in SocialApp.objects.exclude(secret=""):
        try:
            app.secret = SEALED.rotate(app.secret)
        except UnreadableKeyError:
            failed += 1
        else:
            app.save(update_fields=["secret"])
            done += 1
    return done, failed


def on_team(instance: Team, update_fields: Iterable[str] | None = None, **_signal: Any) -> None:  # noqa: ANN401
    """Follow a change of a team. A signal receiver, as the next two."""
    refresh(list(instance.members.values_list("pk", flat=True)))


def on_membership(
    action: str,
    instance: Team | User,
    reverse: bool,
    pk_set: set[int] | None,
    **_signal: Any,  # noqa: ANN401
) -> None:
    if action.startswith("post_"):
        # None: all were removed, and Django does not say whom.
        refresh(pk_set if reverse else [instance.pk])


def on_factor(instance: Authenticator, **_signal: Any) -> None:  # noqa: ANN401
    refresh([instance.user_id])


TOTP, WEBAUTHN = Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's second factor with LangAI's words and rules; its secrets are encrypted in the database."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This code is not right, or is over. Enter the newest one."),
        "cannot_delete_authenticator": gettext_lazy(
            "Your team requires a second factor. Set up another before you remove this one."
        ),
        "cannot_generate_recovery_codes": gettext_lazy(
            "Set up an app or a passkey first; recovery codes only replace it when you do not have it with you."
        ),
    }

    def encrypt(self, text: str) -> str:
        return SEALED.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret. Raises LangAIError if SECRET_KEY has changed since it was stored."""
        try:
            return SEALED.unseal(encrypted_text)
        except UnreadableKeyError:
            raise LangAIError(UNREADABLE, code="unreadable_factor", status=409) from None

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Return whether the person still has what their teams require without this factor."""
        others = Authenticator.objects.filter(user=authenticator.user_id, type__in=(TOTP, WEBAUTHN))
        return others.exclude(pk=authenticator.pk).exists() or not teams_requiring(authenticator.user)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        count = Authenticator.objects.filter(user=user, type=type).count()
        return _("Passkey %(number)d") % {"number": count + 1} if count else _("My passkey")
