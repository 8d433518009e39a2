"""A model's thoughts are stored with its answer for its owner, and reach nothing and nobody else."""

import asyncio
import json
import time

import pytest
from django.test import AsyncClient

from chat.api.schemas import message_of
from chat.conversations import drafts, export
from chat.events import IDLE
from chat.live import runner, snapshots
from chat.live.thinking import LiveThinking
from chat.models import Conversation, Message
from chat.pages import thoughts
from chat.turns import answers_cache, closing, storage
from chat.values import ThinkingText
from langai_site.database import caches
from langai_site.database.writer import in_database_thread
from langai_site.outbound.models import Model
from tests.chat.test_answers_cache import answers_are_shared  # noqa: F401 - a fixture
from tests.chat.test_spending import upstream  # noqa: F401 - a fixture
from tests.outbound.test_lane import SAYS, chunk, sse
from tests.upstream.process import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("upstream")]
THINKER, SLOW, ECHO = "hosted_vllm/t3-h5", "hosted_vllm/t3-h400-r20", "hosted_vllm/echo"
THOUGHT, ANSWER = "**Hm1** hm2 hm3 hm4 hm5 ", "word1 word2 end."


@pytest.fixture(autouse=True)
def models(transactional_db):
    for name in (THINKER, SLOW, ECHO):
        Model.objects.create(name=name, display_name=name, provider="hosted_vllm", available=True)


@pytest.fixture
def server(request):
    return request.getfixturevalue("upstream")


async def started(user, model=THINKER, conversation=None, text="What do you think?"):
    begun = await in_database_thread(storage.post, user, conversation, text, model, ("none",))
    return begun, runner.start(begun, runner.ReplyOpening(text))


async def answered(user, model=THINKER, **more):
    begun, ending = await started(user, model, **more)
    await asyncio.wait_for(ending, 20)
    return await Message.objects.aget(pk=begun.reply)


async def thinking(begun):
    """Wait until a reply thinks, and others can read it."""
    assert await asyncio.to_thread(eventually, lambda: runner._live[begun.reply].thinking.is_running)
    while not await snapshots.thinking(begun.reply):
        await asyncio.to_thread(time.sleep, 0.02)


def address(reply):
    return f"/replies/{reply}/thinking/"


async def client_of(user):
    client = AsyncClient()
    await client.aforce_login(user)
    return client


async def test_it_is_kept_before_the_text_and_is_no_text(alice):
    reply = await answered(alice)
    thought, text = reply.parts
    assert (thought["type"], thought["text"], type(thought["seconds"])) == ("thinking", THOUGHT, float)
    assert text == {"type": "text", "text": ANSWER}
    assert (reply.text, reply.thinking.text) == (ANSWER, THOUGHT)
    assert reply.receipt["reasoning_tokens"] == 5


async def test_old_rows_have_none():
    assert Message(parts=[{"type": "text", "text": "Hm."}]).thinking is None


async def test_it_reaches_no_later_turn_no_export_and_no_program(alice, server):
    reply = await answered(alice)
    await answered(alice, conversation=reply.conversation_id, text="And then?")
    assert ANSWER in server.requests()[-1]["body"]
    told = [request["raw"] for request in server.requests()]
    conversation = await Conversation.objects.aget(pk=reply.conversation_id)
    reply = await Message.objects.prefetch_related("citations", "attachments").aget(pk=reply.pk)
    told += [export.markdown([reply]), json.dumps(message_of(reply).model_dump(mode="json")), conversation.title]
    assert not [text for text in told if "hm2" in text]
    assert [message.text for message in await in_database_thread(storage.history, reply.pk)][-1] == ANSWER


@pytest.mark.usefixtures("answers_are_shared")
async def test_it_is_not_kept_with_cached_answers(alice, bob, monkeypatch):
    kept = []

    async def keep(key, answer):
        kept.append(answer)

    monkeypatch.setattr(answers_cache, "_store", keep)
    await answered(alice)
    assert [answer.text for answer in kept] == [ANSWER]

    async def known(_key):
        return kept[0]

    monkeypatch.setattr(answers_cache, "_load", known)
    reply = await answered(bob)
    assert (reply.receipt["cached"], reply.text, reply.thinking) == (True, ANSWER, None)


async def test_its_owner_alone_opens_it_while_it_runs_and_afterwards(alice, bob):
    begun, ending = await started(alice, SLOW)
    await thinking(begun)
    for is_over in (False, True):
        if is_over:
            await runner.stop(begun.reply)
            await ending
        shown = await (await client_of(alice)).get(address(begun.reply), headers={"HX-Request": "true"})
        assert b"<strong>Hm1</strong>" in shown.content
        other = await (await client_of(bob)).get(address(begun.reply))
        assert (other.status_code, b"Hm1" in other.content) == (404, False)
        stranger = await AsyncClient().get(address(begun.reply))
        assert stranger.status_code == 302
    await snapshots.forget(begun.reply)
    assert await snapshots.thinking(begun.reply) is None


async def test_an_answer_without_thoughts_has_none_to_open(alice):
    reply = await answered(alice, ECHO)
    assert (await (await client_of(alice)).get(address(reply.pk))).status_code == 404


async def test_it_is_sealed_where_processes_share_it(alice, settings, monkeypatch):
    sealed = []

    async def reached(_name, method, *args):
        sealed.append((method, *args))

    monkeypatch.setattr(caches, "reached", reached)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    begun = await in_database_thread(storage.post, alice, None, "Hm?", ECHO, ("none",))
    await snapshots.keep_thinking(begun.reply, THOUGHT)
    assert b"Hm1" not in sealed[0][2]


async def test_a_stop_keeps_it_and_continue_goes_on_with_it(alice, server):
    begun, ending = await started(alice, SLOW)
    await thinking(begun)
    await runner.stop(begun.reply)
    await ending
    stopped = await Message.objects.aget(pk=begun.reply)
    assert (stopped.status, stopped.text) == ("stopped", "")
    assert stopped.thinking.text.startswith("**Hm1**")
    resumed = await in_database_thread(storage.resume, alice, begun.reply, drafts.Pick(THINKER))
    await runner.start(resumed, runner.ReplyOpening(replaces=str(begun.reply)))
    whole = await Message.objects.aget(pk=begun.reply)
    assert whole.text == ANSWER
    assert whole.thinking.text == f"{stopped.thinking.text}\n\n{THOUGHT}"
    assert whole.thinking.seconds >= stopped.thinking.seconds
    assert "hm2" not in server.requests()[-1]["body"]


async def test_a_failure_and_a_lost_process_keep_it(alice, server):
    server.script_raw(sse(chunk({"reasoning_content": "Hm."}), end=b""))
    failed = await answered(alice, ECHO)
    assert (failed.status, failed.thinking.text) == ("failed", "Hm.")
    begun = await in_database_thread(storage.post, alice, None, "Hm?", ECHO, ("none",))
    await in_database_thread(closing.checkpoint, begun, "", begun.request.causes, ThinkingText("So.", 2.5))
    await Message.objects.filter(pk=begun.reply).aupdate(lease_until=failed.created_at)
    await in_database_thread(closing.sweep)
    lost = await Message.objects.aget(pk=begun.reply)
    assert (lost.status, lost.thinking) == ("interrupted", ThinkingText("So.", 2.5))


async def test_text_that_turns_out_to_be_a_thought_becomes_one(alice, server):
    server.script_raw(sse(chunk({"content": "Hm."}), chunk({"content": " So.</think>\n"}), *SAYS), pause=0.1)
    reply = await answered(alice, ECHO)
    assert (reply.text, reply.thinking.text.strip()) == ("Four of them.", "Hm. So.")


async def test_the_thoughts_of_a_model_that_failed_are_not_those_of_the_one_that_answered(alice, server):
    await Model.objects.filter(name=SLOW).aupdate(available=False)
    server.script_raw(sse(chunk({"reasoning_content": "In vain."}), end=b""))
    reply = await answered(alice, "auto")
    assert (reply.status, len(server.requests("/v1/chat"))) == ("complete", 2)
    assert "In vain." not in json.dumps(reply.parts)


def test_times_of_several_thoughts_add_up_and_their_texts_stay_apart():
    live = LiveThinking(ThinkingText("Before.", 3))
    assert live.take("One.")
    assert not live.take(" Two.")
    assert live.progress(IDLE)["thinking"] == "running"
    assert live.end()
    assert not live.end()
    assert live.kept.text == "Before.\n\nOne. Two."
    assert live.kept.seconds >= 3
    live.forget()
    assert live.kept == ThinkingText("Before.", 3)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "a moment"), (1.9, "1 s"), (59.9, "59 s"), (60, "1 min 0 s"), (754, "12 min 34 s")]
)
def test_the_line_says_how_long(seconds, words):
    progress = thoughts.progress_of(ThinkingText("Hm.", seconds))
    assert thoughts.line_of(Message().id, progress).words == f"Thought for {words}"


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        ({}, ""),
        ({"is_searching": True}, "Searching your documents…"),
        ({"waiting": "Small", "before": 3}, "Small is busy: 3 before you…"),
        ({"waiting": "Small", "before": 0}, "Small is busy: you are next…"),
        ({"waiting": "gpt-5"}, "Waiting for gpt-5…"),
        ({"waiting": "gpt-4.1", "instead_of": "gpt-5"}, "gpt-5 did not answer, asking gpt-4.1…"),
    ],
)
def test_the_page_says_what_a_reply_waits_for(progress, words):
    assert thoughts.waiting_words({**IDLE, **progress}) == words


async def test_a_reply_says_that_it_searches_and_which_model_did_not_answer(alice, server, monkeypatch):
    told = []

    async def keep(_reply, snapshot):
        told.append(thoughts.waiting_words(snapshot["progress"]))

    monkeypatch.setattr(snapshots, "keep", keep)
    for rank, name in enumerate(("hosted_vllm/fail-broken", "hosted_vllm/t3-d300"), 1):
        await Model.objects.acreate(
            name=name, display_name=name[12:], provider="hosted_vllm", available=True, rank=rank
        )
    begun = await in_database_thread(storage.post, alice, None, "How long?", "auto", ("all",))
    assert (await runner.start(begun, runner.ReplyOpening("How long?"))).status == "complete"
    assert told[0] == "Searching your documents…"
    assert "fail-broken did not answer, asking t3-d300…" in told
    assert told[-1] == ""


def test_what_it_costs_to_open_it_is_bounded():
    html = thoughts.rendered("Hm. " * 100_000)
    assert len(html) < 1.1 * thoughts.SHOWN
    assert "200,000 more characters are not shown." in html
    assert "<script" not in thoughts.rendered("<script>alert(1)</script> [x](javascript:alert(1))")
