"""The uploaded file, handed out to who may read it, in a way that no file can do harm on this site."""

import warnings

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.test import AsyncClient, Client
from django.urls import reverse

from documents import services, tasks
from langai_site.accounts.models import User
from search.models import Collection, Source
from tests.documents import files

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bob(transactional_db):
    return User.objects.create_user("bob")


@pytest.fixture
def document(upload):
    return read(upload("<script>alert(1)</script> Hello.", "page.html"))


def read(document):
    while tasks.work_once("test"):
        pass
    document.refresh_from_db()
    return document


def url_of(document) -> str:
    return reverse("documents:original", args=[document.pk])


async def fetched(user, document):
    browser = AsyncClient()
    await browser.aforce_login(user)
    return await browser.get(url_of(document))


async def body_of(response) -> bytes:
    return b"".join([piece async for piece in response.streaming_content])


async def test_the_bytes_are_those_that_were_uploaded(document, bob):
    response = await fetched(bob, document)
    assert await body_of(response) == b"<script>alert(1)</script> Hello."
    assert response["Content-Length"] == "32"


async def test_nothing_in_it_can_run_on_this_site(document, bob):
    response = await fetched(bob, document)
    assert response["Content-Disposition"] == 'attachment; filename="page.html"'
    assert response["Content-Type"] == "text/html"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ('a "b"; x=.txt', 'attachment; filename="a \\"b\\"; x=.txt"'),
        ("Über uns.txt", "attachment; filename*=utf-8''%C3%9Cber%20uns.txt"),
        ("../../etc/x\r\nSet-Cookie: a.txt", 'attachment; filename="x Set-Cookie: a.txt"'),
    ],
)
async def test_any_name_is_safe_in_the_header(upload, bob, name, header):
    document = await sync_to_async(lambda: read(upload("Text.", name)))()
    response = await fetched(bob, document)
    assert response["Content-Disposition"] == header


async def test_it_is_streamed_piece_by_piece(upload, bob):
    data = b"A line of text.\n" * 100_000
    document = await sync_to_async(lambda: upload(data, "long.txt"))()
    await sync_to_async(make_live)(document)
    with warnings.catch_warnings():
        # What Django says where it would have to take all of it into memory.
        warnings.filterwarnings("error", message="StreamingHttpResponse must consume")
        response = await fetched(bob, document)
        pieces = [piece async for piece in response.streaming_content]
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 256 * 1024


def make_live(document) -> None:
    Source.objects.create(
        document=document.pk, collection=document.collection, title="t", file_name="f", media_type="m", live=True
    )


def test_it_is_not_there_for_who_may_not_read_it(document, policies, alice, bob):
    policies.everyone = False
    policies.save()
    for user in (alice, bob):
        browser = Client()
        browser.force_login(user)
        assert browser.get(url_of(document)).status_code == 404
    policies.owners.add(bob)
    browser = Client()
    browser.force_login(bob)
    assert browser.get(url_of(document)).status_code == 200


def test_strangers_are_asked_to_sign_in(document):
    response = Client().get(url_of(document))
    assert (response.status_code, response["Location"].startswith(reverse("account_login"))) == (302, True)


def test_what_was_not_read_is_not_handed_out(upload, bob):
    browser = Client()
    browser.force_login(bob)
    waiting = upload("Text.", "a.txt")
    assert browser.get(url_of(waiting)).status_code == 404
    failed = read(upload(files.scanned_pdf(), "scan.pdf"))
    assert failed.status == "failed"
    assert browser.get(url_of(failed)).status_code == 404
    assert browser.get(url_of(read(waiting))).status_code == 200


async def test_while_it_is_replaced_the_file_of_the_searched_version_is_given(upload, alice, bob):
    document = await sync_to_async(lambda: read(upload("Old.", "plan.txt")))()
    replace = sync_to_async(services.replace)
    await replace(document, file=ContentFile(b"New.", "plan.md"), user=alice)
    response = await fetched(bob, document)
    assert await body_of(response) == b"Old."
    await sync_to_async(read)(document)
    response = await fetched(bob, document)
    assert (await body_of(response), response["Content-Type"]) == (b"New.", "text/markdown")


def test_a_deleted_document_or_a_lost_file_is_not_there(document, bob):
    browser = Client()
    browser.force_login(bob)
    document.file.storage.delete(document.file.name)
    assert browser.get(url_of(document)).status_code == 404
    services.delete(document)
    assert browser.get(url_of(document)).status_code == 404


def test_no_other_collection_opens_it(document, bob):
    Collection.objects.create(name="Open", everyone=True)
    Collection.objects.filter(pk=document.collection_id).update(everyone=False)
    browser = Client()
    browser.force_login(bob)
    assert browser.get(url_of(document)).status_code == 404
