"""What the line under the message says about money is what happens, and a refusal offers what is allowed."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from chat.conversations import drafts
from chat.live import runner
from chat.models import Message
from chat.pages import fragments
from chat.turns import storage
from chat.turns.turn_state import StoredTurnState
from langai_site.database.writer import in_database_thread
from langai_site.outbound.models import Model
from langai_site.usage import prices
from langai_site.usage.models import Budget
from tests.chat.test_spending import PRICED, UNPRICED, answered, models, site, upstream  # noqa: F401 - fixtures
from tests.chat.test_views import client_of

pytestmark = pytest.mark.django_db(transaction=True)
CHEAP = "anthropic/claude-haiku-3"
MONEY = re.compile(r"(?:at most|up to) (\$[\d.]+)")


@pytest.fixture
def cheap(models):  # noqa: F811 - the fixture
    Model.objects.create(name=CHEAP, display_name="Cheap", provider="anthropic", available=True, rank=900)
    rates = {"input": Decimal("0.01"), "output": Decimal("0.05"), "cached": Decimal("0.01")}
    prices.set_by_admin(CHEAP, valid_from=date(2026, 1, 1), **rates)


async def preview(user, model, **fields):
    client = await client_of(user)
    answer = await client.post(reverse("chat:preview-new"), {"text": "How long?", "model": model, **fields})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


async def budget(amount):
    await in_database_thread(lambda: Budget.objects.update(amount=amount))


def amount_in(text):
    return MONEY.search(text)[1]


@pytest.mark.parametrize("collections", ["none", "all"])
async def test_what_is_said_is_what_is_held(upstream, site, alice, monkeypatch, collections):  # noqa: F811
    held, hold = [], StoredTurnState.hold

    async def keep(state, most):
        held.append(most)
        await hold(state, most)

    monkeypatch.setattr(StoredTurnState, "hold", keep)
    said = amount_in(await preview(alice, PRICED, collections=collections))
    begun = await in_database_thread(storage.post, alice, None, "How long?", PRICED, (collections,))
    await reply_of(begun)
    assert said == fragments.receipt_text.shown(held[0], "ROUND_UP")


async def reply_of(begun):
    from chat.live import runner

    await runner.start(begun, runner.ReplyOpening("How long?"))
    return await Message.objects.aget(pk=begun.reply)


async def test_preview_and_refusal_name_one_amount_and_offer_the_same(upstream, site, cheap, alice):  # noqa: F811
    await budget("0.02")
    said = await preview(alice, PRICED, collections="none")
    assert "Public · anthropic/claude-haiku-4-5 would be refused: at most $0.021, and the budget of everybody" in said
    assert (
        "<dt>Allowed</dt><dd>Cheap; anthropic/claude-haiku-4-5 with an answer of at most 2,000 tokens; quotes" in said
    )
    reply = await answered(alice, PRICED)
    assert reply.error_code == "over_budget"
    assert amount_in(reply.error) == amount_in(said)
    assert upstream.requests() == []
    assert [offer["model"] for offer in reply.receipt["offers"]] == [CHEAP, PRICED]


async def test_a_refused_message_can_be_edited_and_sent_again(upstream, site, cheap, alice):  # noqa: F811
    await budget("0.02")
    reply = await answered(alice, PRICED)
    client = await client_of(alice)
    page = await client.get(reverse("chat:conversation", args=[reply.conversation_id]))
    edit = reverse("chat:edit", args=[reply.parent_id])
    assert f'hx-get="{edit}" hx-target="#m-{reply.parent_id}" hx-swap="outerHTML">Edit and send again</a>' in page.text
    await client.post(edit, {"text": "Shorter", "model": "quotes"})
    await runner.drain(10)
    page = await client.get(reverse("chat:conversation", args=[reply.conversation_id]))
    assert "Edit and send again" not in page.text
    assert "2 of 2" in page.text


async def test_the_offers_are_buttons_and_what_they_offer_works(upstream, site, cheap, alice):  # noqa: F811
    await budget("0.02")
    reply = await answered(alice, PRICED)
    client = await client_of(alice)
    page = (await client.get(reverse("chat:conversation", args=[reply.conversation_id]))).content.decode()
    assert "Ask Cheap</button>" in page
    assert "Ask anthropic/claude-haiku-4-5 for a shorter answer, of at most 2,000 tokens</button>" in page
    assert '<input type="hidden" name="max_tokens" value="2000">' in page
    for form in ({"model": CHEAP}, {"model": PRICED, "max_tokens": "2000"}):
        pick = drafts.Pick(form["model"], max_tokens=drafts.options(form).max_tokens)
        retried = await in_database_thread(storage.retry, alice, reply.id, pick)
        assert (await reply_of(retried)).status == "complete"


async def test_the_shorter_answer_is_asked_for_without_javascript(upstream, site, alice):  # noqa: F811
    await budget("0.02")
    reply = await answered(alice, PRICED)
    client = await client_of(alice)
    answer = await client.post(reverse("chat:retry", args=[reply.id]), {"model": PRICED, "max_tokens": "2000"})
    assert answer.status_code == 302
    await answered(alice, "quotes")
    sent = upstream.requests("/v1/messages")[-1]["body"]
    assert '"max_tokens": 2000' in sent or '"max_tokens":2000' in sent


async def test_a_model_without_a_price_is_refused_in_advance(upstream, site, alice):  # noqa: F811
    said = await preview(alice, UNPRICED)
    assert f"{UNPRICED} would be refused: it has no price" in said
    assert "<dt>Allowed</dt>" in said
    reply = await answered(alice, UNPRICED)
    assert "this model has no price" in reply.error
    assert [offer["model"] for offer in reply.receipt["offers"]] == [PRICED]


async def test_auto_says_the_first_model_that_there_is_room_for(upstream, site, cheap, alice):  # noqa: F811
    await in_database_thread(lambda: Model.objects.filter(name=UNPRICED).delete())
    await budget("0.01")
    said = await preview(alice, "auto", collections="none")
    assert "Public · Cheap · at most $0.00021" in said
    assert f"{PRICED}: over budget: at most $0.021," in said
    assert (await answered(alice, "auto")).receipt["model"] == "Cheap"


async def test_the_receipt_of_a_refused_turn_says_that_nothing_was_sent(upstream, site, alice):  # noqa: F811
    await budget(0)
    reply = await answered(alice, PRICED)
    rows = Message.objects.select_related("feedback").prefetch_related("citations", "attachments")
    bubble = fragments.bubble_of(await rows.aget(pk=reply.pk))
    assert bubble.summary == "Nothing was sent"
    assert ("Cost", "nothing was sent") in bubble.receipt
    assert "free" not in str(bubble.receipt)
    assert not reply.receipt["sent"]
    assert (await answered(alice, "quotes")).receipt["sent"]
