"""A link of the Library opens a new chat that asks one document, or one collection alone."""

import uuid

import pytest

from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from search.models import Collection, Source

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(client):
    person = User.objects.create_user("alice")
    client.force_login(person)
    return person


def test_a_chat_begins_with_the_document_and_asks_its_collection_alone(client, alice):
    boats, others = (Collection.objects.create(name=name, everyone=True) for name in ("Boats", "Others"))
    hidden = Collection.objects.create(name="Hidden", sensitivity=Sensitivity.CONFIDENTIAL)
    open_one, closed = (
        Source.objects.create(document=uuid.uuid4(), collection=collection, title="Ferries & “more”", live=True)
        for collection in (boats, hidden)
    )
    response = client.get(f"/?document={open_one.document}")
    assert "About “Ferries &amp; “more””: </textarea>" in response.content.decode()
    assert (response.context["choice"].scope, response.context["choice"].chosen) == ("some", {boats.pk})
    for unknown in (closed.document, uuid.uuid4(), "x"):
        assert client.get(f"/?document={unknown}").status_code == 404
    choice = client.get(f"/?collection={others.pk}&collection={hidden.pk}").context["choice"]
    assert choice.chosen == {others.pk}
    assert client.get(f"/?collection={hidden.pk}").context["choice"].scope == "all"
