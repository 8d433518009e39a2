from collections.abc import Iterable
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.db.models import Model, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.accounts import invitation_mail, providers, rights
from langai_site.accounts.models import Invitation, Team, User
from langai_site.accounts.preferences import TEXT_SIZES, THEMES, choose
from langai_site.accounts.scopes import WORDS, Scope
from langai_site.web.seen_values import SeenValuesForm

M = TypeVar("M", bound=Model)
LOOKS = ("theme", "text_size")


class InvitedForm(UserCreationForm[User]):
    """The choices of an invited person: a name, optionally an address, and a password."""

    class Meta:
        model = User
        fields = ("username", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(*args, **kwargs)
        if providers.addresses_are_fixed():
            self.fields["email"].disabled = True

    def clean_email(self) -> str:
        return free_address(self.cleaned_data["email"])


def free_address(email: str, owner: User | None = None) -> str:
    """Return the address. Raises ValidationError if another account has it: people sign in with it as with a name."""
    others = User.objects.exclude(pk=owner.pk) if owner else User.objects.all()
    if email and (others.filter(email__iexact=email).exists() or others.filter(username__iexact=email).exists()):
        raise forms.ValidationError(_("Another account uses this address."))
    return email


class ProfileForm(forms.ModelForm[User]):
    """What people say about themselves, and how pages look to them."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=[("", gettext_lazy("Same as the browser")), *settings.LANGUAGES],
        required=False,
    )
    theme = forms.ChoiceField(label=gettext_lazy("Theme"), choices=list(THEMES.items()), required=False)
    text_size = forms.ChoiceField(label=gettext_lazy("Text size"), choices=list(TEXT_SIZES.items()), required=False)
    keys_off = forms.BooleanField(label=gettext_lazy("Switch keyboard shortcuts off"), required=False)

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email")
        labels = {"email": gettext_lazy("E-mail address")}
        help_texts = {"email": gettext_lazy("You can sign in with it instead of your user name.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = self.instance.language
        for name in LOOKS:
            self.fields[name].initial = self.instance.preferences.get(name, "")
        if providers.addresses_are_fixed():
            self.fields["email"].disabled = True
            self.fields["email"].help_text = _(
                "Your identity provider finds your account by it. An admin can change it."
            )
        self.fields["keys_off"].initial = self.instance.preferences.get("keys_off") == "on"

    def clean_email(self) -> str:
        return free_address(self.cleaned_data["email"], self.instance)

    def save(self, commit: bool = True) -> User:
        self.instance.language = self.cleaned_data["language"]
        user = super().save(commit)
        keys_off = "on" if self.cleaned_data["keys_off"] else ""
        choose(user, keys_off=keys_off, **{name: self.cleaned_data[name] for name in LOOKS})
        return user


class Editing(SeenValuesForm[M]):
    """A form of the admin that knows who fills it in: its page sets `editor`."""

    editor: User

    def refuse_closed(self, teams: Iterable[Team], is_billing: bool = False) -> None:
        """Raise ValidationError if the editor may not bring people into one of these teams."""
        if closed := rights.closed_teams(self.editor, teams):
            raise forms.ValidationError(rights.refused_teams(closed, is_billing=is_billing))


class PersonForm(Editing[User], UserChangeForm[User]):
    """A person's account."""

    GUARDED = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions", "teams")

    def clean_email(self) -> str:
        """Refuse another address where one opens the account, as its password does."""
        email: str = self.cleaned_data["email"]
        is_other = email.casefold() != User.objects.get(pk=self.instance.pk).email.casefold()
        if is_other and providers.addresses_are_fixed() and not rights.may_set_password(self.editor, self.instance):
            raise forms.ValidationError(
                "The identity provider opens this account for whoever has the address, and with it you could do and "
                "read more than you may yourself. Ask a superuser to change it."
            )
        return email

    def clean_teams(self) -> QuerySet[Team]:
        teams: QuerySet[Team] = self.cleaned_data["teams"]
        self.refuse_closed(set(teams) - set(self.instance.teams.all()))
        return teams

    def clean_billing_team(self) -> Team | None:
        """Check the old team as well as the new one: otherwise people could leave a budget that is used up."""
        team: Team | None = self.cleaned_data["billing_team"]
        before = User.objects.get(pk=self.instance.pk).billing_team
        if team != before:
            changed = {one for one in (team, before) if one}
            self.refuse_closed(changed, is_billing=True)
        return team


class InvitationForm(Editing[Invitation]):
    """An invitation, with the teams that it leads to."""

    send_mail = forms.BooleanField(label=gettext_lazy("Send the link by e-mail"), required=False, initial=True)

    class Meta:
        model = Invitation
        fields = ("email", "teams")
        labels = {"email": gettext_lazy("E-mail address")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(*args, **kwargs)
        if "send_mail" in self.fields and not invitation_mail.is_set_up():
            del self.fields["send_mail"]
            if "email" in self.fields:
                self.fields["email"].help_text = format_lazy(
                    "{} {}", gettext_lazy("For your own records."), invitation_mail.NOT_SET_UP
                )

    def clean_teams(self) -> QuerySet[Team]:
        teams: QuerySet[Team] = self.cleaned_data["teams"]
        self.refuse_closed(teams)
        return teams


class TeamForm(Editing[Team]):
    """A team with the people in it."""

    GUARDED = ("members", "second_factor_required")

    members = forms.ModelMultipleChoiceField(
        User.objects.order_by("username"),
        label=gettext_lazy("Members"),
        required=False,
        widget=FilteredSelectMultiple(gettext_lazy("members"), is_stacked=False),
    )

    class Meta:
        model = Team
        fields = ("name", "second_factor_required")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # Read now: the message after saving lists what was changed.
            self.initial["members"] = list(self.instance.members.all())
            self.note_seen()

    def clean_members(self) -> QuerySet[User]:
        members: QuerySet[User] = self.cleaned_data["members"]
        if self.instance.pk and set(members) - set(self.instance.members.all()):
            self.refuse_closed([self.instance])
        return members


class ApiKeyForm(forms.Form):
    """A new key: its name, its purpose, and how long it is valid."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("What uses it, such as “nightly report”.")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=[(scope.value, WORDS[scope]) for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.CHAT.value],
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Valid for"),
        choices=[
            (30, gettext_lazy("30 days")),
            (90, gettext_lazy("90 days")),
            (365, gettext_lazy("a year")),
            (0, gettext_lazy("until it is revoked")),
        ],
        coerce=int,
        initial=90,
    )
