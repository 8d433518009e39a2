"""One id leads from a request to everything that it caused."""

import asyncio
import re

import pytest
from django.test import AsyncClient, Client
from django.urls import reverse

from langai_site import request_id
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread, write_now
from langai_site.request_id import Trail

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(client) -> Client:
    client.force_login(User.objects.create_user("alice"))
    client.raise_request_exception = False
    return client


def test_a_request_gets_an_id_that_no_other_has(client):
    first, second = (client.get("/health")[request_id.HEADER] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def test_the_id_that_a_proxy_gave_is_kept(client):
    assert client.get("/health", headers={request_id.HEADER: "4f2a-9.b_1"})[request_id.HEADER] == "4f2a-9.b_1"


@pytest.mark.parametrize("given", ["", "bob@example.org", "two words", "line\nbreak", "x" * 65, "<script>", "-dash"])
def test_what_is_no_id_is_replaced(given):
    assert re.fullmatch("[0-9a-f]{32}", request_id.accepted(given))


async def test_the_id_is_known_in_the_loop_as_well():
    response = await AsyncClient().get("/health", headers={request_id.HEADER: "from-proxy"})
    assert response[request_id.HEADER] == "from-proxy"
    assert request_id.request_id() == ""


def test_a_program_is_told_the_id_with_an_error(alice):
    headers = {"Accept": "application/json", request_id.HEADER: "mine-1"}
    told = alice.get(reverse("chat:stop", args=["3f0c2b62-4a54-4d5c-a9de-0a8d1ff3b6a1"]), headers=headers)
    assert told.json()["error"]["request_id"] == "mine-1"


@pytest.mark.parametrize("path", ["/conversations/3f0c2b62-4a54-4d5c-a9de-0a8d1ff3b6a1/", "/no-such-address/"])
def test_a_page_that_tells_of_an_error_shows_the_id(alice, path):
    page = alice.get(path, headers={request_id.HEADER: "mine-2"})
    assert page.status_code == 404
    assert "<code>mine-2</code>" in page.text


def test_a_view_that_breaks_is_told_with_the_id_and_nothing_else(alice, monkeypatch):
    def breaks(*_args):
        raise ValueError("what a person wrote")

    monkeypatch.setattr("documents.views.shelf", breaks)
    for accepted in ("text/html", "application/json"):
        told = alice.get("/library/1/", headers={request_id.HEADER: "mine-3", "Accept": accepted})
        assert (told.status_code, told["Content-Type"].partition(";")[0]) == (500, accepted)
        assert "mine-3" in told.text
        assert "what a person wrote" not in told.text


async def test_the_writers_thread_knows_for_whom_it_works():
    with request_id.following(Trail("asked-1")):
        assert await in_database_thread(request_id.request_id) == "asked-1"
        assert await asyncio.to_thread(write_now, request_id.request_id) == "asked-1"
    assert await in_database_thread(request_id.request_id) == ""


async def test_a_task_that_outlives_its_request_keeps_the_trail():
    async def later():
        await asyncio.sleep(0)
        return request_id.request_id()

    with request_id.following(Trail("asked-2")):
        task = asyncio.create_task(later(), context=request_id.fresh_context())
    assert await task == "asked-2"
