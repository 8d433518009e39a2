"""Questions that a model writes on a click, through the one door and in the ledger."""

import pytest

from chat.live import asking_next, runner
from chat.turns import storage
from langai_site.database.writer import in_database_thread
from langai_site.errors import ForbiddenError, NotFoundError, UnavailableError
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry

QUESTION = "How long is the leave?"


async def answered(person, **more):
    started = await in_database_thread(lambda: storage.post(person, None, QUESTION, "quotes", **more))
    await runner.start(started, runner.ReplyOpening(QUESTION))
    return started.reply


async def test_the_cheapest_model_writes_them(upstream, alice, echo):
    reply = await answered(alice)
    upstream.script("1. How long?\n2. Who signs?")
    found = await asking_next.written(alice.id, reply)
    assert [one.question for one in found] == ["How long?", "Who signs?"]
    entry = await UsageEntry.objects.aget(kind="questions")
    assert (entry.model, entry.status, entry.username) == (echo, "complete", "alice")


async def test_without_a_model_that_may_see_it_nothing_is_sent(upstream, alice, echo, settings):
    reply = await answered(alice, label=Sensitivity.CONFIDENTIAL)
    settings.LOCAL_HOSTS = []
    with pytest.raises(ForbiddenError, match="nothing was sent"):
        await asking_next.written(alice.id, reply)
    settings.FOLLOW_UPS = "headings"
    with pytest.raises(ForbiddenError, match="switched off"):
        await asking_next.written(alice.id, reply)
    assert upstream.requests() == []


async def test_others_and_models_without_an_idea_get_nothing(upstream, alice, bob, echo):
    reply = await answered(alice)
    with pytest.raises(NotFoundError):
        await asking_next.written(bob.id, reply)
    upstream.script("“”")
    with pytest.raises(UnavailableError):
        await asking_next.written(alice.id, reply)
