"""A long conversation comes in parts, each of which can be reached, with and without JavaScript."""

import re
import uuid
from html import unescape

import pytest
from django.test import AsyncClient
from django.urls import reverse
from selectolax.lexbor import LexborHTMLParser

from chat.conversations import access, branches
from chat.models import Conversation, Message
from chat.pages import catching_up, drawing, fragments
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from tests.chat.factories import long_conversation, version_of

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HX-Request": "true"}
PART = branches.PART_MESSAGES
COUNT = 100


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
    return await in_database_thread(long_conversation, alice, COUNT)


def url_of(conversation, query=""):
    return reverse("chat:conversation", args=[conversation.id]) + query


async def opened(client, url, **headers):
    answer = await client.get(url, headers=headers)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.text)


def shown(page):
    """Return the numbers of the messages on a page, as `long_conversation` writes them."""
    texts = [turn.css_first(".said, .answer").text() for turn in page.css("article.turn")]
    return [int(re.search(r"\d+", text)[0]) for text in texts]


def earlier(page):
    link = page.css_first("a#earlier")
    return unescape(link.attributes["href"]) if link else None


async def test_the_page_shows_the_end_and_leads_to_all_that_came_before_without_a_script(client, long):
    conversation, _ = long
    page = await opened(client, url_of(conversation))
    assert shown(page) == list(range(COUNT - PART, COUNT))
    seen, newest = shown(page), url_of(conversation)
    while address := earlier(page):
        page = await opened(client, address)
        assert f'<a href="{newest}">Go to the newest messages</a>' in page.html
        seen = shown(page) + seen
    assert seen == list(range(COUNT))
    assert "The conversation begins here." in page.html


async def test_a_part_by_itself_is_a_page_without_what_belongs_to_the_end(client, long):
    conversation, messages = long
    page = await opened(client, url_of(conversation, f"?before={messages[50].id}"))
    assert page.css_first("title").text().startswith("Long")
    assert page.css_first("#conversations")
    assert not page.css_first("#composer, [ws-connect], #jump, noscript meta")
    whole = await opened(client, url_of(conversation))
    assert whole.css_first("#composer")
    assert whole.css_first("main").attributes["ws-connect"].endswith(f"{messages[-1].id}.None.complete")


async def test_htmx_gets_the_messages_alone_and_the_link_to_those_before(client, long):
    conversation, messages = long
    first_shown = messages[COUNT - PART]
    answer = await client.get(url_of(conversation, f"?before={first_shown.id}"), headers=HTMX)
    assert "<html" not in answer.text
    part = LexborHTMLParser(answer.text)
    assert shown(part) == list(range(COUNT - 2 * PART, COUNT - PART))
    link = part.css_first("a#earlier")
    assert link.attributes["hx-get"] == link.attributes["href"] == earlier(part)
    last = await client.get(url_of(conversation, f"?before={messages[4].id}"), headers=HTMX)
    # The element that had the focus is replaced by one that can have it.
    assert '<p class="earlier" id="earlier" tabindex="-1">The conversation begins here.</p>' in last.text


@pytest.mark.parametrize("before", ["x", "0", str(uuid.UUID(int=7)), "%00"])
async def test_a_place_that_is_none_is_a_clear_404(client, long, before):
    conversation, _ = long
    answer = await client.get(url_of(conversation, f"?before={before}"))
    assert answer.status_code == 404
    assert "This message does not exist, or it is not yours." in answer.text


async def test_who_is_signed_out_is_asked_to_sign_in(long):
    conversation, messages = long
    answer = await AsyncClient().get(url_of(conversation, f"?before={messages[50].id}"))
    assert answer["Location"].startswith(reverse("account_login"))


async def test_a_short_conversation_has_no_link_and_no_beginning(client, alice):
    conversation, _ = await in_database_thread(long_conversation, alice, 4)
    page = await opened(client, url_of(conversation))
    assert shown(page) == [0, 1, 2, 3]
    assert not page.css_first("#earlier")


async def test_versions_are_counted_at_the_edge_of_a_part_too(client, long):
    conversation, messages = long
    edge = messages[COUNT - PART + 1]
    other = await in_database_thread(version_of, edge)
    page = await opened(client, url_of(conversation))
    nav = page.css_first(f"#m-{edge.id} .siblings")
    assert nav.css_first("span").text() == "1 of 2"
    assert nav.css_first("a").attributes["href"] == url_of(conversation, f"?reply={other.id}")
    switched = await client.get(url_of(conversation, f"?reply={other.id}"))
    assert switched["Location"] == url_of(conversation)
    page = await opened(client, switched["Location"])
    assert page.css("article.turn")[-1].attributes["id"] == f"m-{other.id}"
    assert page.css_first(f"#m-{other.id} .siblings span").text() == "2 of 2"
    assert len(page.css("article.turn")) == PART


async def test_another_version_is_shown_where_it_stands(client, long):
    conversation, messages = long
    for place in (11, COUNT - 5):
        await in_database_thread(version_of, messages[place])
        back = await client.get(url_of(conversation, f"?reply={messages[place].id}"))
        address, _, anchor = back["Location"].partition("#")
        assert anchor == f"m-{messages[place].id}"
        page = await opened(client, address)
        assert page.css_first(f"#{anchor}")
        assert address == url_of(conversation, f"?before={messages[12].id}" if place == 11 else "")


async def test_an_answers_own_address_leads_to_the_part_that_shows_it(client, long):
    conversation, messages = long
    for number, query in ((11, f"?before={messages[12].id}#m-{messages[11].id}"), (COUNT - 1, "")):
        answer = await client.get(reverse("chat:reply", args=[messages[number].id]))
        assert answer["Location"] == url_of(conversation, query)
    other = await in_database_thread(version_of, messages[11])
    assert (await client.get(reverse("chat:reply", args=[other.id])))["Location"] == url_of(conversation)


async def test_a_version_that_is_none_leads_to_the_conversation(client, long):
    conversation, _ = long
    assert (await client.get(url_of(conversation, "?reply=x")))["Location"] == url_of(conversation)
    assert (await client.get(url_of(conversation, f"?reply={uuid.uuid4()}"))).status_code == 404


# What a page gets after a disconnection, or if its socket is blocked.


async def frame_for(conversation, shown_state):
    await conversation.arefresh_from_db()
    part = await drawing.off_loop(branches.latest, conversation)
    key = fragments.message_of(shown_state)
    last = key and await drawing.off_loop(branches.common, conversation, key, part.messages)
    return await catching_up.frame(part, shown_state, last, None)


def articles(frame):
    return re.findall(r'<article[^>]* id="m-([^"]+)"', frame)


async def test_a_page_that_was_away_is_sent_what_it_lacks_and_keeps_the_rest(long):
    conversation, messages = long
    state = fragments.state_of(messages[-5])
    frame = await frame_for(conversation, state)
    assert articles(frame) == [str(message.id) for message in messages[-4:]]
    assert f'data-after="m-{messages[-5].id}"' in frame
    assert 'id="thread"' not in frame


async def test_what_a_page_shows_last_is_drawn_again_where_it_changed(long):
    conversation, messages = long
    frame = await frame_for(conversation, f"{messages[-3].id}.{uuid.uuid4()}.streaming")
    assert articles(frame) == [str(message.id) for message in messages[-3:]]
    assert f'hx-swap-oob="outerHTML:#m-{messages[-3].id}"' in frame


async def test_a_page_that_shows_another_branch_keeps_what_both_have(alice, long):
    conversation, messages = long
    other = await in_database_thread(version_of, messages[-3])
    await in_database_thread(access.show, alice.id, other.id)
    frame = await frame_for(conversation, fragments.state_of(messages[-1]))
    assert articles(frame) == [str(other.id)]
    assert f'data-after="m-{messages[-4].id}"' in frame


@pytest.mark.parametrize("state", ["", "x", "x.y.z", f"{uuid.UUID(int=7)}.None.complete", "early"])
async def test_a_page_that_is_too_far_behind_gets_one_part(long, state):
    conversation, messages = long
    frame = await frame_for(conversation, fragments.state_of(messages[3]) if state == "early" else state)
    assert frame.startswith('<div id="thread" hx-swap-oob="innerHTML">')
    assert articles(frame) == [str(message.id) for message in messages[-PART:]]
    assert f"?before={messages[-PART].id}" in frame


async def ask(client, url, **fields):
    from chat.live import runner

    answer = await client.post(url, fields, headers=HTMX)
    assert answer.status_code == 200
    await runner.drain(10)
    return answer


async def test_a_page_without_a_socket_keeps_its_parts_when_it_asks_on(client, long):
    conversation, messages = long
    answer = await ask(client, reverse("chat:post", args=[conversation.id]), text="And then?", model="quotes")
    assert answer["HX-Reswap"] == "none"
    assert f'data-after="m-{messages[-1].id}"' in answer.text
    assert len(articles(answer.text)) == 2
    assert "And then?" in answer.text


async def test_a_page_without_a_socket_keeps_its_parts_when_it_asks_again(client, long):
    _, messages = long
    answer = await ask(client, reverse("chat:retry", args=[messages[-5].id]), model="quotes")
    assert f'data-after="m-{messages[-6].id}"' in answer.text
    assert len(articles(answer.text)) == 1
    await in_database_thread(Message.objects.filter(id=messages[-1].id).update, status="stopped")
    await in_database_thread(Conversation.objects.update, current_leaf=messages[-1])
    answer = await ask(client, reverse("chat:continue", args=[messages[-1].id]))
    assert f'data-after="m-{messages[-2].id}"' in answer.text
    assert articles(answer.text) == [str(messages[-1].id)]


async def test_who_asks_again_from_an_earlier_part_is_taken_to_the_end(client, long):
    conversation, messages = long
    headers = HTMX | {"HX-Current-URL": f"http://testserver{url_of(conversation, f'?before={messages[9].id}')}"}
    answer = await client.post(reverse("chat:retry", args=[messages[5].id]), {"model": "quotes"}, headers=headers)
    assert answer["HX-Redirect"] == url_of(conversation)


async def test_a_conversation_whose_messages_are_gone_has_an_empty_page(client, alice):
    conversation = await Conversation.objects.acreate(owner=alice, title="Empty")
    page = await opened(client, url_of(conversation))
    assert not page.css("article")
    assert page.css_first("#composer")


# Costly requests are counted.


async def test_pages_that_cost_are_counted_and_a_refusal_says_when_to_go_on(client, long, settings):
    settings.RATE_LIMIT_PAGES = "2/d"
    conversation, messages = long
    await opened(client, url_of(conversation))
    await opened(client, url_of(conversation, f"?before={messages[70].id}"), **HTMX)
    refused = await client.get(url_of(conversation))
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert "You opened too many pages in a short time. Wait " in refused.text
    part = await client.get(url_of(conversation, f"?before={messages[40].id}"), headers=HTMX)
    assert (part.status_code, part["HX-Retarget"]) == (429, "#notices")
    citation = await client.get(reverse("chat:citation", args=[messages[1].id, 1]))
    assert citation.status_code == 429
    # Neither posts nor other pages are counted with them.
    assert (await client.get(reverse("chat:new"))).status_code == 200
    assert (await ask(client, reverse("chat:post", args=[conversation.id]), text="On?", model="quotes")).text


async def test_nobody_is_kept_from_scrolling_through_a_thousand_messages(client, alice):
    conversation, _ = await in_database_thread(long_conversation, alice, 1_000)
    page, parts = await opened(client, url_of(conversation)), 1
    while address := earlier(page):
        page, parts = await opened(client, address, **HTMX), parts + 1
    assert parts == -(-1_000 // PART)


async def test_an_answer_with_only_a_failure_is_shown(client, alice):
    conversation, messages = await in_database_thread(long_conversation, alice, 2)
    await in_database_thread(
        Message.objects.filter(id=messages[1].id).update, parts=[], status="failed", error="It failed."
    )
    page = await opened(client, url_of(conversation))
    assert page.css_first(".problem p").text() == "It failed."
