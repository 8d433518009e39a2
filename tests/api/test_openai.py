"""/v1: the requests of OpenAI's own clients, in their formats; only the ledger's entries are stored."""

import asyncio
import json
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from chat import measures
from chat.api import sse, stateless
from chat.api.stop_sequences import Stops
from chat.models import Conversation
from chat.turns import concurrency, storage
from documents import services, tasks
from langai_site.accounts.models import Team
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.errors import TooManyError
from langai_site.outbound.models import Model
from langai_site.usage.models import Budget, Reservation, UsageEntry
from langai_site.usage.spending import budgets
from search.models import Collection
from tests.api.conftest import Program, offer, program_of
from tests.api.events import frames_of
from tests.api.openai_answers import EMBED, USER, ask, problem, sent, streamed, text_of
from tests.detectors import made

pytestmark = pytest.mark.usefixtures("upstream")


async def test_a_completion_has_the_form_that_clients_read(program, echo):
    answer = (await ask(program)).json()
    assert (answer["object"], answer["model"], answer["id"][:9]) == ("chat.completion", echo, "chatcmpl-")
    (choice,) = answer["choices"]
    message = {"role": "assistant", "content": "How many days?", "reasoning_content": None}
    assert choice["message"] == message
    assert choice["finish_reason"] == "stop"
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0


async def test_nothing_is_kept_but_the_ledgers_entry(program, alice, echo):
    await ask(program, model="auto")
    assert not await Conversation.objects.aexists()
    entry = await UsageEntry.objects.aget()
    assert (entry.username, entry.source, entry.status, entry.conversation) == ("alice", "api", "complete", None)
    assert (await Reservation.objects.aget()).status == "settled"


async def test_answers_are_among_the_figures_of_replies_by_how_they_ended(program, transactional_db):
    models = [await in_database_thread(offer, name) for name in ("t31-r100", "fail-broken-t31", "t3001-r100")]
    for model in models[:2]:
        await ask(program, model=model)
    stream = aiter(await ask(program, model=models[2], stream=True))
    await anext(stream)
    await stream.aclose()
    found = [counted(measures.REPLIES, model=model) for model in models]
    assert found == [{"complete": 1}, {"failed": 1}, {"stopped": 1}]
    assert sum(counted(measures.FIRST_WORDS, model=models[0]).values()) > 0


def counted(figure, model):
    """Return a metric's values for a model, by status."""
    samples = [sample for family in figure.collect() for sample in family.samples if sample.labels["model"] == model]
    told = [sample for sample in samples if sample.name.endswith(("_total", "_count"))]
    return {sample.labels.get("status", ""): sample.value for sample in told if sample.value}


async def test_several_messages_reach_the_model_in_their_order(program, echo, upstream):
    parts = [{"type": "text", "text": "And "}, {"type": "text", "text": "hours?"}]
    said = [
        {"role": "system", "content": "Speak like a pirate."},
        USER,
        {"role": "assistant", "content": "x" * 15_000},
        {"role": "user", "content": parts},
    ]
    answer = (await ask(program, messages=said)).json()
    messages = sent(upstream)["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[0]["content"].endswith("\n\nSpeak like a pirate.")
    assert messages[2]["content"] == "x" * 15_000
    assert answer["choices"][0]["message"]["content"] == "And hours?"


async def test_roles_alternate_whatever_the_program_sends(program, echo, upstream):
    said = [
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "One?"},
        {"role": "user", "content": "Two?"},
        {"role": "assistant", "content": ""},
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Three?"},
        {"role": "assistant", "content": "Fine."},
        {"role": "assistant", "content": "Go on."},
        {"role": "developer", "content": None},
        {"role": "user", "content": "Four?"},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": " "},
    ]
    answer = await ask(program, messages=said, metadata={"collections": "none"})
    assert answer.status_code == 200, answer.content
    system, *spoken = [(message["role"], message["content"]) for message in sent(upstream)["messages"]]
    assert system[1].endswith("\n\nBe brief.")
    assert spoken == [
        ("user", "(The assistant speaks first.)"),
        ("assistant", "Hello!"),
        ("user", "One?\n\nTwo?\n\nThree?"),
        ("assistant", "Fine.\n\nGo on."),
        ("user", "Four?"),
    ]


async def test_options_reach_the_model(program, echo, upstream):
    await ask(program, temperature=0.5, max_completion_tokens=77)
    assert (sent(upstream)["temperature"], sent(upstream)["max_tokens"]) == (0.5, 77)


async def test_a_stream_has_the_form_that_clients_read(program, transactional_db):
    model = await in_database_thread(offer, "t30-r100")
    chunks = await streamed(program, model=model, stream_options={"include_usage": True})
    assert chunks[-1] == "[DONE]"
    assert {chunk["id"] for chunk in chunks[:-1]} == {chunks[0]["id"]}
    assert {chunk["object"] for chunk in chunks[:-1]} == {"chat.completion.chunk"}
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert chunks[-3]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-2]["choices"] == []
    assert chunks[-2]["usage"]["completion_tokens"] == 30
    assert text_of(chunks).startswith("word1 word2 ")
    assert len(chunks) > 10


async def test_tokens_are_told_in_a_stream_where_that_was_asked_only(program, echo):
    assert all("usage" not in chunk for chunk in (await streamed(program))[:-1])


async def test_an_answer_ends_before_a_stop(program, transactional_db):
    model = await in_database_thread(offer, "t3000-r100")
    for stop in ("word5 ", ["zzz", "word5 ", "word7"]):
        assert text_of(await streamed(program, model=model, stop=stop)) == "word1 word2 word3 word4 "
        answer = (await ask(program, model=model, stop=stop)).json()
        assert answer["choices"][0]["message"]["content"] == "word1 word2 word3 word4 "
        assert answer["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_stop_is_found_however_the_text_is_cut(size):
    text = "ababac and the rest"
    stops = Stops(["abac", "zz"])
    pieces = [stops.feed(text[at : at + size]) for at in range(0, len(text), size) if not stops.reached]
    assert ("".join(pieces), stops.reached) == ("ab", True)
    harmless = Stops(["abc", "rests"])
    assert "".join([harmless.feed(text[at : at + size]) for at in range(0, len(text), size)]) + harmless.rest() == text
    assert not harmless.reached


async def test_a_cut_answer_says_so(program, transactional_db):
    model = await in_database_thread(offer, "t9-length")
    assert (await ask(program, model=model)).json()["choices"][0]["finish_reason"] == "length"
    assert (await streamed(program, model=model))[-2]["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("how", ["header", "metadata", "seen"])
async def test_nothing_confidential_goes_to_a_hosted_model(program, echo, settings, upstream, how):
    settings.LOCAL_HOSTS = []
    headers = {"X-LangAI-Sensitivity": "confidential"} if how == "header" else {}
    metadata = {"sensitivity": "confidential"} if how == "metadata" else None
    text = f"Bill it to {made.groups(made.card('4'))}." if how == "seen" else "Bill it."
    said = [{"role": "user", "content": text}, {"role": "assistant", "content": "Fine."}, USER]
    for stream in (False, True):
        answer = await ask(program, messages=said, headers=headers, metadata=metadata, stream=stream)
        assert problem(answer) == (403, "permission_error", "above_ceiling")
    assert upstream.requests() == []
    entries = [entry async for entry in UsageEntry.objects.all()]
    assert entries == []


async def test_a_label_that_there_is_not_is_refused(program, echo):
    assert problem(await ask(program, headers={"X-LangAI-Sensitivity": "secret"}))[0] == 400


@pytest.fixture
def handbook(alice, settings, tmp_path, model_dir):
    settings.MEDIA_ROOT, settings.MODEL_DIR, settings.CHROMA_URL = tmp_path, model_dir, ""
    collection = Collection.objects.create(name="Handbook", everyone=True)
    text = b"Everyone at the firm has twenty eight days of paid vacation a year."
    services.upload(collection=collection, file=ContentFile(text, "vacation.txt"), user=None)
    tasks.work_once("test")
    return collection


async def test_documents_are_asked_and_cited_unless_none_are_wanted(program, handbook, echo, upstream):
    upstream.script("Twenty eight [1], they say [9].")
    said = [{"role": "user", "content": "How many days of vacation?"}]
    answer = (await ask(program, messages=said)).json()
    assert answer["choices"][0]["message"]["content"] == "Twenty eight [1], they say."
    (citation,) = answer["langai"]["citations"]
    assert (citation["number"], citation["title"]) == (1, "vacation")
    assert citation["url"].startswith("/sources/")
    assert citation["dated"] == timezone.now().date().isoformat()
    for headers, metadata in (({"X-LangAI-Collections": "none"}, None), ({}, {"collections": "none"})):
        answer = (await ask(program, messages=said, headers=headers, metadata=metadata)).json()
        assert answer["langai"]["citations"] == []
        assert answer["langai"]["receipt"]["asked"] == []
        assert "twenty eight" not in json.dumps(sent(upstream))


async def test_a_model_that_is_not_there_is_told_as_openai_tells_it(program, echo):
    assert problem(await ask(program, model="gpt-5")) == (404, "invalid_request_error", "model_not_found")
    assert problem(await program.get("/v1/models/gpt-5")) == (404, "invalid_request_error", "model_not_found")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_failure_before_the_first_word_has_its_status(program, transactional_db, stream):
    model = await in_database_thread(offer, "fail-broken-echo")
    answer = await ask(program, model=model, stream=stream)
    assert problem(answer) == (503, "server_error", "upstream_error")
    assert (await UsageEntry.objects.aget()).status == "upstream_error"


async def test_a_failure_later_is_told_in_the_stream(program, transactional_db):
    model = await in_database_thread(offer, "fail-cut-t60-r60")
    chunks = await streamed(program, model=model)
    assert chunks[0]["choices"]
    assert chunks[-2]["error"]["code"] == "cut"
    assert chunks[-1] == "[DONE]"


async def test_who_waits_for_long_gets_a_stream_with_signs_of_life(program, transactional_db, monkeypatch):
    monkeypatch.setattr(sse, "PATIENCE", 0.05)
    monkeypatch.setattr(sse, "QUIET", 0.05)
    model = await in_database_thread(offer, "t3-d400")
    answer = await ask(program, model=model, stream=True)
    text = b"".join([part async for part in answer]).decode()
    assert text.count(": keep-alive\n\n") > 2
    assert text_of([frame.data for frame in frames_of(text)]).endswith(" end.")


async def test_closing_the_connection_stops_the_model_and_enters_what_was_used(program, transactional_db, upstream):
    model = await in_database_thread(offer, "t3000-r100")
    answer = await ask(program, model=model, stream=True)
    stream = aiter(answer)
    await anext(stream)
    await stream.aclose()
    entry = await UsageEntry.objects.aget()
    assert entry.status == "stopped"
    assert entry.input_tokens > 0
    assert not await Reservation.objects.filter(status="held").aexists()
    assert upstream.stats()["active"] <= 1


async def test_answers_count_with_those_of_the_pages(program, alice, transactional_db, settings):
    settings.REPLIES_IN_FLIGHT = 1
    model = await in_database_thread(offer, "t3000-r100")
    stream = aiter(await ask(program, model=model, stream=True))
    await anext(stream)
    with pytest.raises(TooManyError):
        await in_database_thread(storage.post, alice, None, "Two?")
    refused = await ask(program, model=model)
    assert problem(refused) == (429, "rate_limit_error", "too_many")
    assert int(refused["Retry-After"]) > 0
    await stream.aclose()
    await in_database_thread(storage.post, alice, None, "Two?")


async def test_an_answer_that_lost_its_process_counts_for_ten_minutes(program, alice, echo, settings):
    settings.REPLIES_IN_FLIGHT = 1
    await in_database_thread(stateless._opened, alice, stateless.StatelessRequest("One?"), reply := uuid4())
    assert (await ask(program)).status_code == 429
    held = Reservation.objects.filter(reply=reply)
    await held.aupdate(created_at=(await held.aget()).created_at - concurrency.KEPT_NOWHERE)
    assert (await ask(program)).status_code == 200


async def test_rates_hold(program, echo, settings):
    settings.RATE_LIMIT_CHAT, settings.RATE_LIMIT_STREAM = "3/d", "1/d"
    answers = [(await ask(program, stream=stream)).status_code for stream in (True, True, False, False)]
    assert answers == [200, 429, 200, 429]


async def test_a_budget_without_room_is_told(program, echo, settings, upstream):
    settings.LOCAL_HOSTS = []
    await Budget.objects.acreate(scope="site", period="day", amount=Decimal(1))
    budgets.forget()
    assert problem(await ask(program)) == (429, "rate_limit_error", "over_budget")
    assert upstream.requests() == []
    assert not await Reservation.objects.filter(status="held").aexists()


async def test_the_list_has_what_may_be_asked(program, bob, echo):
    listed = (await program.get("/v1/models")).json()
    assert (listed["object"], [row["id"] for row in listed["data"]]) == ("list", ["auto", echo, "quotes"])
    assert (await program.get(f"/v1/models/{echo}")).json()["id"] == echo
    await in_database_thread(lambda: Model.objects.get().teams.add(Team.objects.create(name="Others")))
    assert [row["id"] for row in (await program.get("/v1/models")).json()["data"]] == ["auto", "quotes"]
    assert problem(await ask(program, model=echo))[0] == 404


async def test_no_key_is_told_as_openai_tells_it(transactional_db):
    assert problem(await ask(Program("wrong"))) == (401, "authentication_error", "unauthorized")


async def test_the_scope_of_a_key_holds(alice, echo):
    chats = await program_of(alice, Scope.CHAT, name="chats")
    searches = await program_of(alice, Scope.SEARCH, name="searches")
    assert problem(await chats.post(EMBED, model="x", input="x"))[0] == 403
    assert problem(await ask(searches))[0] == 403


async def test_answers_end_before_the_server_does(program, transactional_db):
    model = await in_database_thread(offer, "t30-r60")
    asked = asyncio.create_task(ask(program, model=model))
    for _attempt in range(3_000):
        if stateless._live:
            break
        await asyncio.sleep(0.01)
    await stateless.drain(30)
    assert not stateless._live
    assert (await asked).status_code == 200


async def test_what_a_failed_server_said_is_for_admins_only(program, echo, upstream, alice):
    broken = await in_database_thread(offer, "fail-unprocessable-t3", rank=1)
    answer = (await ask(program, model="auto")).json()
    receipt = answer["langai"]["receipt"]
    assert receipt["rejected"][0]["model"] == broken
    assert "failures" not in receipt
    whole = await program.post("/chat", message="How many days?", collections=[])
    assert "failures" not in whole.json()["receipt"]
