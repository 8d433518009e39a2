"""The offer to raise the conversations that quote what an admin relabels: part of the admin's forms."""

from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Model
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from langai_site.web.seen_values import SeenValuesForm
from search.services.label_rises import RelabelTarget, count_quoting

M = TypeVar("M", bound=Model)


class RaiseQuotingForm(SeenValuesForm[M]):
    """A form of something labelled. The offer is accepted unless its box is unticked."""

    GUARDED: ClassVar[tuple[str, ...]] = ("sensitivity",)

    raise_quoting = forms.BooleanField(
        label=gettext_lazy("Raise the conversations that quote it"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput,
    )

    def labelled(self) -> RelabelTarget:
        """Return what the form is about."""
        raise NotImplementedError

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(*args, **kwargs)
        if "raise_quoting" in self.fields:
            self.fields["raise_quoting"].help_text = _offer(count_quoting(self.labelled()) if self.instance.pk else 0)


def _offer(count: int) -> str:
    text = ngettext(
        "So far, %(count)s conversation quotes it. If the label rises, that conversation gets it too. Otherwise its "
        "history could reach a model that may no longer see the quoted text.",
        "So far, %(count)s conversations quote it. If the label rises, those conversations get it too. Otherwise "
        "their history could reach a model that may no longer see the quoted text.",
        count,
    )
    return text % {"count": intcomma(count)}


def outcome(*, asked_for: bool) -> str:
    """Return the entry for the history of the relabelled thing, stored in English and drawn when it is read."""
    if asked_for:
        return gettext_noop("Raised the label, and with it the conversations that quote it.")
    return gettext_noop("Raised the label, but not the conversations that quote it.")
