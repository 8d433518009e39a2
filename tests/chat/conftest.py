import pytest

from langai_site.accounts.models import User
from tests.chat.factories import first_policy


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", password="a long enough one")


@pytest.fixture
def bob(db):
    return User.objects.create_user("bob", password="a long enough one")


@pytest.fixture
def admin(db):
    return User.objects.create_superuser("admin", password="a long enough one")


@pytest.fixture
def first(db):
    return first_policy()
