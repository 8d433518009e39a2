"""Uploads and passwords have their own threads: nobody's answer waits for somebody's large file."""

import asyncio
import threading
from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.multipartparser import MultiPartParser
from django.test import AsyncClient

from langai_site.accounts import api as accounts_api
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database import writer
from langai_site.database.writer import in_database_thread
from langai_site.web import long_bodies
from search.models import Collection
from tests.api.conftest import PASSWORD, program_of

OTHERS = [long_bodies._uploads, writer._apart, accounts_api._passwords]


@pytest.fixture
def books(transactional_db, alice, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    books = Collection.objects.create(name="Books")
    books.owners.add(alice)
    return books


@contextmanager
def busy(pools):
    """Keep every thread of the pools busy."""
    go_on = threading.Event()
    work = [pool.submit(go_on.wait, 30) for pool in pools for _ in range(pool._max_workers)]
    try:
        yield
    finally:
        go_on.set()
    assert all(one.result() for one in work)


async def test_a_preview_waits_for_no_upload_no_listing_and_no_password(alice):
    browser = AsyncClient()
    await browser.aforce_login(alice)
    with busy(OTHERS):
        answer = await asyncio.wait_for(browser.post("/conversations/preview/", {"text": "How many days?"}), 20)
        assert answer.status_code == 200
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 20) == "free"


@pytest.fixture
def parsed_on(monkeypatch):
    """Record the names of the threads on which forms with files are read."""
    names, parse = [], MultiPartParser.parse
    monkeypatch.setattr(
        MultiPartParser, "parse", lambda self: names.append(threading.current_thread().name) or parse(self)
    )
    return names


async def shown_by_key(alice):
    program = await program_of(alice, Scope.DOCUMENTS)
    return program.client, program.headers


async def shown_by_session(alice):
    client = AsyncClient(enforce_csrf_checks=True)
    await client.aforce_login(alice)
    client.cookies["csrftoken"] = "a" * 32
    return client, {"X-CSRFToken": "a" * 32}


@pytest.mark.parametrize("shown", [shown_by_key, shown_by_session])
async def test_a_form_with_a_large_file_is_read_on_the_threads_of_uploads(alice, books, parsed_on, shown):
    client, headers = await shown(alice)
    file = SimpleUploadedFile("book.txt", b"All work and no play. " * 10_000)
    answer = await client.post("/api/documents", {"collection": books.pk, "file": file}, headers=headers)
    assert answer.status_code == 202, answer.content
    assert [name.split("_")[0] for name in parsed_on] == ["uploads"]


async def test_a_password_is_checked_on_threads_of_their_own(alice):
    program = await program_of(alice)
    with busy([accounts_api._passwords]):
        waiting = asyncio.create_task(program.post("/auth/token", username="alice", password=PASSWORD))
        assert await in_database_thread(User.objects.count) == 1
        assert not waiting.done()
    assert (await waiting).status_code == 200
