"""The form of an identity provider in admin."""

from typing import Any

from allauth.socialaccount.models import SocialApp
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.accounts import second_factor

SETTINGS = ("server_url", "groups_claim", "sign_up", "link_by_email")
SECRET_MAX = 64


class ProviderForm(forms.ModelForm[SocialApp]):
    """A provider that speaks OpenID Connect. Its secret is written, never shown."""

    provider_id = forms.SlugField(
        label=gettext_lazy("Id"),
        max_length=50,
        help_text=gettext_lazy("Part of the address that the provider sends people back to."),
    )
    server_url = forms.URLField(
        label=gettext_lazy("Address"),
        assume_scheme="https",
        help_text=gettext_lazy(
            "The issuer, such as https://id.example.org/realms/main: its configuration is read below it."
        ),
    )
    client_id = forms.CharField(label=gettext_lazy("Client id"), max_length=191)
    secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=SECRET_MAX,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Leave it empty to keep the one that is stored."),
    )
    groups_claim = forms.CharField(
        label=gettext_lazy("Claim with groups"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Usually “groups”, for Keycloak and Okta."),
    )
    sign_up = forms.BooleanField(
        label=gettext_lazy("Make accounts"),
        required=False,
        help_text=gettext_lazy("Everyone whom the provider lets in gets an account here."),
    )
    link_by_email = forms.BooleanField(
        label=gettext_lazy("Link by e-mail"),
        required=False,
        help_text=gettext_lazy(
            "An address that the provider has confirmed opens the account with that address. People cannot change "
            "their own address then."
        ),
    )

    class Meta:
        model = SocialApp
        fields = ("name", "provider_id", "client_id", "secret")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(*args, **kwargs)
        for name in SETTINGS:
            self.fields[name].initial = self.instance.settings.get(name)
        self.initial["secret"] = ""

    def clean_provider_id(self) -> str:
        name: str = self.cleaned_data["provider_id"]
        if SocialApp.objects.exclude(pk=self.instance.pk).filter(provider_id=name).exists():
            raise forms.ValidationError(_("Another provider has this id. Choose another."))
        return name

    def clean_secret(self) -> str:
        typed: str = self.cleaned_data["secret"]
        if typed:
            return second_factor.SEALED.seal(typed)
        return SocialApp.objects.get(pk=self.instance.pk).secret if self.instance.pk else ""

    def save(self, commit: bool = True) -> SocialApp:
        self.instance.provider = "openid_connect"
        self.instance.settings = {
            **self.instance.settings,
            **{name: self.cleaned_data[name] for name in SETTINGS},
        }
        return super().save(commit)
