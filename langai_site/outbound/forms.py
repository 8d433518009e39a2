from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

from langai_site.local_model import PREFIX
from langai_site.outbound import abilities, parameters, roles
from langai_site.outbound.abilities import Ability
from langai_site.outbound.listings import RANKS
from langai_site.outbound.models import Connection, Model
from langai_site.outbound.types import ModelRole
from langai_site.usage import prices
from langai_site.usage.types import ModelPrice
from langai_site.web.seen_values import SeenValuesForm

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _dollars(label: "StrOrPromise", help_text: "StrOrPromise" = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, help_text=help_text, required=False, min_value=0, max_digits=14, decimal_places=6
    )


def plain(number: Decimal) -> str:
    """Write a number without trailing zeros: 2.000000 as 2, 0.100000 as 0.1."""
    return f"{number.normalize():f}"


YES_OR_NO = {gettext_noop("yes"): True, gettext_noop("no"): False}
# For each quirk: its value for each choice of the form.
QUIRKS: dict[str, dict[str, Any]] = {
    "max_tokens_name": {
        "max_tokens": "max_tokens",
        "max_completion_tokens": "max_completion_tokens",
        gettext_noop("not at all"): None,
    },
    "system_role": {"system": "system", "developer": "developer", gettext_noop("part of the first question"): "user"},
    "stream": YES_OR_NO,
    "stream_options": YES_OR_NO,
    "temperature": YES_OR_NO,
    "opened": YES_OR_NO,
}


ABILITY = {"yes": True, "no": False}


def _ability(ability: Ability) -> forms.ChoiceField:
    choices = [("", gettext_lazy("as listed")), *((word, gettext_lazy(word)) for word in ABILITY)]
    return forms.ChoiceField(label=abilities.TITLES[ability], choices=choices, required=False)


class AbilitiesForm(forms.ModelForm[Model]):
    """What a model can do besides text: one choice for each ability, which overrides the lists."""

    ability_vision = _ability(Ability.VISION)
    ability_tools = _ability(Ability.TOOLS)
    ability_thinking = _ability(Ability.THINKING)
    ability_documents = _ability(Ability.DOCUMENTS)
    ability_json = _ability(Ability.JSON)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        kept, listed = abilities.read(self.instance.abilities), abilities.of_row(self.instance.listed_abilities)
        words = {value: word for word, value in ABILITY.items()}
        for ability in Ability:
            name = f"ability_{ability}"
            self.initial[name] = words[kept[ability]] if ability in kept else ""
            if name in self.fields:
                listing = _(words[listed[ability]]) if ability in listed else _("not known")
                self.fields[name].help_text = _("Listed: %(value)s.") % {"value": listing}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "ability_vision" in self.fields:
            chosen = {ability: cleaned.get(f"ability_{ability}") for ability in Ability}
            self.instance.abilities = abilities.stored({name: ABILITY[word] for name, word in chosen.items() if word})
        return cleaned


def _choice(name: str, label: "StrOrPromise") -> forms.ChoiceField:
    choices = [("", gettext_lazy("as learnt")), *((word, gettext_lazy(word)) for word in QUIRKS[name])]
    return forms.ChoiceField(label=label, choices=choices, required=False)


class QuirksForm(forms.ModelForm[Model]):
    """How a model is asked: one choice for each quirk, which overrides what was learnt from its server."""

    quirk_max_tokens_name = _choice("max_tokens_name", gettext_lazy("Longest answer is sent as"))
    quirk_system_role = _choice("system_role", gettext_lazy("Instructions are sent as"))
    quirk_stream = _choice("stream", gettext_lazy("Answers come word by word"))
    quirk_stream_options = _choice("stream_options", gettext_lazy("Token counts are asked for"))
    quirk_temperature = _choice("temperature", gettext_lazy("Temperature is sent"))
    quirk_opened = _choice("opened", gettext_lazy("Answers begin with unmarked thinking"))
    forget = forms.BooleanField(label=gettext_lazy("Forget what was learnt"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        kept = self.instance.quirks if isinstance(self.instance.quirks, dict) else {}
        for name, values in QUIRKS.items():
            chosen = (word for word, value in values.items() if name in kept and kept[name] == value)
            self.initial[f"quirk_{name}"] = next(chosen, "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = {name: cleaned.get(f"quirk_{name}") for name in QUIRKS}
        self.instance.quirks = {name: QUIRKS[name][word] for name, word in chosen.items() if word}
        if cleaned.get("forget"):
            self.instance.learnt = {}
        return cleaned


# The prices of the form, as `ModelPrice` calls them.
RATES = ("input", "output", "cached", "cache_write")


class ModelForm(AbilitiesForm, QuirksForm, SeenValuesForm[Model]):
    """A model's page: its own columns, and a price that is added if it is new."""

    GUARDED = ("ceiling", "teams", "enabled")

    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"),
        choices=[(role.value, roles.TITLES[role]) for role in ModelRole],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("Auto chooses models by these."),
    )
    price_input = _dollars(pgettext_lazy("tokens", "In"))
    price_output = _dollars(pgettext_lazy("tokens", "Out"))
    price_cached = _dollars(gettext_lazy("Cached"), gettext_lazy("For repeated input. If empty, the same as In."))
    price_cache_write = _dollars(
        gettext_lazy("Cache write"), gettext_lazy("For input that the provider stores. If empty, the same as In.")
    )
    price_from = forms.DateField(
        label=pgettext_lazy("a day", "From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("The day (UTC) from which a changed price applies. If empty, today."),
    )

    class Meta:
        model = Model
        fields = (
            *("name", "display_name", "ceiling", "teams", "roles", "context_window", "parameters", "enabled", "rank"),
            *("extra_body", "extra_headers"),
        )
        labels = {"ceiling": gettext_lazy("May see up to")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.price: ModelPrice | None = prices.current_of(self.instance.name) if self.instance.pk else None
        if self.price:
            rates = {kind: getattr(self.price, kind) for kind in RATES}
            self.initial.update({f"price_{kind}": plain(rate) for kind, rate in rates.items() if rate is not None})
        if "parameters" in self.fields:
            text = _("%(text)s Possible: %(names)s.")
            self.fields["parameters"].help_text = text % {
                "text": self.fields["parameters"].help_text,
                "names": parameters.NAMES,
            }

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        provider, _slash, model = name.partition("/")
        # There is one model from a file at most, and it adds itself.
        prefixes = [*(name for name in RANKS if name != PREFIX), *Connection.objects.values_list("slug", flat=True)]
        if provider not in prefixes or not model:
            raise forms.ValidationError(
                _("The name must begin with %(prefixes)s.")
                % {"prefixes": ", ".join(f"{prefix}/" for prefix in prefixes)}
            )
        return name

    def clean_roles(self) -> list[str] | None:
        """Return None as long as nobody has chosen any: a refresh then sets roles by name and window."""
        chosen: list[str] = self.cleaned_data["roles"]
        return chosen if chosen or self.instance.roles is not None else None

    def clean_price_from(self) -> date:
        day = self.cleaned_data["price_from"]
        if day and day < prices.today():
            raise forms.ValidationError(_("A price can start today or later: past charges do not change."))
        return day or prices.today()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("price_input") is None) != (cleaned.get("price_output") is None):
            self.add_error("price_output", _("Give a price for both directions, or for none."))
        return cleaned

    def new_price(self) -> dict[str, Any] | None:
        """Return the arguments for `prices.set_by_admin`; None if the price stays as it is."""
        rates = {kind: self.cleaned_data.get(f"price_{kind}") for kind in RATES}
        if rates["input"] is None or rates["output"] is None:
            return None
        rates["cached"] = rates["input"] if rates["cached"] is None else rates["cached"]
        known = self.price and {kind: getattr(self.price, kind) for kind in RATES}
        if rates == known and "price_from" not in self.changed_data:
            return None
        return rates | {"valid_from": self.cleaned_data["price_from"]}
