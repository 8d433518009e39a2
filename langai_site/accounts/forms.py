from django import forms
from django.contrib.auth.forms import UserCreationForm

from langai_site.accounts.models import User


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
