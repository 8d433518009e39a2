"""POST /chat/stream: the answer while it is written, in events from which the stream can be resumed."""

import asyncio
from uuid import uuid4

import pytest

from chat.live import publishing, runner, snapshots, watching
from chat.models import Conversation, Message
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from tests.api.conftest import error_of, offer, program_of
from tests.api.events import frames_of, read, text_of, told

pytestmark = pytest.mark.usefixtures("upstream")


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.CHAT)


@pytest.fixture
def slow(transactional_db):
    """Offer a model that writes 60 words per second."""
    return offer("t60-r60")


async def begun(answer, pieces=1):
    """Read a stream until it has sent some pieces of text, and leave it open."""
    stream, seen = aiter(answer), b""
    while seen.count(b"event: content") < pieces:
        seen += await anext(stream)
    return stream, frames_of(seen.decode())


async def test_model_text_citations_and_usage_are_told_in_this_order(program, echo, upstream):
    upstream.script("Say “this”.\n\u2028 data: x\n\ny")
    frames = await read(await program.post("/chat/stream", message="Say it."))
    kinds = [frame.event or frame.data for frame in frames]
    assert kinds[0] == "model"
    assert set(kinds[1:-3]) == {"content"}
    assert kinds[-3:] == ["citations", "usage", "[DONE]"]
    assert text_of(frames) == "Say “this”.\n\u2028 data: x\n\ny"
    (model,), (usage,) = told(frames, "model"), told(frames, "usage")
    assert model["model"] == usage["model_used"] == echo
    assert usage["message"] == text_of(frames)
    assert usage["tokens_used"] > 0
    assert model["conversation_id"] == str((await Conversation.objects.aget()).id)


async def test_proxies_and_caches_keep_nothing_back(program, echo):
    answer = await program.post("/chat/stream", message="How?")
    assert (answer["X-Accel-Buffering"], answer["Cache-Control"]) == ("no", "private, no-store")
    await read(answer)


async def test_a_long_answer_comes_in_pieces(program, slow):
    frames = await read(await program.post("/chat/stream", message="How?", model=slow))
    assert len(told(frames, "content")) > 5
    assert text_of(frames) == (await Message.objects.aget(role="assistant")).text


async def test_while_its_local_model_is_busy_a_program_is_told_how_many_come_first(program, bob, settings):
    settings.LOCAL_SERVER_SLOTS = 1
    slow = await in_database_thread(offer, "t40-r12")
    busy, _ = await begun(await (await program_of(bob, Scope.CHAT)).post("/chat/stream", message="How?", model=slow))
    frames = await read(await program.post("/chat/stream", message="And me?", model=slow))
    assert [frame.event for frame in frames][:3] == ["queue", "model", "content"]
    assert told(frames, "queue") == [{"type": "queue", "before": 0}]
    await busy.aclose()


async def test_a_program_is_told_when_the_model_thinks_and_for_how_long(program, transactional_db):
    model = await in_database_thread(offer, "h30-r60-t4")
    frames = await read(await program.post("/chat/stream", message="How?", model=model))
    kinds = [frame.event for frame in frames]
    assert kinds.index("thinking") < kinds.index("model") < kinds.index("content")
    begins, ends = told(frames, "thinking")
    assert (begins["state"], ends["state"]) == ("running", "over")
    assert (begins["seconds"], ends["seconds"] > 0) == (0, True)


async def test_numbers_that_name_no_passage_are_gone_from_the_text_at_the_end(program, echo):
    frames = await read(await program.post("/chat/stream", message="See [7] this. " * 40 + "See [7] that."))
    (usage,) = told(frames, "usage")
    assert usage["message"] == "See this. " * 40 + "See that."
    assert text_of(frames).replace(" [7]", "") == usage["message"]


@pytest.mark.parametrize("sent", ["See", "See [7,", "See [7, 8]"])
async def test_an_end_that_takes_out_a_citation_loses_nothing_wherever_the_stream_stood(
    program, upstream, monkeypatch, sent
):
    async def publish_once(reply):
        while reply.text != sent:
            reply.changed.clear()
            await reply.changed.wait()
        await runner._publish_grown(reply)

    monkeypatch.setattr(runner, "_publish_growth", publish_once)
    upstream.script("See [7, 8] this.")
    frames = await read(
        await program.post("/chat/stream", message="Say it.", model=await in_database_thread(offer, "echo-r20"))
    )
    assert told(frames, "content")[0]["content"] == sent
    assert text_of(frames) == ("See this." if sent == "See" else "See [7, 8] this.")


async def test_where_the_connection_broke_the_stream_goes_on(program, slow):
    stream, first = await begun(await program.post("/chat/stream", message="How?", model=slow), pieces=3)
    await stream.aclose()
    last = first[-1].id
    rest = await read(await program.post("/chat/stream", message="How?", headers={"Last-Event-ID": last}))
    reply = await Message.objects.aget(role="assistant")
    assert text_of(first) + text_of(rest) == reply.text
    assert reply.status == "complete"
    assert len(told(rest, "content")) > 1


async def test_an_answer_that_has_ended_can_be_gone_on_with_as_well(program, echo):
    frames = await read(await program.post("/chat/stream", message="All of this."))
    reply = frames[1].id.partition("/")[0]
    rest = await read(await program.post("/chat/stream", message="x", headers={"Last-Event-ID": f"{reply}/4"}))
    assert text_of(rest) == "of this."
    assert told(rest, "usage") == told(frames, "usage")
    assert await Message.objects.acount() == 2


async def test_nobody_goes_on_with_anothers_answer(program, bob, echo):
    await read(await (await program_of(bob)).post("/chat/stream", message="One?"))
    reply = await Message.objects.aget(role="assistant")
    for place, code in ((f"{reply.id}/0", 404), (f"{uuid4()}/0", 404), ("nonsense", 400)):
        answer = await program.post("/chat/stream", message="x", headers={"Last-Event-ID": place})
        assert error_of(answer)[0] == code


async def test_closing_the_connection_stops_nothing(program, slow):
    stream, _ = await begun(await program.post("/chat/stream", message="How?", model=slow))
    await stream.aclose()
    await runner.drain(10)
    assert (await Message.objects.aget(role="assistant")).status == "complete"


async def test_closing_the_connection_stops_where_that_was_asked(program, slow):
    asked = {"message": "How?", "model": slow, "stop_on_disconnect": True}
    stream, _ = await begun(await program.post("/chat/stream", asked))
    await stream.aclose()
    await runner.drain(10)
    assert (await Message.objects.aget(role="assistant")).status == "stopped"


async def test_what_is_stopped_elsewhere_ends_the_stream_with_what_there_is(program, slow):
    stream, first = await begun(await program.post("/chat/stream", message="How?", model=slow))
    reply = await Message.objects.aget(role="assistant")
    await runner.stop(reply.id)
    rest = frames_of(b"".join([part async for part in stream]).decode())
    (usage,) = told(rest, "usage")
    assert usage["status"] == "stopped"
    assert text_of(first) + text_of(rest) == usage["message"]


async def test_a_failure_is_told_as_an_event(program, transactional_db):
    model = await in_database_thread(offer, "fail-cut-t60-r60")
    frames = await read(await program.post("/chat/stream", message="How?", model=model))
    assert text_of(frames)
    (problem,) = told(frames, "error")
    assert problem["error"]["code"] == "cut"
    assert set(problem["error"]) == {"code", "message", "request_id"}
    assert frames[-1].data == "[DONE]"


async def test_what_is_refused_before_is_an_answer_with_its_status(program, echo):
    missing = await program.post("/chat/stream", message="x", conversation_id=str(uuid4()))
    assert error_of(missing) == (404, "not_found")
    assert error_of(await program.post("/chat/stream", message="")) == (422, "unreadable")


async def test_who_waits_is_told_that_somebody_is_there(program, transactional_db, monkeypatch):
    monkeypatch.setattr(watching, "QUIET", 0.05)
    model = await in_database_thread(offer, "t3-d400")
    answer = await program.post("/chat/stream", message="How?", model=model)
    text = b"".join([part async for part in answer]).decode()
    assert text.count(": keep-alive\n\n") > 2
    assert text_of(frames_of(text)).endswith(" end.")


async def test_the_end_is_noticed_where_the_news_of_it_is_lost(program, slow, monkeypatch):
    monkeypatch.setattr(watching, "QUIET", 0.05)

    async def lost(*_arguments):
        return None

    monkeypatch.setattr(publishing, "publish", lost)
    frames = await read(await program.post("/chat/stream", message="How?", model=slow))
    assert text_of(frames) == (await Message.objects.aget(role="assistant")).text


async def test_a_gap_is_mended_from_the_snapshot(program, slow, monkeypatch):
    publish, count = publishing.publish, iter(range(1000))

    async def leaky(conversation, event):
        if event["type"] != "reply.grew" or next(count) % 3 == 0:
            await publish(conversation, event)

    monkeypatch.setattr(publishing, "publish", leaky)
    frames = await read(await program.post("/chat/stream", message="How?", model=slow))
    assert len(told(frames, "content")) > 3
    assert text_of(frames) == (await Message.objects.aget(role="assistant")).text


async def test_several_read_one_answer(program, slow):
    stream, first = await begun(await program.post("/chat/stream", message="How?", model=slow))
    place = f"{first[-1].id.partition('/')[0]}/0"
    other = await program.post("/chat/stream", message="x", headers={"Last-Event-ID": place})
    rest, whole = await asyncio.gather(_rest(stream), read(other))
    assert text_of(first) + text_of(rest) == text_of(whole)


async def _rest(stream):
    return frames_of(b"".join([part async for part in stream]).decode())


async def test_nothing_of_an_answer_is_left_in_the_cache(program, slow):
    frames = await read(await program.post("/chat/stream", message="How?", model=slow))
    await runner.drain(10)
    reply = told(frames, "model")[0]["reply_id"]
    assert await snapshots.snapshot((await Message.objects.aget(id=reply)).id) is None


async def test_a_model_that_lets_wait_is_named_once_and_with_the_one_that_answers(program, upstream, monkeypatch):
    monkeypatch.setattr(runner, "SLOW", 0.05)
    await in_database_thread(offer, "fail-broken-d300-t3", rank=1)
    answering = await in_database_thread(offer, "t5-h5-d300-r20", rank=2)
    frames = await read(await program.post("/chat/stream", message="How?"))
    (model,) = told(frames, "model")
    assert model["model"] == answering
    assert text_of(frames) == "word1 word2 word3 word4 end."
