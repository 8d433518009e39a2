"""The form in which people write their own instructions, and what it says about their label."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from langai_site import detectors
from langai_site.accounts.models import INSTRUCTIONS_MAX, Instructions, User
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity, highest

LABELS = [(Sensitivity.PUBLIC, gettext_lazy("By what it contains")), *LABEL_CHOICES[1:]]


class InstructionsForm(forms.ModelForm[Instructions]):
    """What a person says about themselves, and how models are to answer them."""

    label = forms.TypedChoiceField(label=pgettext_lazy("sensitivity", "Label"), choices=LABELS, coerce=int)

    class Meta:
        model = Instructions
        fields = ("about", "answers", "label")
        labels = {"about": gettext_lazy("About you"), "answers": gettext_lazy("How to answer you")}
        help_texts = {
            "about": gettext_lazy("For example your work, or what you know already."),
            "answers": gettext_lazy("For example the language, the length or the tone."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(*args, **kwargs)
        for name in ("about", "answers"):
            self.fields[name].widget = forms.Textarea(attrs={"rows": 4, "maxlength": INSTRUCTIONS_MAX, "dir": "auto"})
        self.fields["label"].help_text = _(
            "What the detectors find can raise it. Only models that may see it are asked."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("about", "answers"):
            cleaned[name] = cleaned.get(name, "").replace("\r\n", "\n").strip()
        length = len(cleaned["about"]) + len(cleaned["answers"])
        if length > INSTRUCTIONS_MAX:
            raise forms.ValidationError(
                _("Both texts have %(length)s characters together, and %(most)s are allowed. Shorten them.")
                % {"length": f"{length:,}", "most": f"{INSTRUCTIONS_MAX:,}"}
            )
        return cleaned


def form_of(user: User, data: Any = None) -> InstructionsForm:  # noqa: ANN401 - as Django's own
    """Return the form with the person's instructions, or with what they sent."""
    written = Instructions.objects.filter(user=user).first() or Instructions(user=user)
    return InstructionsForm(data, instance=written, prefix="instructions")


def label_words(written: Instructions) -> str:
    """Return how stored instructions label what is sent with them; empty if they raise nothing."""
    found = detectors.scan(f"{written.about}\n\n{written.answers}")
    label = highest(written.label, *(one.label for one in found))
    if not label or not (written.about or written.answers):
        return ""
    why = ", ".join(one.words for one in detectors.shown(found) if one.label == label)
    return f"{label.label}{f' ({why})' if why else ''}"
