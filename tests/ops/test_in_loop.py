"""Requests as the web process serves them: what reads the database must be on a thread, or Django raises."""

from uuid import uuid4

import pytest
from django.test import AsyncClient

from langai_site.accounts.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", password="correct-horse-battery")


@pytest.fixture
def browser() -> AsyncClient:
    """Raises what a view or a middleware raises."""
    return AsyncClient()


async def test_a_view_that_asks_by_itself_who_is_there_is_reached(browser, alice):
    assert (await browser.get("/")).status_code == 302
    await browser.aforce_login(alice)
    assert (await browser.get("/")).status_code == 200


async def test_a_post_is_answered_in_the_loop(browser, alice):
    await browser.aforce_login(alice)
    response = await browser.post(f"/conversations/{uuid4()}/messages/", {"text": "x"}, headers={"HX-Request": "true"})
    assert "is not yours" in response.content.decode()


async def test_other_views_are_kept_for_people_who_are_signed_in(browser, alice):
    response = await browser.get("/search/")
    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/")
    await browser.aforce_login(alice)
    assert (await browser.get("/search/")).status_code == 200


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_a_forged_post_gets_a_page_that_says_what_to_do(alice, content_type):
    browser = AsyncClient(enforce_csrf_checks=True)
    await browser.aforce_login(alice)
    response = await browser.post("/conversations/", b"text=x", content_type=content_type)
    assert response.status_code == 403
    assert "Nothing was sent" in response.content.decode()


async def test_signing_in_keeps_the_session(browser, alice):
    response = await browser.post("/accounts/login/", {"login": "alice", "password": "correct-horse-battery"})
    assert response.status_code == 302
    assert (await browser.get("/")).status_code == 200
