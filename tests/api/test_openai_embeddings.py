"""/v1/embeddings: vectors of the models here and elsewhere, and which texts an embedder may see."""

import base64
import struct
from decimal import Decimal

import pytest

from langai_site.usage.models import Budget, Reservation, UsageEntry
from langai_site.usage.spending import budgets
from search.embeddings import hosted
from tests.api.openai_answers import EMBED, problem
from tests.detectors import made

pytestmark = pytest.mark.usefixtures("upstream")


@pytest.fixture
def minilm(settings, model_dir):
    settings.MODEL_DIR = model_dir


async def test_texts_become_unit_vectors_as_numbers_or_as_bytes(program, minilm):
    answer = (await program.post(EMBED, model="all-minilm-l6-v2", input=["vacation", "days off"])).json()
    assert (answer["object"], [row["index"] for row in answer["data"]]) == ("list", [0, 1])
    first, second = (row["embedding"] for row in answer["data"])
    assert len(first) == 384
    assert sum(number * number for number in first) == pytest.approx(1, abs=1e-4)
    assert answer["usage"]["prompt_tokens"] > 0
    packed = await program.post(EMBED, model="all-minilm-l6-v2", input="days off", encoding_format="base64")
    unpacked = struct.unpack("<384f", base64.b64decode(packed.json()["data"][0]["embedding"]))
    assert unpacked == pytest.approx(second, abs=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"input": []}, {"input": ""}, {"input": ["x"] * 129}, {"input": [1, 2]}, {"dimensions": 3}], ids=str
)
async def test_what_cannot_be_embedded_is_refused(program, minilm, wrong):
    body = {"model": "all-minilm-l6-v2", "input": "x"} | wrong
    assert problem(await program.post(EMBED, body))[:2] == (400, "invalid_request_error")


async def test_an_embedder_that_is_not_there_is_told(program, minilm, settings):
    assert problem(await program.post(EMBED, model="other", input="x"))[::2] == (404, "model_not_found")
    settings.MODEL_DIR = settings.MODEL_DIR / "nothing"
    assert problem(await program.post(EMBED, model="all-minilm-l6-v2", input="x"))[::2] == (503, "unavailable")


@pytest.fixture
def elsewhere(settings, transactional_db, upstream):
    """Make the configured embedder hosted."""
    settings.EMBEDDER, settings.LOCAL_HOSTS = "hosted_vllm/e64", []
    hosted.find("hosted_vllm/e64")
    UsageEntry.objects.all().delete()
    upstream.reset()
    return "hosted_vllm/e64"


async def test_the_configured_embedder_sees_what_it_may_and_its_call_is_its_persons(program, elsewhere, upstream):
    answer = await program.post(EMBED, model=elsewhere, input="days off")
    assert len(answer.json()["data"][0]["embedding"]) == 64
    entry = await UsageEntry.objects.aget()
    assert (entry.username, entry.source, entry.kind, entry.hosted) == ("alice", "api", "embedding", True)
    upstream.reset()
    secret = f"Bill it to {made.groups(made.card('4'))}."
    for text, headers in (("x", {"X-LangAI-Sensitivity": "confidential"}), (secret, {})):
        refused = await program.post(EMBED, {"model": elsewhere, "input": text}, headers=headers)
        assert problem(refused) == (403, "permission_error", "above_ceiling")
    assert upstream.requests() == []


async def test_an_embedder_in_the_building_is_told_whose_request_it_is(program, elsewhere, upstream, settings):
    settings.LOCAL_HOSTS = ["127.0.0.1"]
    await program.post(EMBED, {"model": elsewhere, "input": "days off"}, headers={"X-Request-ID": "asked-4711"})
    (sent,) = upstream.requests()
    assert "x-request-id: asked-4711" in sent["raw"].lower()


async def test_a_budget_without_room_keeps_texts_from_an_embedder_elsewhere(program, elsewhere, upstream):
    await Budget.objects.acreate(scope="site", period="day", amount=Decimal(1))
    budgets.forget()
    assert problem(await program.post(EMBED, model=elsewhere, input="days off"))[::2] == (429, "over_budget")
    assert upstream.requests() == []
    assert not await Reservation.objects.filter(status="held").aexists()
