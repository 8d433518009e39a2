"""The pages that describe the API: in the product's look, with operations named in words."""

import pytest
from django.test import Client

from langai_site.accounts.models import User
from langai_site.api_docs import NAMES


@pytest.mark.parametrize("address", ["/openapi.json", "/v1/openapi.json"])
def test_every_operation_is_named_in_words(address):
    for path, operations in Client().get(address).json()["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"] == NAMES[f"{method} {path}"]


def test_there_are_no_names_of_operations_that_are_gone():
    described = {
        f"{method} {path}"
        for address in ("/openapi.json", "/v1/openapi.json")
        for path, operations in Client().get(address).json()["paths"].items()
        for method in operations
    }
    assert set(NAMES) == described


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/docs", "/v1/docs"])
def test_the_page_has_the_products_tokens_and_the_persons_theme(client, address):
    page = client.get(address).text
    assert "tokens.css" in page
    assert '<html lang="en">' in page
    client.force_login(User.objects.create_user("bob", preferences={"theme": "dark"}))
    assert '<html lang="en" data-theme="dark">' in client.get(address).text
