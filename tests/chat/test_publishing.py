"""Open pages learn what happens, even if Redis was restarted just then."""

import asyncio
from uuid import uuid4

import pytest
from channels.layers import get_channel_layer

from chat.events import group_of
from chat.live import publishing
from tests.servers import Redis

pytestmark = [pytest.mark.needs("redis")]


@pytest.fixture
def redis(settings):
    server = Redis().start()
    layer = {"BACKEND": "langai_site.web.redis_layer.RedisLayer", "CONFIG": {"hosts": [server.url]}}
    settings.CHANNEL_LAYERS = {"default": layer}
    yield server
    server.stop()


@pytest.fixture
def page(redis):
    """Return a conversation, and the next event for a page that has it open."""
    conversation = uuid4()

    async def listening():
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(group_of(conversation), channel)
        return lambda: asyncio.wait_for(layer.receive(channel), 20)

    return conversation, listening


def restart(redis: Redis) -> None:
    redis.stop()
    redis.start()


async def test_an_event_goes_out_though_redis_was_restarted_since_the_last_one(redis, page, caplog):
    conversation, _ = page
    event = {"type": "reply.done", "reply": "1"}
    assert await publishing.publish(conversation, event)
    restart(redis)
    assert not await publishing.publish(conversation, event), "it took a second attempt"
    assert "could not be published" not in caplog.text
    assert await publishing.publish(conversation, event)


async def test_the_end_of_an_answer_reaches_open_pages_though_redis_was_away(redis, page, caplog):
    conversation, listening = page
    told, reply = await listening(), uuid4()
    redis.stop()
    ending = asyncio.create_task(publishing.publish_finished(conversation, reply))
    while "could not be published" not in caplog.text:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    redis.start()
    assert (await told())["reply"] == str(reply)
    ending.cancel()


async def test_a_task_that_is_cancelled_while_it_publishes_ends(redis):
    layer = get_channel_layer()

    async def publish() -> None:
        await layer.group_send("group", {"type": "event"})
        raise AssertionError("it went on")

    # Once at every moment of the sending.
    for steps in range(60):
        task = asyncio.create_task(publish())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises((asyncio.CancelledError, AssertionError)) as ended:
            await task
        if ended.type is AssertionError:
            assert not task.cancelling(), f"a cancellation after {steps} steps was lost"
