"""Signing in through an identity provider: who gets an account, which one it is, and which teams follow. Synchronous.

An address that the provider has not confirmed links nothing and is not kept. One that it has confirmed links an
account only where the operator says so, because LangAI's own addresses are not confirmed either.
"""

import logging
from functools import partial
from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from langai_site.accounts import second_factor
from langai_site.accounts.models import GroupMapping, Team, User
from langai_site.audit.recording import record
from langai_site.errors import LangAIError
from langai_site.sealed_texts import UnreadableKeyError
from langai_site.web.error_middleware import error_response

logger = logging.getLogger(__name__)

SECONDS = 10


class NotLinkedError(LangAIError):
    code, status, link = "not_linked", 403, ("account_login", gettext_lazy("Sign in another way"))


class ProviderAwayError(LangAIError):
    code, status, link = "provider_away", 502, ("account_login", gettext_lazy("Sign in another way"))


AWAY = gettext_lazy("The identity provider does not answer. Try again in a moment; if it happens again, tell an admin.")
NO_ACCOUNT = gettext_lazy(
    "Your identity provider knows you, but there is no account for you here. Ask an admin for an invitation."
)
SAME_ADDRESS = gettext_lazy(
    "An account here has your e-mail address already. Sign in to it with its password, then connect the two under "
    "Your account."
)


def _unsealed(app: SocialApp) -> bool:
    """Return whether the provider's secret can be read, and decrypt it there."""
    try:
        app.secret = second_factor.SEALED.unseal(app.secret) if app.pk else app.secret
    except UnreadableKeyError:
        logger.error("the secret of “%s” cannot be read: type it again under Identity providers", app.name)
        return False
    return True


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's sign-in through a provider with LangAI's rules."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> Any:  # noqa: ANN401
        """Return the providers whose secret can be read: of the settings, and of admin, where it is encrypted."""
        return list(filter(_unsealed, super().list_apps(request, provider=provider, client_id=client_id)))

    def get_requests_session(self) -> requests.Session:
        """Return a session whose failures become a page, not an error of the server."""
        session: requests.Session = super().get_requests_session()
        session.get = partial(_got, session)  # type: ignore[method-assign]
        return session

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Link an account by a confirmed address, or refuse with a sentence that says what to do."""
        user = sociallogin.user
        confirmed = [address.email for address in sociallogin.email_addresses if address.verified is True]
        if sociallogin.is_existing or sociallogin.state.get("process") == "connect":
            return
        known = list(User.objects.filter(email__iexact=confirmed[0]).order_by("pk")[:2]) if confirmed else []
        if not confirmed:
            user.email, sociallogin.email_addresses = "", []
        if len(known) == 1 and _settings_of(sociallogin).get("link_by_email") and known[0].is_active:
            with transaction.atomic():
                sociallogin.connect(request, known[0])
        elif known:
            raise ImmediateHttpResponse(error_response(request, NotLinkedError(SAME_ADDRESS)))
        elif not self.is_open_for_signup(request, sociallogin):
            raise ImmediateHttpResponse(error_response(request, NotLinkedError(NO_ACCOUNT)))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return bool(_settings_of(sociallogin).get("sign_up"))


def _got(session: requests.Session, url: str, **options: Any) -> requests.Response:  # noqa: ANN401 - as requests' own
    try:
        response = session.request("GET", url, **{"timeout": SECONDS, **options})
        response.raise_for_status()
    except requests.RequestException as error:
        logger.warning("an identity provider failed: %s", type(error).__name__)
        raise ProviderAwayError(AWAY) from error
    return response


def _settings_of(sociallogin: SocialLogin) -> dict[str, Any]:
    found: dict[str, Any] = sociallogin.account.get_provider().app.settings
    return found


def claimed_groups(claims: dict[str, Any], name: str) -> frozenset[str] | None:
    """Return the groups that a provider named; None if it named none at all, which is not the same as no groups."""
    for source in (claims.get("userinfo"), claims.get("id_token")):
        if isinstance(source, dict) and name in source:
            found = source[name]
            if isinstance(found, str):
                return frozenset({found})
            return frozenset(map(str, found)) if isinstance(found, list) else None
    return None


def on_sign_in(user: User, sociallogin: SocialLogin | None = None, **_signal: object) -> None:
    """Bring the person's teams in line with their groups. A receiver of allauth's signal, as the next one."""
    if sociallogin is None:
        return
    app = sociallogin.account.get_provider().app
    groups = claimed_groups(sociallogin.account.extra_data, app.settings.get("groups_claim") or "groups")
    if groups is not None:
        follow(user, app.provider_id, groups)


def on_link(request: HttpRequest, sociallogin: SocialLogin, **_signal: object) -> None:
    record("user.link", "user", sociallogin.user.pk, by=sociallogin.user)


@transaction.atomic
def follow(user: User, provider: str, groups: frozenset[str]) -> bool:
    """Add the person to the teams of their groups, and take them out of the others that this provider fills.

    Teams without a group of the provider stay as they are. Return whether anything changed.
    """
    wanted, filled = teams_of(provider, groups)
    present = set(user.teams.all())
    joined, left = wanted - present, (present & filled) - wanted
    if not joined and not left:
        return False
    user.teams.add(*joined)
    user.teams.remove(*left)
    if user.billing_team in left or (user.billing_team is None and joined):
        user.billing_team = min(wanted, key=lambda team: team.name, default=None)
        user.save(update_fields=["billing_team"])
    record("user.teams", "user", user.pk, fields=[f"team {team.pk}" for team in joined | left], by=user)
    return True


def teams_of(provider: str, groups: frozenset[str]) -> tuple[set[Team], set[Team]]:
    """Return the teams that these groups lead to, and all teams that the provider fills."""
    mappings = GroupMapping.objects.filter(provider=provider).select_related("team")
    filled = {mapping.team for mapping in mappings}
    return {mapping.team for mapping in mappings if mapping.group in groups}, filled


def preview(account: SocialAccount) -> dict[str, Any]:
    """Return what the last sign-in of this account said of groups, and the teams that follow from it."""
    app = account.get_provider().app
    name = app.settings.get("groups_claim") or "groups"
    groups = claimed_groups(account.extra_data, name)
    wanted, filled = teams_of(app.provider_id, groups or frozenset())
    return {
        "name": app.name,
        "provider": app.provider_id,
        "claim": name,
        "groups": None if groups is None else sorted(groups),
        "teams": sorted(team.name for team in wanted),
        "filled": sorted(team.name for team in filled),
    }


def addresses_are_fixed() -> bool:
    """Return whether people may not change their own e-mail address, because it can link their account."""
    return bool(settings.OIDC_LINK_BY_EMAIL) or SocialApp.objects.filter(settings__link_by_email=True).exists()
