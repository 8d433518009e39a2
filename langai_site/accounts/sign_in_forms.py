"""allauth's forms with LangAI's words."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm as FactorForm
from allauth.mfa.base.forms import ReauthenticateForm as FactorAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.utils.translation import gettext as _


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as allauth's own
        super().__init__(*args, **kwargs)
        _reword(
            self,
            {
                "login": _("User name or e-mail address"),
                "password": _("Password"),
                "remember": _("Keep me signed in here"),
            },
        )
        self.fields["password"].help_text = ""


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as above
        super().__init__(*args, **kwargs)
        labels = (_("Present password"), _("New password"), _("New password, once more"))
        _reword(self, dict(zip(("oldpassword", "password1", "password2"), labels, strict=True)))


class ConfirmForm(ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as above
        super().__init__(*args, **kwargs)
        _reword(self, {"password": _("Password")})


class CodeForm(FactorForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as above
        super().__init__(*args, **kwargs)
        _ask_for_code(self)


class CodeAgainForm(FactorAgainForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as above
        super().__init__(*args, **kwargs)
        _ask_for_code(self)


class FirstCodeForm(ActivateTOTPForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as above
        super().__init__(*args, **kwargs)
        _ask_for_code(self)


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as above
        super().__init__(*args, **kwargs)
        _reword(self, {"name": _("Name"), "passwordless": _("It may sign me in without my password")})


def _ask_for_code(form: Any) -> None:  # noqa: ANN401 - a form of allauth
    _reword(form, {"code": _("Code")})
    form.fields["code"].widget.attrs |= {"inputmode": "numeric", "autofocus": True, "autocomplete": "one-time-code"}


def _reword(form: Any, labels: dict[str, str]) -> None:  # noqa: ANN401 - a form of allauth
    """Give fields their labels; a placeholder that repeats the label is taken away."""
    for name, label in labels.items():
        form.fields[name].label = label
        form.fields[name].widget.attrs.pop("placeholder", None)
