from importlib import import_module

import pytest
from django.apps import apps

from chat.models import RoutingPolicy
from langai_site.accounts.models import User


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
    """Return the policy that the database comes with, even after a test that emptied it."""
    if not RoutingPolicy.objects.filter(version=1).exists():
        import_module("chat.migrations.0004_routing_policies").first_policy(apps, None)
    return RoutingPolicy.objects.get(version=1)
