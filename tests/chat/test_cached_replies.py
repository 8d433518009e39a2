"""A reply from the cache as its person sees it: it says so, costs nothing, and can be generated again."""

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest

from chat import measures
from chat.live import runner
from chat.models import Message
from chat.pages.receipt_text import charged, receipt_lines, summary
from chat.turns import storage
from chat.turns.receipt import Receipt
from langai_site.accounts.models import Team
from langai_site.database.writer import in_database_thread
from langai_site.outbound.models import Model
from langai_site.usage.ledger import recomputing
from langai_site.usage.models import Budget, UsageEntry
from search.models import Collection
from search.services import index
from search.types import PageText, SourceInfo, TextSpan
from tests.chat.test_answers_cache import answers_are_shared  # noqa: F401 - a fixture
from tests.chat.test_spending import PRICED, models, upstream  # noqa: F401 - fixtures
from tests.upstream.process import eventually

pytestmark = pytest.mark.usefixtures("upstream", "models")
QUESTION = "How long do refunds take?"
ECHO, SLOW = "hosted_vllm/echo", "hosted_vllm/t30-r20"
TEXT = "Refunds take thirty days after the invoice was paid."


@pytest.fixture
def server(request):
    return request.getfixturevalue("upstream")


def receipt(reply):
    return Receipt.from_json(reply.receipt)


def calls(server):
    return len(server.requests("/v1/messages"))


def indexed(collection, document, version=1):
    info = SourceInfo(document, version, collection.pk, "Refunds", "refunds.txt", "text/plain", collection.sensitivity)
    return index(info, [PageText(1, TEXT)], [TextSpan(TEXT, 1, 0, len(TEXT))])


def known(model):
    return Model.objects.create(name=model, provider="hosted_vllm", available=True)


async def started(user, model=PRICED):
    begun = await in_database_thread(storage.post, user, None, QUESTION, model, ("all",))
    runner.start(begun, runner.ReplyOpening(QUESTION))
    return begun


async def ended(begun) -> Message:
    while runner._tasks:
        await asyncio.wait(set(runner._tasks), timeout=30)
    return await in_database_thread(lambda: Message.objects.get(id=begun.reply))


async def answered(user, model=PRICED) -> Message:
    return await ended(await started(user, model))


async def entries():
    return await in_database_thread(lambda: list(UsageEntry.objects.filter(kind="chat").order_by("id")))


async def cited(reply):
    return await in_database_thread(lambda: list(reply.citations.values_list("number", "version")))


async def test_nothing_tells_a_person_that_somebody_else_had_that_answer(server, alice, bob):
    first, other = await answered(alice), await answered(bob)
    assert calls(server) == 2
    for reply in (first, other):
        assert not receipt(reply).cached
        assert "cached" not in summary(receipt(reply))
        assert dict(receipt_lines(receipt(reply)))["Cost"] == dict(receipt_lines(receipt(first)))["Cost"]
    assert {(entry.cached, entry.saved) for entry in await entries()} == {(False, 0)}
    assert receipt(await answered(alice)).cached


@pytest.mark.usefixtures("answers_are_shared")
async def test_a_reply_from_the_cache_says_so_and_what_it_saved(server, alice, bob):
    first, again = await answered(alice), await answered(bob)
    assert calls(server) == 1
    assert (again.status, again.text) == (Message.Status.COMPLETE, first.text)
    paid, free = await entries()
    assert (free.cached, free.cost, free.saved, free.username) == (True, 0, paid.cost, "bob")
    told = dict(receipt_lines(receipt(again)))["Cost"]
    assert told.startswith("free (cached; saved $0.0")
    assert told in summary(receipt(again))
    assert "cached" not in summary(receipt(first))
    assert (await in_database_thread(recomputing.recompute)).differences == ()


@pytest.mark.usefixtures("answers_are_shared")
async def test_figures_tell_replies_from_the_cache_from_those_that_were_written(server, alice, bob):
    before = {cached: counted(cached) for cached in ("yes", "no")}
    await answered(alice)
    await answered(bob)
    assert {cached: counted(cached) - before[cached] for cached in before} == {"yes": 1, "no": 1}


def counted(cached):
    """Count the replies that have ended well, from the cache or not."""
    samples = [sample for family in measures.REPLIES.collect() for sample in family.samples]
    wanted = {"status": "complete", "cached": cached}.items()
    return sum(sample.value for sample in samples if wanted <= sample.labels.items())


def test_where_nothing_was_saved_nothing_is_said_of_it():
    assert charged(Receipt(cost=Decimal(0), cached=True, saved=Decimal(0))) == "free (cached)"
    assert charged(Receipt(cost=Decimal(0), cached=True)) == "free (cached)"
    assert charged(Receipt(cost=Decimal("0.5"))) == "$0.50"


@pytest.mark.usefixtures("answers_are_shared")
async def test_answer_again_asks_afresh_and_replaces_what_was_kept(server, alice, bob):
    await answered(alice)
    cached = await answered(bob)
    again = await in_database_thread(storage.retry, bob, cached.id)
    runner.start(again, runner.ReplyOpening(replaces=str(cached.id)))
    assert not receipt(await ended(again)).cached
    assert calls(server) == 2
    assert receipt(await answered(alice)).cached


@pytest.mark.usefixtures("answers_are_shared")
async def test_who_stops_a_shared_answer_stops_it_for_themselves_and_may_have_the_whole_one_later(server, alice, bob):
    await in_database_thread(known, SLOW)
    stopping, reading = await started(alice, SLOW), await started(bob, SLOW)
    assert await asyncio.to_thread(eventually, lambda: server.stats()["active"] == 1)
    await runner.stop(stopping.reply)
    read, stopped = await ended(reading), await ended(stopping)
    assert (stopped.status, read.status) == (Message.Status.STOPPED, Message.Status.COMPLETE)
    assert {(entry.username, entry.status, entry.cached) for entry in await entries()} == {
        ("alice", "stopped", True),
        ("bob", "complete", False),
    }
    again = await in_database_thread(storage.retry, alice, stopped.id)
    runner.start(again, runner.ReplyOpening(replaces=str(stopped.id)))
    whole = await ended(again)
    assert (receipt(whole).cached, whole.text) == (True, read.text)
    assert len(server.requests("/v1/chat")) == 1


async def test_a_cached_reply_spends_nothing_of_a_budget_that_must_have_room_for_it(server, alice):
    budget = await in_database_thread(lambda: Budget.objects.create(scope="site", period="month", amount=5))
    await answered(alice)
    (paid,) = await entries()
    assert receipt(await answered(alice)).cached
    (period,) = await in_database_thread(lambda: list(budget.periods.all()))
    assert (Decimal(period.spent) / 10**9, period.held) == (paid.cost, 0)
    await in_database_thread(lambda: Budget.objects.update(amount="0.001"))
    refused = await answered(alice)
    assert (refused.error_code, refused.text) == ("over_budget", "")


@pytest.mark.usefixtures("answers_are_shared")
async def test_a_document_that_only_one_may_read_keeps_their_answers_apart(server, alice, bob):
    def made():
        team = Team.objects.create(name="Reds")
        alice.teams.set([team])
        shared, reds = Collection.objects.create(name="All", everyone=True), Collection.objects.create(name="Reds")
        reds.teams.set([team])
        indexed(shared, uuid4())
        indexed(reds, uuid4())

    await in_database_thread(made)
    await answered(alice)
    assert not receipt(await answered(bob)).cached
    assert calls(server) == 2


@pytest.mark.usefixtures("answers_are_shared")
async def test_a_new_version_of_a_document_is_answered_from_anew_and_cited(server, alice, bob):
    shared, document = await in_database_thread(lambda: Collection.objects.create(name="All", everyone=True)), uuid4()
    await in_database_thread(known, ECHO)
    await in_database_thread(indexed, shared, document)
    server.script(f"{TEXT} [1]")
    first, again = await answered(alice, ECHO), await answered(bob, ECHO)
    assert receipt(again).cached
    assert await cited(first) == await cited(again) == [(1, 1)]
    await in_database_thread(indexed, shared, document, 2)
    server.script(f"{TEXT} [1], [2]")
    anew = await answered(bob, ECHO)
    assert not receipt(anew).cached
    assert (anew.text, await cited(anew)) == (f"{TEXT} [1]", [(1, 2)])
