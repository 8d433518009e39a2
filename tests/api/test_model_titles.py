"""Titles by a model: once, cheaply, only by a model that may see the text, and never over a person's own."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from chat.conversations import access, drafts, forks, model_titles
from chat.history import finding
from chat.live import asking_next, publishing, runner, titling
from chat.models import Conversation, Message
from chat.turns import extras, storage
from langai_site import detectors
from langai_site.database.writer import in_database_thread
from langai_site.outbound import catalogue
from langai_site.outbound.abilities import Ability
from langai_site.outbound.models import Model
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import Budget, Reservation, UsageEntry
from langai_site.usage.spending import budgets
from langai_site.usage.types import ModelPrice
from tests.api.conftest import offer
from tests.chat.test_conversations import finish
from tests.chat.test_routing import model
from tests.detectors import made

QUESTION = "How many days of parental leave does somebody get who began in spring?"
CARD = made.groups(made.card("4"))


@pytest.fixture
async def titles(upstream, settings, alice, echo):
    """A local model that answers with what is scripted; `quotes` answers the questions themselves."""
    settings.TITLES = "local"
    upstream.script("Parental leave")
    return upstream


async def asked(person, text=QUESTION, **more):
    """Ask quotes, and wait for the answer and for what follows it."""
    started = await in_database_thread(lambda: storage.post(person, None, text, "quotes", **more))
    await runner.start(started, runner.ReplyOpening(text))
    await followed()
    return started


async def followed():
    while runner._tasks:
        await asyncio.gather(*runner._tasks)


async def title():
    return (await Conversation.objects.aget()).title


async def test_the_first_answer_brings_a_title_that_search_finds(titles, alice):
    started = await asked(alice)
    conversation = await Conversation.objects.aget()
    assert (conversation.title, conversation.titled_by) == ("Parental leave", "model")
    [request] = titles.requests()
    body = json.loads(request["body"])
    assert (body["max_tokens"], [said["role"] for said in body["messages"]]) == (
        24,
        ["system", "user", "assistant", "user"],
    )
    found = await in_database_thread(finding.find, alice.id, "leave parental")
    assert [one.conversation.id for one in found.found] == [started.conversation]


async def test_patterns_that_have_to_be_read_again_lose_no_title(titles, alice, monkeypatch):
    """Most answers take longer than patterns are remembered, and the event loop cannot read them."""
    monkeypatch.setattr(detectors.patterns, "REMEMBERED", -1)
    await asked(alice)
    assert await title() == "Parental leave"


async def test_it_is_in_the_ledger_as_a_title_and_reserves_nothing_afterwards(titles, alice):
    await asked(alice)
    entry = await UsageEntry.objects.aget(kind="title")
    assert (entry.cost, entry.status, entry.hosted, entry.username) == (0, "complete", False, "alice")
    assert not await Reservation.objects.filter(status="held").aexists()


async def test_only_the_beginnings_are_sent(titles, alice):
    await asked(alice, "word " * 400)
    _system, question, answer, _ask = json.loads(titles.requests()[0]["body"])["messages"]
    assert (len(question["content"]), len(answer["content"]) <= 300) == (600, True)


async def test_it_is_written_once(titles, alice):
    started = await asked(alice)
    titles.script("Another title")
    again = await in_database_thread(storage.retry, alice, started.reply)
    await runner.start(again, runner.ReplyOpening(replaces=str(started.reply)))
    further = await in_database_thread(storage.post, alice, started.conversation, "And?", "quotes")
    await runner.start(further, runner.ReplyOpening("And?"))
    await followed()
    assert (await title(), len(titles.requests())) == ("Parental leave", 1)


async def test_a_title_that_a_person_typed_stays(titles, alice, monkeypatch):
    answer = extras.answer

    async def renamed_meanwhile(*call):
        written = await answer(*call)
        conversation = await Conversation.objects.aget()
        await in_database_thread(access.rename, alice.id, conversation.id, "My own")
        return written

    monkeypatch.setattr(extras, "answer", renamed_meanwhile)
    await asked(alice)
    assert await title() == "My own"


@pytest.mark.parametrize("how", ["off", "hosted", "temporary", "program", "confidential", "nonsense"])
async def test_the_first_words_stay(titles, alice, settings, how):
    if how == "off":
        settings.TITLES = "off"
    if how in ("hosted", "confidential"):
        settings.LOCAL_HOSTS = []
    if how == "confidential":
        settings.TITLES = "any"
    if how == "nonsense":
        titles.reset()
        titles.script("“”")
    more = {
        "temporary": {"keep": "hour"},
        "program": {"source": access.API},
        "confidential": {"label": Sensitivity.CONFIDENTIAL},
    }
    await asked(alice, **more.get(how, {}))
    assert (await title()).startswith("How many days of parental leave")
    assert len(titles.requests()) == (how == "nonsense")


async def test_a_card_number_stands_in_no_title(titles, alice):
    titles.reset()
    titles.script(f"Card {CARD}")
    await asked(alice, f"Is {CARD} a good card?")
    written = await title()
    assert written.startswith("Card [")
    assert CARD not in written


async def test_a_budget_without_room_leaves_the_first_words_and_sends_nothing(titles, alice, settings):
    settings.TITLES, settings.LOCAL_HOSTS = "any", []
    await Budget.objects.acreate(scope="site", period="day", amount=Decimal(0))
    budgets.forget()
    priced = replace(model("echo"), price=ModelPrice("1", Decimal(5), Decimal(9), Decimal(1)))
    call = extras.ExtraCall(model_titles.messages("a", "b"), 24, Sensitivity.PUBLIC, await caller(alice), "title", None)
    with pytest.raises(budgets.OverBudgetError):
        await extras.answer(call, priced)
    assert titles.requests() == []
    assert not await UsageEntry.objects.filter(kind="title").aexists()
    assert not await Reservation.objects.filter(status="held").aexists()


async def caller(person):
    started = await in_database_thread(storage.post, person, None, "Hi", "quotes")
    await runner.start(started, runner.ReplyOpening("Hi"))
    return started.request.caller


async def test_the_page_is_told(titles, alice, monkeypatch):
    told = []
    publish = publishing.publish

    async def heard(conversation, event):
        told.append(event["type"])
        return await publish(conversation, event)

    monkeypatch.setattr(publishing, "publish", heard)
    await asked(alice)
    assert told[-1] == "conversation.titled"


async def test_a_copy_keeps_its_title(titles, alice):
    started = await asked(alice)
    copy = await in_database_thread(forks.fork, alice, started.reply)
    assert copy.titled_by == "model"


async def test_a_model_that_fails_is_no_trouble(upstream, settings, alice):
    settings.TITLES = "local"
    await in_database_thread(lambda: offer("fail-cut-t0-r0"))
    started = await asked(alice)
    conversation = await Conversation.objects.aget()
    assert (conversation.titled_by, conversation.title[:8]) == ("asked", "How many")
    assert await in_database_thread(access.access_reply, alice.id, started.reply)
    assert await Model.objects.acount() == 1


def priced(name, cost, **more):
    return replace(model(name), price=ModelPrice("1", Decimal(cost), Decimal(0), Decimal(0)), **more)


def test_local_models_come_first_then_the_cheapest():
    dear, cheap, free = priced("dear", 5), priced("cheap", 1), model("free")
    big, small = model("big", "strong", hosted=False), model("small", "simple", hosted=False)
    thinker = replace(model("thinker", "simple", hosted=False), abilities={Ability.THINKING: True})
    must_think = priced("o9", 0, provider="openai", abilities={Ability.THINKING: True})
    every = (dear, thinker, cheap, free, big, must_think, small)
    allowed = [one.name for one in extras.candidates(every, Sensitivity.INTERNAL, local_only=False)]
    assert allowed == ["small", "big", "thinker", "cheap", "dear"]
    assert [one.name for one in extras.candidates(every, 20, local_only=False)] == ["small", "big", "thinker"]
    assert extras.candidates((dear, cheap), Sensitivity.PUBLIC, local_only=True) == []


def test_what_only_models_in_the_building_may_answer_is_shown_to_no_other(alice, settings, monkeypatch):
    settings.TITLES = "any"
    monkeypatch.setattr(catalogue, "models", lambda _person: [priced("dear", 5)])
    started = storage.post(alice, None, QUESTION, "quotes")
    finish(started, "Thirty days.")
    assert titling._wanted(started).models == [priced("dear", 5)]
    assert asking_next._wanted(alice.id, started.reply)[2] == [priced("dear", 5)]
    local = drafts.again({"models": "local"})
    assert titling._wanted(replace(started, request=replace(started.request, pick=local))) is None
    Message.objects.filter(id=started.reply).update(options=local.written())
    assert asking_next._wanted(alice.id, started.reply)[2] == []
    # Nor is it when the answer is continued.
    assert drafts.AS_BEFORE.as_requested(local.written()).local_only


def test_a_model_that_thinks_is_asked_not_to():
    local = replace(model("qwen", hosted=False), provider="hosted_vllm", abilities={Ability.THINKING: True})
    assert extras.without_thinking(local).extra_body == {"chat_template_kwargs": {"enable_thinking": False}}
    ollama = replace(local, provider="ollama_chat")
    assert extras.without_thinking(ollama).parameters == {"reasoning_effort": "none"}
    assert extras.without_thinking(model("plain")) == model("plain")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Parental leave", "Parental leave"),
        ("\n**Title: “Parental leave”**\nIt is about…", "Parental leave"),
        ("# Elternzeit.", "Elternzeit"),
        ("标题：育儿假。", "育儿假"),  # noqa: RUF001
        ("“”", ""),
        ("", ""),
    ],
)
def test_what_models_put_around_a_title_is_left_out(said, kept):
    assert model_titles.cleaned(said, detectors.detect) == kept


def test_a_long_title_is_cut_at_a_word():
    assert len(model_titles.cleaned("leave " * 40, detectors.detect)) <= 61
