import asyncio
import re
import uuid
from datetime import timedelta
from html import unescape

import pytest
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from chat.live import runner
from chat.models import Conversation, Message
from chat.turns import storage
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from langai_site.web.memory_layer import MemoryLayer
from search.models import Collection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def alice():
    return await User.objects.acreate_user("alice", password="a long enough one")


@pytest.fixture
async def bob():
    return await User.objects.acreate_user("bob", password="a long enough one")


async def client_of(person):
    client = AsyncClient()
    await client.aforce_login(person)
    return client


async def ended():
    """Wait for the live replies of this process."""
    await runner.drain(10)


async def ask(client, text="How long?", **fields):
    answer = await client.post(reverse("chat:start"), {"text": text, **fields})
    await ended()
    return answer


async def statuses():
    return await in_database_thread(
        lambda: list(Message.objects.filter(role="assistant").values_list("status", flat=True))
    )


async def test_a_question_leads_to_its_conversation_and_is_answered(alice):
    client = await client_of(alice)
    answer = await ask(client)
    assert answer.status_code == 302
    assert await statuses() == ["complete"]
    page = await client.get(answer["Location"])
    assert "How long?" in page.content.decode()


async def test_a_question_is_answered_although_its_page_is_left_at_once(alice):
    client = await client_of(alice)
    leaving = asyncio.create_task(client.post(reverse("chat:start"), {"text": "How long?"}))
    for _ in range(500):
        if await in_database_thread(Message.objects.exists):
            break
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await asyncio.sleep(0)
    await ended()
    assert await statuses() == ["complete"]


async def test_what_is_refused_comes_back_with_its_text_and_the_reason(alice, settings):
    settings.MESSAGE_MAX_CHARS = 5
    answer = await ask(await client_of(alice), "123456789")
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "9 characters; 5 are allowed" in page
    assert "123456789</textarea>" in page
    assert 'http-equiv="refresh"' not in page


async def test_a_message_sent_too_soon_comes_back_with_its_text_and_when_to_send_it(alice, settings):
    settings.RATE_LIMIT_PER_MINUTE = "1/d"
    client = await client_of(alice)
    await ask(client)
    refused = await ask(client, "Am I too fast?")
    page = refused.content.decode()
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert "You sent too much at once. Wait " in page
    assert "Am I too fast?</textarea>" in page
    assert await Message.objects.filter(role="user").acount() == 1


async def test_a_message_that_is_one_answer_too_many_comes_back_with_its_text(alice, settings):
    settings.REPLIES_IN_FLIGHT = 1
    await in_database_thread(storage.post, alice, None, "One?")
    refused = await ask(await client_of(alice), "Two?")
    assert (refused.status_code, refused["Retry-After"]) == (429, "10")
    assert "Two?</textarea>" in refused.content.decode()


async def test_a_message_counts_once_however_often_its_view_asks_who_sent_it(alice, settings):
    settings.RATE_LIMIT_PER_MINUTE = "2/d"
    client = await client_of(alice)
    await ask(client)
    conversation = await Conversation.objects.aget()
    # Without a socket the thread is read again for the response.
    url = reverse("chat:post", args=[conversation.id])
    answer = await client.post(url, {"text": "And?"}, headers={"HX-Request": "true"})
    await ended()
    assert answer["HX-Reswap"] == "none"
    assert 'hx-swap-oob="beforeend:#thread"' in answer.text
    assert (await client.post(url, {"text": "And?"})).status_code == 429


async def test_an_answer_can_be_stopped_by_who_may_send_nothing_more(alice, settings):
    settings.RATE_LIMIT_PER_MINUTE = "1/d"
    client = await client_of(alice)
    await ask(client)
    assert (await ask(client)).status_code == 429
    reply = await Message.objects.aget(role="assistant")
    assert (await client.post(reverse("chat:stop", args=[reply.id]))).status_code == 302


@pytest.mark.parametrize("address", ["conversation", "post", "rename", "delete", "restore"])
async def test_another_persons_conversation_is_not_there(alice, bob, address):
    await ask(await client_of(alice))
    conversation = await Conversation.objects.aget()
    client = await client_of(bob)
    url = reverse(f"chat:{address}", args=[conversation.id])
    answer = await (client.get(url) if address == "conversation" else client.post(url, {"text": "x", "title": "x"}))
    assert answer.status_code == 404


@pytest.mark.parametrize("address", ["stop", "retry", "continue", "reply"])
async def test_another_persons_reply_is_not_there(alice, bob, address):
    await ask(await client_of(alice))
    reply = await Message.objects.aget(role="assistant")
    url, client = reverse(f"chat:{address}", args=[reply.id]), await client_of(bob)
    assert (await (client.get(url) if address == "reply" else client.post(url))).status_code == 404


async def test_a_citation_that_is_not_there_is_a_clear_404(alice):
    client = await client_of(alice)
    await ask(client)
    reply = await Message.objects.aget(role="assistant")
    answer = await client.get(reverse("chat:citation", args=[reply.id, 7]))
    assert answer.status_code == 404
    assert "cites no passage with that number" in answer.content.decode()


async def test_addresses_that_take_messages_lead_back_to_their_pages(alice):
    client, conversation = await client_of(alice), uuid.uuid4()
    assert (await client.get(reverse("chat:start")))["Location"] == reverse("chat:new")
    answer = await client.get(reverse("chat:post", args=[conversation]))
    assert answer["Location"] == reverse("chat:conversation", args=[conversation])


async def test_the_collections_chosen_are_kept_and_others_are_not_told_of(alice):
    open_one = await Collection.objects.acreate(name="Open one", everyone=True)
    secret = await Collection.objects.acreate(name="Secret one")
    client = await client_of(alice)
    answer = await ask(client, collections=["some", open_one.pk, secret.pk])
    page = (await client.get(answer["Location"])).content.decode()
    assert '<span id="asked-words">1 of 1 collections</span>' in page
    assert f'value="{open_one.pk}" checked' in page
    assert "Secret one" not in page
    kept = await Message.objects.aget(role="user")
    assert kept.collections == [open_one.pk]


async def test_a_refused_message_comes_back_with_its_choice(alice, settings):
    settings.MESSAGE_MAX_CHARS = 5
    await Collection.objects.acreate(name="Open one", everyone=True)
    answer = await ask(await client_of(alice), "123456789", collections=["none"])
    assert '<span id="asked-words">No documents</span>' in answer.content.decode()


async def test_without_documents_quotes_says_that_none_were_asked(alice):
    client = await client_of(alice)
    answer = await ask(client, collections=["none"], model="quotes")
    page = (await client.get(answer["Location"])).content.decode()
    assert "No documents were searched, as you chose" in page
    assert "none, as you chose" in page


async def test_older_conversations_are_a_click_away_with_and_without_javascript(alice):
    now = timezone.now()
    times = [now - timedelta(days=400, seconds=number) for number in range(70)]
    made = [Conversation(owner=alice, title=f"Talk {number}.", updated_at=time) for number, time in enumerate(times)]
    await Conversation.objects.abulk_create(made)
    client = await client_of(alice)
    first = (await client.get(reverse("chat:new"))).content.decode()
    assert "Talk 59." in first
    assert "Talk 60." not in first
    older = unescape(re.search(r'class="older" href="([^"]+)"', first)[1])
    whole = (await client.get(older)).content.decode()
    assert "<html" in whole
    assert "Talk 60." in whole
    assert "Talk 59." not in whole
    shown = f"http://testserver/conversations/{made[65].id}/"
    part = (await client.get(older, headers={"HX-Request": "true", "HX-Current-URL": shown})).content.decode()
    assert "<html" not in part
    assert part.count('aria-current="page"') == 1
    assert "<h2>" not in part
    assert 'class="older"' not in part


async def test_a_conversation_whose_model_is_gone_says_so_and_offers_auto(alice):
    client = await client_of(alice)
    conversation = await Conversation.objects.acreate(owner=alice, title="Old", model="office/gone")
    page = await client.get(reverse("chat:conversation", args=[conversation.id]))
    assert "<b>office/gone</b>, is no longer available. Auto is selected instead." in page.text
    assert " selected" not in page.text.partition('<select id="model"')[2].partition("</select>")[0]


async def test_who_administers_is_led_to_the_first_connection(alice):
    client = await client_of(alice)
    assert "An admin can connect a model." in (await client.get(reverse("chat:new"))).text
    alice.is_staff = True
    await alice.asave()
    assert reverse("admin:outbound_connection_add") in (await client.get(reverse("chat:new"))).text


async def test_a_name_that_no_model_can_have_is_told_and_not_kept(alice):
    answer = await ask(await client_of(alice), model="x" * 500)
    assert answer.status_code == 400
    assert not await in_database_thread(Message.objects.exists)


async def test_who_is_signed_out_is_asked_to_sign_in_and_comes_back():
    conversation = uuid.uuid4()
    url = reverse("chat:conversation", args=[conversation])
    assert (await AsyncClient().get(url))["Location"] == f"{reverse('account_login')}?next={url}"


async def test_deleting_offers_the_conversation_back(alice):
    client = await client_of(alice)
    await ask(client)
    conversation = await Conversation.objects.aget()
    gone = await client.post(reverse("chat:delete", args=[conversation.id]))
    page = await client.get(gone["Location"])
    assert "Deleted “How long?”" in page.content.decode()
    back = await client.post(reverse("chat:restore", args=[conversation.id]))
    assert (await client.get(back["Location"])).status_code == 200


class DeafLayer(MemoryLayer):
    """Slow, and mistakes the first cancellation of a send for its own, as clients of Redis may."""

    async def group_send(self, group, message):
        try:
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        await super().group_send(group, message)


async def test_an_answer_ends_although_a_library_takes_a_cancellation_for_its_own(alice, settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.chat.test_views.DeafLayer"}}
    await ask(await client_of(alice))
    assert await statuses() == ["complete"]
