from uuid import uuid4

import pytest
from django.urls import reverse

from langai_site.accounts.models import User


@pytest.fixture
def address():
    return reverse("chat:restore", args=[uuid4()])


@pytest.fixture
def alice(client, transactional_db):
    client.force_login(User.objects.create_user("alice"))
    return client


def test_an_address_that_only_takes_posts_says_so_in_a_page(alice, address):
    response = alice.get(address, headers={"Accept": "text/html"})
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "Go back and try again" in response.text


def test_a_program_is_told_of_a_wrong_method_in_json(alice, address):
    response = alice.get(address, headers={"Accept": "application/json"})
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert response.json()["error"]["code"] == "method_not_allowed"
