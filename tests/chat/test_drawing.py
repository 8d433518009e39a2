"""Drawing a conversation blocks nobody, and each answer is drawn once."""

import asyncio
import hashlib
import os
import subprocess
import sys
import threading
import uuid
from datetime import timedelta

import pytest
from django.conf import settings as project
from django.db import connection
from django.test import AsyncClient
from django.test.signals import template_rendered
from django.urls import reverse
from django.utils import timezone

from chat.conversations import access, branches, removing
from chat.markdown import rendering
from chat.markdown.sanitizing import CODE_CLASSES, MATH_ATTRIBUTES, MATH_TAGS, TEXT_TAGS
from chat.models import Citation, Conversation, Message, ReplyHtml
from chat.pages import drawing
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from langai_site.sensitivity import Sensitivity
from tests.chat.factories import long_conversation, said, version_of

pytestmark = pytest.mark.django_db(transaction=True)

SAMPLES = [
    "# Plan\n\nFirst **this**, *then* ~~that~~ `code`.\n\n1. one\n   - inner\n2. two\n\n> said\n\n---\n",
    "| a | b |\n|:--|--:|\n| 1 | `x|y` |\n",
    "```python\nprint('x')  # why\n```\n\n    indented\n\n```unknown\nplain\n```\n",
    "It is $a_1 = \\frac{1}{2}$, \\(b\\) and\n\n$$\n\\sum_i x_i\n$$\n",
    "[a link](https://example.com) ![a picture](https://example.com/p.png) <b onclick=x>raw</b> [x](javascript:1)",
    "As said [1], “so it is written there” and [2].",
]

# A digest of the HTML of the renderer's samples, and of what the sanitiser allows.
LOOKS = "14211b21d102ef1d"
COUNT = 40
ON_THE_PAGE = branches.PART_MESSAGES // 2


@pytest.fixture
async def alice():
    return await User.objects.acreate_user("alice", password="a long enough one")


@pytest.fixture
async def client(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


@pytest.fixture
async def long(alice):
    conversation, messages = await in_database_thread(long_conversation, alice, COUNT, "Message {} is **bold**.")
    return conversation, messages


@pytest.fixture
def renderings(monkeypatch):
    """Record the texts that the real renderer is given from now on, each with its thread."""
    seen = []
    real = rendering.render

    def watched(text, *args):
        seen.append((text, threading.current_thread().name))
        return real(text, *args)

    monkeypatch.setattr(rendering, "render", watched)
    return seen


@pytest.fixture
def nothing_shared(monkeypatch):
    """Make a process remember no drawing: what is not drawn again was stored in the database."""
    monkeypatch.setattr(drawing, "SHARED_SECONDS", 0)


async def page_of(client, conversation, query=""):
    answer = await client.get(reverse("chat:conversation", args=[conversation.id]) + query)
    assert answer.status_code == 200
    return answer.text


def last_reply(conversation):
    return Message.objects.get(id=conversation.current_leaf_id)


async def test_neither_texts_nor_templates_are_drawn_in_the_event_loop(client, long, renderings):
    conversation, messages = long
    threads = set()

    def drawn(**_):
        threads.add(threading.current_thread().name)

    template_rendered.connect(drawn)
    try:
        await page_of(client, conversation)
        await page_of(client, conversation, f"?before={messages[20].id}")
        reply = reverse("chat:reply", args=[messages[1].id])
        assert (await client.get(reply, headers={"HX-Request": "true"})).status_code == 200
    finally:
        template_rendered.disconnect(drawn)
    threads |= {name for _, name in renderings}
    assert len(renderings) == COUNT // 2
    assert {name.partition("_")[0] for name in threads} == {"drawing"}


async def test_an_answer_is_drawn_once_however_often_its_page_is_opened(client, long, renderings, nothing_shared):
    conversation, messages = long
    first = await page_of(client, conversation)
    assert len(renderings) == ON_THE_PAGE
    assert first.count("is <strong>bold</strong>.") == ON_THE_PAGE
    assert await page_of(client, conversation) != ""
    earlier = await page_of(client, conversation, f"?before={messages[COUNT - branches.PART_MESSAGES].id}")
    assert earlier.count("is <strong>bold</strong>.") == COUNT // 2 - ON_THE_PAGE
    await page_of(client, conversation, f"?before={messages[COUNT - branches.PART_MESSAGES].id}")
    assert len(renderings) == len({text for text, _ in renderings}) == COUNT // 2


async def test_the_same_words_in_two_answers_are_drawn_for_both(client, alice, renderings):
    conversation, _ = await in_database_thread(long_conversation, alice, 4, "The **same**.")
    assert (await page_of(client, conversation)).count("The <strong>same</strong>.") == 2
    assert await ReplyHtml.objects.acount() == 2


ANOTHER_PROCESS = """
import asyncio, sys, django
django.setup()
from chat.markdown import rendering
from chat.pages import drawing
from chat.models import Conversation
from chat.conversations import branches

async def main():
    drawn = []
    rendering.render = drawn.append
    conversation = await drawing.off_loop(Conversation.objects.get, id=sys.argv[1])
    part = await drawing.off_loop(branches.latest, conversation)
    html = await drawing.html_of(part.messages)
    print(len(html), len(drawn))

asyncio.run(main())
"""


def database_url():
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    return f"postgresql://{values['USER']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


async def test_what_one_process_drew_another_one_finds(client, long, settings):
    conversation, _ = long
    await page_of(client, conversation)
    values = {"DATABASE_URL": database_url(), "DATA_DIR": str(settings.DATA_DIR), "SECRET_KEY": settings.SECRET_KEY}
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "langai_site.settings", **values}
    command = [sys.executable, "-c", ANOTHER_PROCESS, str(conversation.id)]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment, cwd=project.BASE_DIR, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == [str(ON_THE_PAGE), "0"], done.stderr


async def test_all_who_ask_for_an_answer_at_the_same_time_share_its_drawing(long, renderings):
    conversation, _ = long
    part = await drawing.off_loop(branches.latest, conversation)
    found = await asyncio.gather(*(drawing.html_of(part.messages) for _ in range(10)))
    assert all(html == found[0] for html in found)
    assert len(renderings) == ON_THE_PAGE


async def test_pages_are_made_one_after_the_other(client, alice, monkeypatch):
    conversations = [(await in_database_thread(long_conversation, alice, 2, "Message {}."))[0] for _ in range(2)]
    meeting, met, real = threading.Barrier(2), [], branches.latest

    def watched(conversation):
        try:
            meeting.wait(0.2)
            met.append(conversation)
        except threading.BrokenBarrierError:
            pass
        return real(conversation)

    monkeypatch.setattr(branches, "latest", watched)
    await asyncio.gather(*(page_of(client, one) for one in conversations))
    assert meeting.broken
    assert not met


async def test_a_page_whose_answer_is_still_drawn_delays_no_other(client, alice, monkeypatch):
    (slow, _), (quick, _) = [
        await in_database_thread(long_conversation, alice, 2, f"{word} {{}}.") for word in ("Slow", "Quick")
    ]
    gate, begun, real = threading.Event(), threading.Event(), rendering.render

    def held(text, *args):
        if text.startswith("Slow"):
            begun.set()
            assert gate.wait(30)
        return real(text, *args)

    monkeypatch.setattr(rendering, "render", held)
    waiting = asyncio.create_task(page_of(client, slow))
    assert await asyncio.to_thread(begun.wait, 30)
    assert "Quick 1." in await page_of(client, quick)
    assert not waiting.done()
    gate.set()
    assert "Slow 1." in await waiting


async def test_who_goes_away_takes_a_drawing_from_nobody(long, renderings):
    conversation, _ = long
    part = await drawing.off_loop(branches.latest, conversation)
    leaving = asyncio.create_task(drawing.html_of(part.messages))
    staying = asyncio.create_task(drawing.html_of(part.messages))
    while not renderings:  # noqa: ASYNC110 - the renderer runs in another thread
        await asyncio.sleep(0)
    leaving.cancel()
    assert len(await staying) == ON_THE_PAGE
    assert len(renderings) == ON_THE_PAGE


async def test_a_text_that_changed_is_drawn_again(client, long, renderings, nothing_shared):
    conversation, _ = long
    await page_of(client, conversation)
    longer = said("assistant", "Message 39 is **bold** and *more*.")["parts"]
    await in_database_thread(Message.objects.filter(id=conversation.current_leaf_id).update, parts=longer)
    assert "and <em>more</em>." in await page_of(client, conversation)
    assert len(renderings) == ON_THE_PAGE + 1
    await page_of(client, conversation)
    assert len(renderings) == ON_THE_PAGE + 1
    assert await ReplyHtml.objects.acount() == ON_THE_PAGE


async def test_a_new_renderer_draws_again_what_is_opened(client, long, renderings, monkeypatch):
    conversation, _ = long
    await page_of(client, conversation)
    monkeypatch.setattr(rendering, "RENDERER_VERSION", rendering.RENDERER_VERSION + 1)
    await page_of(client, conversation)
    assert len(renderings) == 2 * ON_THE_PAGE


async def test_numbers_and_marks_are_part_of_what_is_drawn(client, alice, renderings):
    conversation, messages = await in_database_thread(
        long_conversation, alice, 2, "He said “the sky is green all day” [1]."
    )
    assert 'class="cite"' not in await page_of(client, conversation)
    place = {"source": uuid.uuid4(), "version": 1, "title": "Sky", "page": 1, "start": 0, "end": 9}
    await in_database_thread(Citation.objects.create, reply=messages[1], number=1, **place)
    assert 'class="cite"' in await page_of(client, conversation)
    doubted = {"unverified": ["the sky is green all day"]}
    await in_database_thread(Message.objects.filter(id=messages[1].id).update, receipt=doubted)
    assert "not found in the sources" in await page_of(client, conversation)
    assert len(renderings) == 3


async def test_a_label_that_rises_or_falls_changes_nothing_that_is_drawn(
    client, alice, long, renderings, nothing_shared
):
    conversation, _ = long
    before = await page_of(client, conversation)
    await in_database_thread(Message.objects.update, label=Sensitivity.CONFIDENTIAL)
    await in_database_thread(Conversation.objects.update, label=Sensitivity.CONFIDENTIAL)
    raised = await page_of(client, conversation)
    await in_database_thread(access.lower_label, alice.id, conversation.id, Sensitivity.PUBLIC, "It is known.")
    lowered = await page_of(client, conversation)
    assert before.count("<strong>") == raised.count("<strong>") == lowered.count("<strong>") > 0
    assert len(renderings) == ON_THE_PAGE


def test_the_html_goes_with_its_conversation(db):
    owner = User.objects.create_user("carol")
    conversation, messages = long_conversation(owner, 4)
    other, _ = long_conversation(owner, 2)
    for message in (*messages[1::2], last_reply(other)):
        ReplyHtml.objects.create(reply=message, digest="d", html="<p>It</p>")
    access.delete(owner.id, conversation.id)
    Conversation.objects.filter(id=conversation.id).update(deleted_at=timezone.now() - timedelta(hours=2))
    removing.purge_deleted()
    assert [row.reply_id for row in ReplyHtml.objects.all()] == [other.current_leaf_id]
    owner.delete()
    assert not ReplyHtml.objects.exists()


async def test_what_is_drawn_of_a_conversation_that_is_deleted_meanwhile_is_not_kept(long, caplog):
    conversation, _ = long
    part = await drawing.off_loop(branches.latest, conversation)
    await in_database_thread(Conversation.objects.all().delete)
    assert len(await drawing.html_of(part.messages)) == ON_THE_PAGE
    assert not await ReplyHtml.objects.aexists()
    assert "could not be stored (IntegrityError)" in caplog.text
    assert "bold" not in caplog.text


async def test_nobody_elses_conversation_is_drawn(client, long):
    conversation, _ = long
    await page_of(client, conversation)
    bob = await User.objects.acreate_user("bob")
    other = AsyncClient()
    await other.aforce_login(bob)
    address = reverse("chat:conversation", args=[conversation.id])
    for query in ("", f"?before={conversation.current_leaf_id}", f"?reply={conversation.current_leaf_id}"):
        refused = await other.get(address + query)
        assert refused.status_code == 404
        assert "bold" not in refused.text
    mine, _ = await in_database_thread(long_conversation, bob, 2)
    crossed = await other.get(f"{reverse('chat:conversation', args=[mine.id])}?before={conversation.current_leaf_id}")
    assert crossed.status_code == 404


async def test_an_unfinished_answer_can_be_continued_at_the_end_of_its_branch_alone(client, long):
    conversation, messages = long
    await in_database_thread(Message.objects.filter(role="assistant").update, status="stopped")
    assert (await page_of(client, conversation)).count(">Continue</button>") == 1
    assert ">Continue</button>" not in await page_of(client, conversation, f"?before={messages[20].id}")
    await in_database_thread(version_of, messages[-1])
    assert (await page_of(client, conversation)).count(">Continue</button>") == 1


def test_a_renderer_that_draws_otherwise_has_a_new_version():
    """If this fails: raise RENDERER_VERSION in chat/markdown/rendering.py, then write here what the assertion says."""
    allowed = [sorted(names) for names in (TEXT_TAGS, MATH_TAGS, MATH_ATTRIBUTES, CODE_CLASSES)]
    drawn = [rendering.render(text, {1: "/1/"}, ["so it is written there"]) for text in SAMPLES]
    looks = repr([rendering.RENDERER_VERSION, allowed, drawn])
    assert hashlib.sha256(looks.encode()).hexdigest()[:16] == LOOKS
