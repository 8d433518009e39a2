import re
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.outbound import lane_requests, litellm_prices, price_list
from langai_site.outbound.connections import addresses, sealing
from langai_site.outbound.connections.kinds import EMBEDDING, FACTS, RESERVED, Kind
from langai_site.outbound.connections.problems import Problem
from langai_site.outbound.models import Connection
from langai_site.web.seen_values import SeenValuesForm

KEY = re.compile(r"[\x21-\x7e]{1,4000}")
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*_API_KEY")
NEEDS_ADDRESS = (Kind.COMPATIBLE, Kind.OLLAMA, Kind.AZURE)
OWN_FORMATS = frozenset(lane_requests.FORMATS)


class ConnectionForm(SeenValuesForm[Connection]):
    """A connection's page. The key can be entered but is never shown.

    The admin sets `problem`, the server's error, before the form is saved, and `may_name_variables`.
    """

    GUARDED = ("enabled", "embedder", "embedder_ceiling")

    problem: Problem | None = None
    may_name_variables = False

    key = forms.CharField(
        label=gettext_lazy("Key"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"}),
    )
    forget_key = forms.BooleanField(label=gettext_lazy("Delete the stored key"), required=False)
    save_anyway = forms.BooleanField(
        label=gettext_lazy("Save anyway"),
        required=False,
        help_text=gettext_lazy("You can then add its models by name, under Models."),
    )

    class Meta:
        model = Connection
        fields = (
            *("name", "slug", "kind", "provider", "address", "key_variable", "extra_headers", "enabled"),
            *("embedder", "embedder_ceiling"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        # It has a default, and means nothing without an embedder. A page that only shows the connection has no fields.
        if "embedder_ceiling" in self.fields:
            self.fields["embedder_ceiling"].required = False
        # Keep the old values: the form writes what was typed into the instance.
        self.sealed_before = self.instance.sealed_key
        self.server_before = _server(self.instance.kind, self.instance.provider, self.instance.address)
        if self.instance.sealed_key:
            self.fields["key"].help_text = _("Set; leave empty to keep it.")
        else:
            self.fields["key"].help_text = _("Stored encrypted and never shown again.")

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug.casefold() in RESERVED:
            raise forms.ValidationError(
                _("“%(slug)s” is taken by the settings of the environment. Choose another prefix.") % {"slug": slug}
            )
        return slug

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        try:
            return addresses.checked(address) if address else ""
        except addresses.AddressError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_embedder(self) -> str:
        return str(self.cleaned_data["embedder"]).strip()

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if key and not KEY.fullmatch(key):
            raise forms.ValidationError(_("A key cannot contain spaces or special characters. Copy it again."))
        return key

    def clean_key_variable(self) -> str:
        name: str = self.cleaned_data["key_variable"].strip()
        if name and (not VARIABLE.fullmatch(name) or hasattr(settings, name)):
            raise forms.ValidationError(_("Name a variable that ends in _API_KEY and is not a setting of LangAI."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = cleaned.get("kind", "")
        cleaned["provider"] = self._provider(kind, cleaned.get("provider", "").strip())
        if kind in NEEDS_ADDRESS and not cleaned.get("address") and "address" not in self.errors:
            self.add_error("address", _("%(words)s needs an address.") % {"words": FACTS[Kind(kind)].words})
        if cleaned.get("embedder") and kind not in EMBEDDING:
            words = _("Search can use embedders of these kinds only: %(kinds)s. Leave it empty here.")
            self.add_error("embedder", words % {"kinds": ", ".join(_(FACTS[each].words) for each in EMBEDDING)})
        variable = cleaned.get("key_variable", self.instance.key_variable)
        if cleaned.get("key") and variable:
            self.add_error("key", _("Type a key or name a variable, not both."))
        self._keep_key_from_other_servers(cleaned, variable)
        if not self.errors:
            self.instance.sealed_key = self._sealed(cleaned, variable)
            if self.problem and (self.problem.is_final or not cleaned.get("save_anyway")):
                self.add_error("key" if "key" in self.problem.short else "address", self.problem.words)
        if self.errors and self.data.get(self.add_prefix("key")):
            # The bound field has copied the help text by now.
            self["key"].help_text = _("Type the key again: the page does not keep it.")
        return cleaned

    def _provider(self, kind: str, provider: str) -> str:
        if kind != Kind.OTHER:
            return ""
        if provider in OWN_FORMATS:
            self.add_error("provider", _("Choose the kind of that name instead."))
        elif provider not in (names := price_list.chat_providers(litellm_prices.rows())):
            near = ", ".join(name for name in names if provider and name[:3] == provider[:3])
            if near:
                text = _("LiteLLM knows no chat models of “%(provider)s”. Did you mean %(near)s?")
            else:
                text = _(
                    "LiteLLM knows no chat models of “%(provider)s”. Write it as LiteLLM does, such as cohere_chat "
                    "or bedrock."
                )
            self.add_error("provider", text % {"provider": provider, "near": near})
        return provider

    def _keep_key_from_other_servers(self, cleaned: dict[str, Any], variable: str) -> None:
        """Refuse to send a stored key to another server: changing the address must not reveal the key."""
        if not self.instance.pk or cleaned.get("key") or cleaned.get("forget_key") or "address" not in cleaned:
            return
        has_key = bool(self.sealed_before) or (bool(variable) and not self.may_name_variables)
        server = _server(cleaned.get("kind", ""), cleaned["provider"], cleaned["address"])
        if has_key and server != self.server_before:
            self.add_error("key", _("The address now points to another server. Type the key for that server."))

    def _sealed(self, cleaned: dict[str, Any], variable: str) -> str:
        if cleaned.get("key"):
            return sealing.seal(cleaned["key"])
        return "" if cleaned.get("forget_key") or variable else self.sealed_before


def _server(kind: str, provider: str, address: str) -> tuple[str, tuple[str, str, int | None]]:
    """Return what distinguishes one server from another: LiteLLM has an address for each provider."""
    usual = FACTS[Kind(kind)].address if kind in FACTS else ""
    return provider if kind == Kind.OTHER else "", addresses.origin(address or usual)
