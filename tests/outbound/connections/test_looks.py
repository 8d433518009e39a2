"""What the regular refresh does with connections, and what doctor says about them."""

import pytest

from langai_site.database.writer import in_database_thread
from langai_site.outbound import catalogue, diagnosis
from langai_site.outbound.connections import listing, reading, resolving
from langai_site.outbound.connections.problems import ListingError
from langai_site.outbound.models import Connection, Model
from tests.outbound.connections.conftest import connect
from tests.upstream import free_port

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = "http://127.0.0.1:{}/v1"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(catalogue, "PAUSE_BEFORE_SECOND_TRY", 0)


def chosen(name, **values):
    return Model.objects.create(name=name, display_name=name, provider=name.partition("/")[0], **values)


def states():
    return dict(Model.objects.values_list("name", "available")), Connection.objects.get().problem


async def test_a_look_adds_no_model_that_nobody_chose_and_takes_those_that_are_gone(upstream):
    await in_database_thread(connect, upstream.openai_url)
    upstream.list_models("t3", "t20")
    for name in ("office/t3", "office/left"):
        await in_database_thread(chosen, name, available=True)
    await catalogue.refresh()
    await catalogue.refresh()
    assert await in_database_thread(states) == ({"office/t3": True, "office/left": False}, "")


async def test_a_server_that_does_not_answer_says_so_in_its_row(upstream):
    await in_database_thread(connect, NOWHERE.format(free_port()))
    changes = await catalogue.refresh()
    assert changes.silent == (("office", "cannot be reached"),)
    assert await in_database_thread(states) == ({}, "cannot be reached")


async def test_health_fails_only_where_no_connection_answers(upstream):
    await in_database_thread(connect, NOWHERE.format(free_port()))
    await catalogue.refresh()
    assert await catalogue.health() == "fail"
    await in_database_thread(connect, upstream.openai_url, slug="other")
    await catalogue.refresh()
    assert await catalogue.health() == "ok"


async def test_of_a_provider_a_model_that_is_not_listed_can_be_asked_too(upstream):
    await in_database_thread(connect, upstream.url, kind="azure")
    await in_database_thread(chosen, "office/our-deployment", available=False)
    await catalogue.refresh()
    assert (await in_database_thread(states))[0] == {"office/our-deployment": True}


@pytest.mark.parametrize("kind", ["compatible", "openai", "anthropic", "gemini", "ollama", "azure"])
async def test_each_kind_lists_its_models(upstream, kind):
    upstream.list_models("t3", "t20-c4096")
    address = upstream.openai_url if kind in ("compatible", "openai") else upstream.url
    connection = await in_database_thread(connect, address, kind=kind)
    found = await listing.offers(reading.of_row(connection))
    assert [offer.name for offer in found] == ["office/t3", "office/t20-c4096"]


async def test_a_name_that_stands_for_a_metadata_service_is_not_asked(upstream, monkeypatch):
    monkeypatch.setattr(resolving.socket, "getaddrinfo", lambda *_: [(0, 0, 0, "", ("169.254.169.254", 80))])
    connection = await in_database_thread(connect, "http://innocent.example/v1")
    with pytest.raises(ListingError) as raised:
        await listing.offers(reading.of_row(connection))
    assert raised.value.problem.is_final


def test_doctor_says_what_each_connection_lists(upstream):
    assert diagnosis.connected().status == "off"
    connect(upstream.openai_url)
    found = diagnosis.connected()
    assert (found.status, found.found) == ("ok", "office: 5 models")
    connect(NOWHERE.format(free_port()), slug="far")
    found = diagnosis.connected()
    assert (found.status, found.found) == ("fail", "far: cannot be reached; office: 5 models")
    assert found.advice.startswith("Nothing answers at 127.0.0.1")


def test_doctor_names_a_key_that_cannot_be_decrypted(upstream, settings):
    connect(upstream.openai_url)
    settings.SECRET_KEY = "another" * 10
    found = diagnosis.connected()
    assert (found.status, found.found) == ("fail", "office: its key cannot be decrypted because SECRET_KEY has changed")
    assert "type the key again" in found.advice
