"""If an account is closed while its texts are sent to a hosted embedder, nothing more of them is sent."""

import pytest

from langai_site.accounts.models import User
from langai_site.accounts.open_accounts import AccountClosedError
from langai_site.database.writer import apart, in_database_thread
from langai_site.outbound import door
from langai_site.outbound.models import Embedder
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import Reservation
from search.access import reader_of
from search.embeddings import hosted
from search.models import Collection
from search.services import find
from tests.api.conftest import program_of
from tests.search.conftest import add, store  # noqa: F401 - fixtures
from tests.upstream.watched import watched_upstream

# It refuses texts of more than 100 characters, and is then asked with half of the text.
NAME = "hosted_vllm/e64-chars100"


class Elsewhere:
    """A hosted embedder: the paths of its calls, and what happens when the next one arrives."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.change = None

    async def on_call(self, request):
        self.calls.append(request["path"])
        change, self.change = self.change, None
        if change:
            await in_database_thread(change)


@pytest.fixture
async def elsewhere(alice, settings, monkeypatch):
    elsewhere = Elsewhere()
    monkeypatch.setattr(hosted, "_embedders", {})
    fingerprint = hosted.fingerprint_of(NAME, 64)
    await in_database_thread(
        lambda: Embedder.objects.create(name=NAME, dimension=64, min_score=0, fingerprint=fingerprint)
    )
    async with watched_upstream(elsewhere.on_call) as upstream:
        settings.LOCAL_HOSTS, settings.CACHE_TTL = ["127.0.0.1"], 0
        settings.EMBEDDER, settings.EMBEDDER_BASE_URL = NAME, f"http://localhost:{upstream.port}/v1"
        await door.warm()
        yield elsewhere


def is_closed(answer):
    return answer.status_code == 403 and answer.json()["error"]["code"] == "account_closed"


def close_account():
    User.objects.update(is_active=False)


def delete_account():
    User.objects.all().delete()


@pytest.mark.parametrize("change", [close_account, delete_account])
async def test_no_further_batch_of_texts_is_sent(alice, elsewhere, change):
    program = await program_of(alice)
    elsewhere.change = change
    texts = [f"text {at}" for at in range(128)]
    answer = await program.post("/v1/embeddings", model=NAME, input=texts)
    assert is_closed(answer)
    assert len(elsewhere.calls) == 1
    assert not await Reservation.objects.filter(status=Reservation.Status.HELD).aexists()


async def test_an_open_account_gets_all_of_them(alice, elsewhere):
    program = await program_of(alice)
    answer = await program.post("/v1/embeddings", model=NAME, input=[f"text {at}" for at in range(128)])
    assert answer.status_code == 200
    assert len(elsewhere.calls) == 4


@pytest.mark.needs("chroma")
async def test_a_question_is_not_sent_once_more(alice, elsewhere, add, store):  # noqa: F811 - the fixtures
    collection = await in_database_thread(
        Collection.objects.create, name="All", everyone=True, sensitivity=Sensitivity.PUBLIC
    )
    await apart(add, collection, ["Holidays are thirty days."])
    program = await program_of(alice)
    elsewhere.calls.clear()
    elsewhere.change = close_account
    assert is_closed(await program.post("/search", query="How long is the holiday? " * 10))
    assert len(elsewhere.calls) == 1
    await in_database_thread(lambda: User.objects.update(is_active=True))
    reader = await in_database_thread(reader_of, alice)
    await in_database_thread(close_account)
    with pytest.raises(AccountClosedError):
        await find("How long?", reader, label=Sensitivity.PUBLIC)
    assert len(elsewhere.calls) == 1
