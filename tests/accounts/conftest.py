import pytest
from django.urls import reverse

from langai_site.accounts.models import Invitation, Team, User

PASSWORD = "correct horse battery"


@pytest.fixture
def admin(db):
    return User.objects.create_superuser("admin", password=PASSWORD)


@pytest.fixture
def finance(db):
    return Team.objects.create(name="Finance")


@pytest.fixture
def invitation(admin, finance):
    invitation = Invitation(email="bob@example.org", invited_by=admin)
    invitation.token = invitation.renew_token()
    invitation.save()
    invitation.teams.add(finance)
    return invitation


@pytest.fixture
def link(invitation):
    return reverse("accounts:invitation", args=[invitation.token])
