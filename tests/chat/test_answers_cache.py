"""If people repeat a question, they get their answer again for free, and nobody gets one that is not for them."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

from chat.conversations import labels
from chat.conversations.drafts import Options, Pick
from chat.turns import answers_cache
from langai_site.outbound.types import ChatMessage
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller, ModelPrice
from search.types import Reader
from tests.chat.test_fallback import model, turn
from tests.outbound.conftest import connections, upstream  # noqa: F401 - fixtures

PRICE = ModelPrice("7", input=Decimal(1000), output=Decimal(5000), cached=Decimal(0))
CONFIDENTIAL = (labels.Cause(Sensitivity.CONFIDENTIAL, "chosen by you"),)
INTERNAL = (labels.Cause(Sensitivity.INTERNAL, "chosen by you"),)


pytestmark = pytest.mark.usefixtures("upstream")


@pytest.fixture
def outside(settings):
    """Make the models hosted, so that they cost something."""
    settings.LOCAL_HOSTS = []


@pytest.fixture
def answers_are_shared(settings):
    """Let people share each other's answers."""
    settings.CACHE_SHARED = True


@pytest.fixture
def server(request):
    """Return the upstream, which counts the calls."""
    return request.getfixturevalue("upstream")


def calls(server):
    return len(server.requests("/v1/chat"))


def hosted(name="t9"):
    return model(name, hosted=True, ceiling=Sensitivity.INTERNAL, price=PRICE)


@pytest.mark.usefixtures("answers_are_shared")
async def test_what_was_answered_is_given_again_for_nothing_and_says_what_that_saved(server, outside):
    first, again = await turn(hosted()), await turn(hosted(), caller=Caller(user_id=7, username="bob"))
    assert calls(server) == 1
    assert again.text == first.text
    (paid,), (free,) = first.entries, again.entries
    assert (paid.cached, paid.saved) == (False, 0)
    assert paid.cost > 0
    assert (free.cached, free.cost, free.saved, free.status) == (True, 0, paid.cost, "complete")
    assert (free.caller.username, free.model, free.hosted) == ("bob", paid.model, True)
    assert (free.bytes_sent, free.content_hash, free.usage.input_tokens) == (0, "", 0)


async def test_an_answer_of_a_local_model_saves_time_and_no_money(server):
    await turn(model("t9"))
    (entry,) = (await turn(model("t9"))).entries
    assert (entry.cached, entry.saved) == (True, 0)
    assert calls(server) == 1


async def test_a_long_answer_comes_whole(server):
    first, again = await turn(model("t900")), await turn(model("t900"))
    assert len(first.text) > 2 * answers_cache.PIECE
    assert again.text == first.text


@pytest.mark.parametrize(
    "changes",
    [
        {"reader": Reader(1, (1, 2))},
        {"causes": INTERNAL},
        {"options": Options(temperature=0.5)},
        {"options": Options(max_tokens=70)},
        {"history": (ChatMessage.of("user", "Hello"), ChatMessage.of("assistant", "Hello."))},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_who_may_read_other_documents_or_asks_otherwise_is_answered_anew(server, answers_are_shared, changes):
    await turn(model("t5"), reader=Reader(1, (1,)))
    await turn(model("t5"), **{"reader": Reader(2, (1,))} | changes)
    assert calls(server) == 2


ALICE, BOB = Caller(user_id=1, username="alice"), Caller(user_id=2, username="bob")


async def test_who_may_read_the_same_shares_where_that_is_set_though_it_be_another_person(server, answers_are_shared):
    await turn(model("t5"), reader=Reader(1, (1, 2)), caller=ALICE)
    await turn(model("t5"), reader=Reader(2, (2, 1)), caller=BOB)
    assert calls(server) == 1


async def test_nothing_tells_a_person_that_another_one_asked(server, outside):
    first = await turn(hosted(), caller=ALICE)
    other = await turn(hosted(), caller=BOB)
    assert calls(server) == 2
    (paid,), (as_paid,) = first.entries, other.entries
    assert (as_paid.cached, as_paid.saved, as_paid.cost) == (False, paid.saved, paid.cost)
    again = await turn(hosted(), caller=ALICE)
    assert (again.entries[0].cached, again.entries[0].saved, calls(server)) == (True, paid.cost, 2)


async def test_what_was_shared_before_is_nobodys_once_that_is_switched_off(server, settings):
    settings.CACHE_SHARED = True
    await turn(model("t5"), caller=ALICE)
    settings.CACHE_SHARED = False
    await turn(model("t5"), caller=BOB)
    await turn(model("t5"), caller=ALICE)
    assert calls(server) == 3


async def test_two_tabs_of_one_person_share_their_answers(server):
    await turn(model("t5"), caller=replace(ALICE, conversation=uuid4(), reply=uuid4()))
    await turn(model("t5"), caller=replace(ALICE, conversation=uuid4(), reply=uuid4(), source="api"))
    assert calls(server) == 1


async def test_another_model_or_the_same_with_other_parameters_is_asked(server):
    await turn(model("t5"))
    await turn(model("t5-r0"))
    await turn(model("t5", parameters={"top_p": 0.5}))
    assert calls(server) == 3


async def test_only_what_the_route_chose_is_answered_from_the_cache(server):
    await turn(hosted("t5"))
    local = await turn(hosted("t5"), model("t7", 200), causes=CONFIDENTIAL)
    assert local.asked == ["t7"]
    refused = await turn(hosted("t5"), causes=CONFIDENTIAL)
    assert (refused.error.code, refused.text) == ("above_ceiling", "")


async def test_what_is_confidential_is_asked_each_time_and_never_kept(server, monkeypatch):
    named = []
    monkeypatch.setattr(answers_cache, "key_of", lambda *parts: named.append(parts))
    for _ in range(2):
        done = await turn(model("t5"), causes=CONFIDENTIAL)
        assert (done.error, [entry.cached for entry in done.entries]) == (None, [False])
    assert calls(server) == 2
    assert named == []


@pytest.mark.parametrize("name", ["t5-length", "fail-cut-t9", "fail-nofinish-t9", "silent"])
async def test_an_answer_that_is_not_complete_is_not_kept(server, name):
    await turn(model(name))
    await turn(model(name), pick=Pick(f"hosted_vllm/{name}"))
    assert calls(server) == 2


async def test_the_rest_of_an_answer_is_not_kept_nor_looked_up(server):
    for _ in range(2):
        await turn(model("t5"), written="Thirty", cited=())
    assert calls(server) == 2


async def test_asked_afresh_the_model_answers_and_that_is_kept_instead(server):
    server.script("The old answer.", "The new answer.")
    assert (await turn(model("echo"))).text == "The old answer."
    fresh = await turn(model("echo"), pick=Pick("auto", fresh=True))
    assert (fresh.text, fresh.entries[0].cached) == ("The new answer.", False)
    assert (await turn(model("echo"))).text == "The new answer."
    assert calls(server) == 2


async def test_switched_off_every_turn_asks(server, settings):
    settings.CACHE_TTL = 0
    done = await asyncio.gather(*(turn(model("t5-d50")) for _ in range(3)))
    assert not any(entry.cached for each in done for entry in each.entries)
    assert calls(server) == 3


async def test_what_is_built_in_is_not_kept(server):
    for _ in range(2):
        (entry,) = (await turn()).entries
        assert (entry.model, entry.cached) == ("quotes", False)
