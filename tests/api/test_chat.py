"""POST /chat: a message in, an answer out, through the same services as the pages."""

import json
from decimal import Decimal
from uuid import uuid4

import pytest

from chat.conversations import access
from chat.live import runner
from chat.models import Conversation, Message
from chat.turns import storage
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.usage.models import Budget, UsageEntry
from langai_site.usage.spending import budgets
from search.models import Collection
from tests.api.conftest import error_of, offer, program_of

pytestmark = pytest.mark.usefixtures("upstream")


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.CHAT)


async def test_an_answer_says_who_gave_it_and_what_it_took(program, echo):
    answer = (await program.post("/chat", message="Say “this”.")).json()
    assert answer["message"] == "Say “this”."
    assert answer["model_used"] == echo
    assert answer["tokens_used"] > 0
    assert (answer["cost"], answer["cached"], answer["status"]) == (0, False, "complete")
    assert (answer["citations"], answer["receipt"]["label"]) == ([], "Public")


async def test_a_conversation_goes_on_and_stays_out_of_the_sidebar(program, alice, echo, upstream):
    first = (await program.post("/chat", message="One?")).json()
    second = (await program.post("/chat", message="Two?", conversation_id=first["conversation_id"])).json()
    assert second["conversation_id"] == first["conversation_id"]
    conversation = await Conversation.objects.aget()
    assert (conversation.source, str(conversation.id)) == ("api", first["conversation_id"])
    assert await in_database_thread(access.listed, alice.id) == ([], None)
    said = [message["content"] for message in json.loads(upstream.requests()[-1]["body"])["messages"]]
    assert said[1:] == ["One?", "One?", "Two?"]
    assert {entry.source async for entry in UsageEntry.objects.all()} == {"api"}


async def test_a_conversation_of_the_page_can_be_gone_on_with_and_stays_there(program, alice, echo):
    started = await in_database_thread(storage.post, alice, None, "One?", "quotes")
    await runner.start(started, runner.ReplyOpening("One?"))
    await program.post("/chat", message="Two?", conversation_id=str(started.conversation))
    assert [found.id for found in (await in_database_thread(access.listed, alice.id))[0]] == [started.conversation]


async def test_an_answer_longer_than_allowed_is_lowered(program, echo, upstream, settings):
    answer = await program.post("/chat", message="How?", max_tokens=settings.ANSWER_MAX_TOKENS + 1)
    assert answer.status_code == 200
    assert json.loads(upstream.requests()[-1]["body"])["max_tokens"] == settings.ANSWER_MAX_TOKENS


async def test_options_reach_the_model_and_a_label_the_conversation(program, echo, upstream):
    options = {"temperature": 0.5, "max_tokens": 77, "complexity": "complex", "sensitivity": "confidential"}
    answer = (await program.post("/chat", message="How?", model=echo, **options)).json()
    sent = json.loads(upstream.requests()[-1]["body"])
    assert (sent["temperature"], sent["max_tokens"]) == (0.5, 77)
    assert (answer["receipt"]["complexity"], answer["receipt"]["label"]) == ("complex", "Confidential")
    assert (await Conversation.objects.aget()).label == 20


async def test_only_the_collections_that_are_named_and_may_be_read_are_asked(program, alice):
    mine = await Collection.objects.acreate(name="Mine", everyone=True)
    other = await Collection.objects.acreate(name="Other")
    for ids, asked in (([mine.pk, other.pk], ["Mine"]), ([], []), (None, None)):
        answer = (await program.post("/chat", message="How?", model="quotes", collections=ids)).json()
        assert answer["receipt"]["asked"] == asked


async def test_a_long_answer_says_that_it_is_not_at_its_end(program, transactional_db):
    model = await in_database_thread(offer, "t9-length")
    assert (await program.post("/chat", message="How?", model=model)).json()["status"] == "interrupted"


async def test_another_persons_conversation_is_not_there(program, bob, echo):
    theirs = (await (await program_of(bob)).post("/chat", message="One?")).json()["conversation_id"]
    for conversation in (theirs, str(uuid4())):
        answer = await program.post("/chat", message="Two?", conversation_id=conversation)
        assert error_of(answer) == (404, "not_found")


@pytest.mark.parametrize(
    "wrong",
    [
        {"message": ""},
        {"message": "x" * 10_001},
        {"temperature": 2.1},
        {"temperature": -1},
        {"max_tokens": 0},
        {"sensitivity": "secret"},
        {"complexity": "hard"},
        {"conversation_id": "x"},
        {"collections": ["x"]},
        {"temprature": 1},
    ],
    ids=str,
)
async def test_what_is_out_of_bounds_is_told_by_name(program, wrong):
    answer = await program.post("/chat", {"message": "How?"} | wrong)
    assert error_of(answer) == (422, "unreadable")
    assert next(iter(wrong)) in answer.json()["error"]["message"]
    assert not await Message.objects.aexists()


async def test_more_than_any_message_has_is_not_even_read(program):
    assert error_of(await program.post("/chat", message="x" * 13_000_000)) == (413, "too_large")


async def test_a_message_of_spaces_is_none(program):
    assert error_of(await program.post("/chat", message=" \n ")) == (400, "invalid")


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("fail-broken-echo", 503, "upstream_error"),
        ("fail-unauthorized-echo", 503, "unauthorized"),
        ("t1", 409, "no_model"),
    ],
)
async def test_what_fails_is_told_with_its_status(program, transactional_db, name, status, code):
    model = await in_database_thread(offer, name) if status == 503 else f"hosted_vllm/{name}"
    answer = await program.post("/chat", message="How?", model=model)
    assert error_of(answer) == (status, code)
    assert "sk-upstream" not in answer.text


async def test_nothing_confidential_goes_to_a_hosted_model(program, echo, settings, upstream):
    settings.LOCAL_HOSTS = []
    answer = await program.post("/chat", message="How?", model=echo, sensitivity="confidential")
    assert error_of(answer) == (409, "above_ceiling")
    assert upstream.requests() == []


async def test_a_budget_without_room_is_told_with_the_time_of_the_next(program, echo, settings, upstream):
    settings.LOCAL_HOSTS = []
    await Budget.objects.acreate(scope="site", period="day", amount=Decimal(1))
    budgets.forget()
    answer = await program.post("/chat", message="How?", model=echo)
    assert error_of(answer) == (429, "over_budget")
    assert 0 < int(answer["Retry-After"]) <= 24 * 60 * 60
    assert upstream.requests() == []


async def test_answers_are_limited_by_a_rate_of_their_own(program, echo, settings):
    settings.RATE_LIMIT_CHAT = "1/d"
    assert (await program.post("/chat", message="One?")).status_code == 200
    refused = await program.post("/chat", message="Two?")
    assert error_of(refused) == (429, "too_many")
    assert int(refused["Retry-After"]) > 0


async def test_a_stream_asked_for_here_counts_as_one(program, echo, settings):
    settings.RATE_LIMIT_STREAM = "1/d"
    for expected in (200, 429):
        answer = await program.post("/chat", message="One?", stream=True)
        assert answer.status_code == expected
    assert (await program.post("/chat", message="One?")).status_code == 200
    await runner.drain(10)


async def test_answers_that_are_being_written_are_limited(program, alice, echo, settings):
    settings.REPLIES_IN_FLIGHT = 1
    await in_database_thread(storage.post, alice, None, "One?")
    assert error_of(await program.post("/chat", message="Two?")) == (429, "too_many")
