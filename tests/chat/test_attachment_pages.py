"""The addresses of attached files, and the chat page with them: for their owner alone, and without JavaScript too."""

import asyncio
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient, Client
from django.urls import reverse

from chat.conversations import attachments
from chat.live import runner
from chat.models import Attachment, Message
from chat.turns import storage
from langai_site.processes import worker
from search.models import Source
from tests.chat.attached import attach, picture
from tests.chat.test_attachments import folder  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)
RULES = "The court is closed on Mondays."


@pytest.fixture
def page(alice):
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


def file(data=RULES, name="rules.txt"):
    return SimpleUploadedFile(name, data.encode() if isinstance(data, str) else data)


def ids_in(response):
    return re.findall(r'name="attachments" value="([0-9a-f-]{36})"', response.content.decode())


def test_an_upload_becomes_a_chip_that_goes_with_the_message(page):
    chip = page.post(reverse("chat:attach"), {"file": file()})
    [found] = ids_in(chip)
    assert "rules.txt" in chip.content.decode()
    assert "Being read" in chip.content.decode()
    assert f"/attachments/{found}/state/" in chip.content.decode()
    attach_all()
    chip = page.get(reverse("chat:attachment-state", args=[found]))
    assert "31 bytes · 1 page" in chip.content.decode()
    assert "hx-trigger" not in chip.content.decode()


def attach_all():
    from tests.chat.attached import read_all

    worker.stopping.clear()
    read_all()


@pytest.mark.parametrize(
    ("data", "name", "words"), [(b"x", "film.mp4", "cannot be read"), (b"", "empty.txt", "is empty")]
)
def test_what_is_refused_is_a_chip_that_says_why_and_does_not_go_along(page, data, name, words):
    chip = page.post(reverse("chat:attach"), {"file": file(data, name)})
    assert chip.status_code == 200
    assert words in chip.content.decode()
    assert ids_in(chip) == []
    assert Attachment.objects.count() == 0


def test_no_address_knows_another_persons_file(page, bob):
    unsent, sent = attach(bob, "One.", "one.txt", read=False), attach(bob, picture(), "photo.png")
    started = storage.post(bob, None, "What is it?", attached=[sent])
    for found in (unsent, sent, uuid.uuid4()):
        for size in ("", "?size=small"):
            assert page.get(reverse("chat:attachment", args=[found]) + size).status_code == 404
        assert page.get(reverse("chat:attachment-state", args=[found])).content == b""
        assert page.post(reverse("chat:attachment-remove", args=[found])).status_code == 404
    document = Attachment.objects.get(id=sent).document
    assert page.get(reverse("documents:original", args=[document])).status_code == 404
    assert (
        page.post(
            reverse("chat:post-with-files", args=[started.conversation]), {"text": "Mine", "files": file()}
        ).status_code
        == 404
    )
    assert Attachment.objects.filter(owner__username="alice", message__isnull=False).count() == 0


@pytest.mark.parametrize(
    ("data", "name", "kind", "disposition"),
    [
        ("<script>alert(1)</script>", "page.html", "text/html", 'attachment; filename="page.html"'),
        (picture(kind="WEBP"), "photo.webp", "image/png", 'inline; filename="photo.png"'),
    ],
)
def test_a_file_is_sent_so_that_nothing_in_it_runs(page, alice, data, name, kind, disposition):
    response = page.get(reverse("chat:attachment", args=[attach(alice, data, name)]))
    assert (response.status_code, response["Content-Type"]) == (200, kind)
    assert response["Content-Disposition"] == disposition
    assert response["X-Content-Type-Options"] == "nosniff"
    # The next person at the same computer finds no picture in the browser's cache.
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_the_files_stand_with_the_question(page, alice):
    files = [attach(alice), attach(alice, picture(), "photo.png")]
    started = storage.post(alice, None, "What is it?", attached=files)
    Message.objects.filter(id=started.reply).update(status="complete")
    html = page.get(reverse("chat:conversation", args=[started.conversation])).content.decode()
    rules, photo = (reverse("chat:attachment", args=[found]) for found in files)
    assert f'<a href="{rules}" download>' in html
    assert f'<img src="{photo}?size=small" alt="" loading="lazy">' in html
    shown = page.get(reverse("chat:question", args=[started.question]), headers={"HX-Request": "true"})
    assert "rules.txt" in shown.content.decode()


async def test_a_message_with_files_can_be_posted_without_javascript(alice):
    client = AsyncClient(raise_request_exception=False)
    await client.aforce_login(alice)
    response = await client.post(
        reverse("chat:start-with-files"), {"text": "What is it?", "files": [file(), file(picture(), "photo.png")]}
    )
    assert response.status_code == 302
    question = await Message.objects.aget(role="user")
    names = [found.name async for found in Attachment.objects.filter(message=question)]
    assert names == ["rules.txt", "photo.png"]


async def test_the_same_words_with_another_file_are_another_message(alice, settings):
    settings.ATTACHMENT_WAIT_SECONDS = 0
    client = AsyncClient()
    await client.aforce_login(alice)

    async def posted(data):
        form = {"text": "Summarise this", "once": "key", "model": "quotes", "files": file(data, "a.txt")}
        response = await client.post(reverse("chat:start-with-files"), form)
        assert response.status_code == 302
        await asyncio.gather(*runner._tasks)
        return response.url.partition("?")[0]

    first = await posted("One.")
    assert await posted("One.") == first
    assert await posted("Two.") != first
    assert await Attachment.objects.filter(message__isnull=False).acount() == 2


async def test_a_refused_file_leaves_the_message_and_the_others_in_the_page(alice):
    client = AsyncClient(raise_request_exception=False)
    await client.aforce_login(alice)
    sent = {"text": "What is it?", "files": [file(), file(b"x", "film.mp4")]}
    response = await client.post(reverse("chat:start-with-files"), sent)
    html = response.content.decode()
    assert response.status_code == 415
    assert "“film.mp4” is of a type that cannot be read." in html
    assert ">What is it?</textarea>" in html
    # The good one stays attached, so that it need not be chosen again.
    assert len(ids_in(response)) == 1


def test_the_page_offers_files_without_javascript(page):
    html = page.get(reverse("chat:new")).content.decode()
    assert 'formaction="/conversations/files/" formenctype="multipart/form-data"' in html
    assert 'id="attach"' in html
    assert "attaching.css" in html


def test_a_file_can_be_removed_before_it_is_sent(page, alice):
    found = attach(alice)
    assert page.post(reverse("chat:attachment-remove", args=[found])).status_code == 200
    assert Attachment.objects.count() == 0
    assert attachments.unsent(alice.id, [found]) == []


def test_the_page_of_a_files_text_leads_back_to_the_chats_with_files(page, alice):
    attach(alice)
    text = page.get(reverse("search:source", args=[Source.objects.get().pk])).text
    assert "Files in your chats" in text
    [back] = re.findall(r'<a class="back" href="([^"]+)"', text)
    assert back == f"{reverse('chat:history')}?files=1"
    assert page.get(back).status_code == 200
