"""Pure: how people sign in, as allauth and LangAI read it; `langai_site.settings` imports all of it."""

from typing import Any

from django.conf import global_settings

# The last one reads the passwords of people who moved in from another program.
PASSWORD_HASHERS = [*global_settings.PASSWORD_HASHERS, "langai_site.accounts.hashers.MovedBcryptHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "chat:new"
# Also for the admin: that page makes sure that browsers keep no drafts.
LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_ADAPTER = "langai_site.accounts.adapter.ClosedSignup"
ACCOUNT_FORMS = {
    "login": "langai_site.accounts.sign_in_forms.SignInForm",
    "change_password": "langai_site.accounts.sign_in_forms.NewPasswordForm",
    "reauthenticate": "langai_site.accounts.sign_in_forms.ConfirmForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# langai_site/accounts/attempts.py counts passwords. What is counted here is the codes of a second factor.
ACCOUNT_RATE_LIMITS = {"login": "", "login_failed": "10/10m/key"}

SOCIALACCOUNT_ADAPTER = "langai_site.accounts.providers.ProviderAdapter"
# The policy of pages lets no form lead to another site, so signing in through a provider is a link.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
# LangAI links accounts itself, and only by addresses that the provider has confirmed.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False

MFA_ADAPTER = "langai_site.accounts.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "LangAI"
# A phone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# LangAI confirms no addresses: an admin's invitation says whose account it is.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "langai_site.accounts.sign_in_forms.CodeForm",
    "reauthenticate": "langai_site.accounts.sign_in_forms.CodeAgainForm",
    "activate_totp": "langai_site.accounts.sign_in_forms.FirstCodeForm",
    "add_webauthn": "langai_site.accounts.sign_in_forms.PasskeyForm",
}


def providers_of(
    server: str, client: str, secret: str, name: str, claim: str, sign_up: bool, link: bool
) -> dict[str, Any]:
    """Return the identity provider of the environment, as allauth reads it; none without an address."""
    if not server:
        return {}
    options = {"server_url": server, "groups_claim": claim, "sign_up": sign_up, "link_by_email": link}
    app = {"provider_id": "oidc", "name": name, "client_id": client, "secret": secret, "settings": options}
    return {"openid_connect": {"APPS": [app]}}
