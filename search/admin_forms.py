"""The admin's form of a collection, which asks who may read it."""

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from search.models import Collection
from search.raising import RaiseQuotingForm
from search.services.label_rises import RelabelTarget

EVERYONE, TEAMS, PEOPLE, OWNERS = "everyone", "teams", "people", "owners"
ANSWERS = {
    EVERYONE: gettext_lazy("Everyone who is signed in"),
    TEAMS: gettext_lazy("Teams, and more people if you like"),
    PEOPLE: gettext_lazy("Only some people"),
    OWNERS: gettext_lazy("Only me and other owners"),
}


class CheckList(forms.CheckboxSelectMultiple):
    """A list of boxes that scrolls, with a field that filters it where there is JavaScript."""

    template_name = "admin/search/collection/check_list.html"

    def _render(self, template_name: str, context: dict[str, Any], renderer: object = None) -> SafeString:
        """Render a template of the pages: the renderer of forms knows only those of installed apps."""
        return render_to_string(template_name, context)


class CollectionForm(RaiseQuotingForm[Collection]):
    """A collection. Programs that send no `readers` say it with the fields `everyone`, `teams` and `users`."""

    readers = forms.ChoiceField(
        label=gettext_lazy("Who may read it?"), choices=list(ANSWERS.items()), widget=forms.RadioSelect, required=False
    )

    GUARDED = ("sensitivity", "readers", "teams", "users")

    class Meta:
        model = Collection
        fields = ("name", "description", "sensitivity", "teams", "users", "owners")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(*args, **kwargs)
        if "readers" in self.fields:
            self.initial["readers"] = self._present_answer()
            self.note_seen()

    def labelled(self) -> RelabelTarget:
        return RelabelTarget(collection=self.instance.pk)

    def _present_answer(self) -> str | None:
        """Return the answer that describes the collection; None for a new one, so that nobody skips the question."""
        if not self.instance.pk:
            return None
        if self.instance.everyone:
            return EVERYONE
        if self.instance.teams.exists():
            return TEAMS
        return PEOPLE if self.instance.users.exists() else OWNERS

    def clean(self) -> dict[str, Any]:
        """Make the other fields agree with the answer: what it does not name is emptied if the answer changed."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        answer = data.get("readers")
        if not answer:
            if "readers" not in self.errors:
                self._follow_fields()
            return data
        if "readers" in self.changed_data:
            if answer != TEAMS:
                data["teams"] = []
            if answer in (EVERYONE, OWNERS):
                data["users"] = []
        if answer == TEAMS and not data.get("teams"):
            self.add_error("teams", _("Choose at least one team, or another option above."))
        if answer == PEOPLE and not data.get("users"):
            self.add_error("users", _("Choose at least one person, or another option above."))
        self.instance.everyone = answer == EVERYONE
        return data

    def _follow_fields(self) -> None:
        """Read the fields of a form without an answer, as programs send it; the page needs the answer."""
        if self.data.get("_asks_readers"):
            self.add_error("readers", _("Choose who may read it."))
        self.instance.everyone = bool(self.data.get("everyone"))
