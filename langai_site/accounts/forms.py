from typing import Any

from django import forms
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.contrib.auth.forms import UserCreationForm

from langai_site.accounts.models import Team, User
from langai_site.accounts.scopes import WORDS, Scope


class InvitedForm(UserCreationForm):
    """What an invited person chooses: a name, an address if they like, and a password."""

    class Meta:
        model = User
        fields = ("username", "email")

    def clean_email(self) -> str:
        """An address signs in as well as a name does, so only one account may have it."""
        email = self.cleaned_data["email"]
        if email and User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("Another account uses this address.")
        return email


class TeamForm(forms.ModelForm):
    """A team with the people in it."""

    members = forms.ModelMultipleChoiceField(
        User.objects.order_by("username"), required=False, widget=FilteredSelectMultiple("members", is_stacked=False)
    )

    class Meta:
        model = Team
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # Read now: what was changed is told after it has been saved.
            self.fields["members"].initial = list(self.instance.members.all())


class ApiKeyForm(forms.Form):
    """A new key: what it is called, what it is for, and how long it is valid."""

    name = forms.CharField(max_length=100, help_text="What uses it, such as “nightly report”.")
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=[(scope.value, WORDS[scope]) for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.CHAT.value],
    )
    days = forms.TypedChoiceField(
        label="Valid for",
        choices=[(30, "30 days"), (90, "90 days"), (365, "a year"), (0, "until it is revoked")],
        coerce=int,
        initial=90,
    )
