"""Pure: how people sign in, as allauth and LangAI read it; `langai_site.settings` imports all of it."""

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
