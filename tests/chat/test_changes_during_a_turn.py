"""If an admin changes something while an answer is being prepared, the rest of that answer follows it."""

import asyncio
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.api import stateless
from chat.live import runner
from chat.models import Conversation, LabelChange, Message
from chat.turns import storage
from langai_site.accounts.models import Team, User
from langai_site.database.writer import in_database_thread
from langai_site.errors import LangAIError
from langai_site.outbound import catalogue, cooling, door
from langai_site.outbound.models import Model
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import Budget, UsageEntry
from search.models import Collection, Source
from tests.chat.leaks import TOPIC, Library, Markers
from tests.upstream.watched import watched_upstream

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
# A local model, whose name says that it fails; then a hosted one, and another local one.
FAILING, HOSTED, INSIDE = "hosted_vllm/fail-broken", "anthropic/t5", "ollama_chat/t4"
PATHS = {"/v1/chat/completions": FAILING, "/v1/messages": HOSTED, "/api/chat": INSIDE}
QUESTION = f"What of the {TOPIC}?"


class House:
    """What an answer may be given and by whom, and which models were asked so far."""

    def __init__(self, person: User, library: Library) -> None:
        self.person, self.library = person, library
        self.calls: list[tuple[str, str]] = []
        self.change = None

    async def on_call(self, request):
        if request["path"] not in PATHS:
            return
        self.calls.append((PATHS[request["path"]], request["body"]))
        change, self.change = self.change, None
        if change:
            await in_database_thread(change, self)

    @property
    def asked(self) -> list[str]:
        return [model for model, _body in self.calls]


@pytest.fixture
async def house(transactional_db, settings):
    person = await in_database_thread(User.objects.create_user, "alice")
    house = House(person, await in_database_thread(Library, person, Markers()))
    await in_database_thread(house.library.label, [PUBLIC] * 3, [PUBLIC] * 9)
    async with watched_upstream(house.on_call) as upstream:
        settings.LOCAL_HOSTS = ["127.0.0.1"]
        settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = "sk-test"
        settings.OPENAI_BASE_URL, settings.OLLAMA_BASE_URL = upstream.openai_url, upstream.url
        settings.ANTHROPIC_BASE_URL = f"http://localhost:{upstream.port}"
        await in_database_thread(offer, FAILING, HOSTED, INSIDE)
        catalogue._ollama_answers.clear()
        await door.warm()
        yield house
        await door.close()


def offer(*names):
    """Offer these models in the order that Auto takes them: the first has all roles, the others none."""
    for name in names:
        roles = ["simple", "balanced", "strong"] if name == names[0] else []
        provider = name.partition("/")[0]
        Model.objects.create(name=name, display_name=name, provider=provider, roles=roles, available=True)


async def answered(house, **changes) -> Message:
    started = await in_database_thread(storage.post, house.person, None, QUESTION, **changes)
    return await ended(started)


async def ended(started) -> Message:
    await runner.start(started, runner.ReplyOpening(QUESTION))
    return await in_database_thread(lambda: Message.objects.select_related("conversation").get(id=started.reply))


def relabel_documents(house):
    Source.objects.update(sensitivity=CONFIDENTIAL)


def relabel_collection(house):
    Collection.objects.update(sensitivity=CONFIDENTIAL)


def raise_conversation(house):
    Conversation.objects.update(label=CONFIDENTIAL, label_cause="by an admin")


def lower_ceiling(house):
    Source.objects.update(sensitivity=INTERNAL)
    Model.objects.filter(name=HOSTED).update(ceiling=PUBLIC)


def switch_off(house):
    Model.objects.filter(name=HOSTED).update(enabled=False)


def stop_listing(house):
    Model.objects.filter(name=HOSTED).update(available=False)


def give_to_another_team(house):
    Model.objects.get(name=HOSTED).teams.add(Team.objects.create(name="Others"))


async def test_without_a_change_the_hosted_model_is_asked_next(house):
    """Without this, the tests below could not fail."""
    reply = await answered(house)
    assert house.asked == [FAILING, HOSTED]
    assert (reply.status, reply.label, reply.receipt["name"]) == ("complete", PUBLIC, HOSTED)
    assert "zq" in house.calls[1][1]


def delete_branch(house):
    Message.objects.update(deleted_at=timezone.now())


async def test_nothing_more_is_sent_for_a_branch_that_was_deleted(house):
    """The process that runs it may learn of that later than the database."""
    house.change = delete_branch
    reply = await answered(house)
    assert house.asked == [FAILING]
    assert (reply.status, reply.text) == ("failed", "")


@pytest.mark.parametrize("change", [relabel_documents, relabel_collection, raise_conversation])
async def test_a_label_that_rises_during_a_turn_binds_the_rest_of_it(house, change):
    house.change = change
    reply = await answered(house)
    assert house.asked == [FAILING, INSIDE]
    assert (reply.status, reply.label, reply.receipt["label"]) == ("complete", CONFIDENTIAL, "Confidential")
    assert reply.receipt["label_causes"]
    assert reply.conversation.label == CONFIDENTIAL
    entries = await in_database_thread(lambda: list(UsageEntry.objects.order_by("sent_at")))
    assert [(entry.model, entry.label, entry.hosted) for entry in entries] == [
        (FAILING, PUBLIC, False),
        (INSIDE, CONFIDENTIAL, False),
    ]


async def test_a_label_that_rises_within_the_ceiling_is_told_and_recorded(house):
    house.change = lambda house: Source.objects.update(sensitivity=INTERNAL)
    reply = await answered(house)
    assert house.asked == [FAILING, HOSTED]
    entry = await in_database_thread(lambda: UsageEntry.objects.get(model=HOSTED))
    assert [reply.label, reply.conversation.label, entry.label] == [INTERNAL] * 3
    assert reply.receipt["label"] == "Internal"
    assert await in_database_thread(lambda: LabelChange.objects.get().after) == INTERNAL


async def test_where_nobody_may_see_the_new_label_nothing_more_is_sent(house):
    await in_database_thread(lambda: Model.objects.filter(name=INSIDE).delete())
    house.change = relabel_documents
    reply = await answered(house)
    assert house.asked == [FAILING]
    assert (reply.status, reply.error_code) == ("failed", "upstream_error")
    assert "The label rose to confidential meanwhile, so 1 model that may not see it was not asked" in reply.error


async def test_a_turn_that_fails_without_a_change_tells_of_the_failure_alone(house):
    await in_database_thread(lambda: Model.objects.exclude(name=FAILING).delete())
    reply = await answered(house)
    assert (reply.status, reply.error_code) == ("failed", "upstream_error")
    assert "meanwhile" not in reply.error


@pytest.mark.parametrize("change", [lower_ceiling, switch_off, stop_listing, give_to_another_team])
async def test_a_model_that_may_not_answer_any_more_is_passed_over(house, change):
    house.change = change
    reply = await answered(house)
    assert house.asked == [FAILING, INSIDE]
    assert reply.status == "complete"
    assert HOSTED in {rejected["model"] for rejected in reply.receipt["rejected"]}


@pytest.mark.parametrize("label", [PUBLIC, INTERNAL])
async def test_who_asks_a_local_model_gets_none_that_turns_out_hosted(house, monkeypatch, label):
    remote = "ollama_chat/t4-remote"
    monkeypatch.setattr(cooling, "SECONDS", {})
    await in_database_thread(lambda: Source.objects.update(sensitivity=label))
    await in_database_thread(lambda: Model.objects.filter(name=INSIDE).update(name=remote))
    failed = await answered(house, model=FAILING)
    house.calls.clear()
    reply = await ended(
        await in_database_thread(storage.retry, house.person, failed.id, storage.drafts.Pick("auto", local_only=True))
    )
    assert house.asked == [FAILING]
    assert (reply.status, reply.error_code) == ("failed", "upstream_error")
    assert remote in {rejected["model"] for rejected in reply.receipt["rejected"]} | {reply.receipt["name"]}


async def test_a_receipt_says_where_the_model_was_found_to_run(house):
    remote = "ollama_chat/t4-remote"
    await in_database_thread(lambda: Model.objects.filter(name=INSIDE).update(name=remote))
    reply = await answered(house, model=remote)
    assert (reply.status, reply.receipt["name"], reply.receipt["hosted"]) == ("complete", remote, True)
    assert await in_database_thread(lambda: UsageEntry.objects.get().hosted)


@pytest.mark.parametrize("change", [switch_off, give_to_another_team])
async def test_the_person_who_chose_that_model_is_told(house, change):
    await in_database_thread(change, house)
    started = await in_database_thread(storage.post, house.person, None, QUESTION, HOSTED)
    assert (await ended(started)).status == "failed"
    assert house.asked == []


async def test_a_model_that_is_withdrawn_before_it_is_asked_says_so(house):
    started = await in_database_thread(storage.post, house.person, None, QUESTION, HOSTED)
    await in_database_thread(switch_off, house)
    reply = await ended(started)
    assert (house.asked, reply.error_code) == ([], "model_withdrawn")
    assert "Choose another model" in reply.error


async def test_a_budget_that_is_used_up_meanwhile_counts(house):
    house.change = lambda house: Budget.objects.create(scope="site", period="month", amount=0, hard=True)
    reply = await answered(house)
    assert house.asked == [FAILING, INSIDE]
    assert "budget" in str(reply.receipt["rejected"])


async def test_a_reader_who_is_removed_gets_nothing_of_the_collection(house):
    def remove(house):
        for collection in house.library.collections:
            collection.users.clear()

    house.change = remove
    reply = await answered(house)
    assert house.asked == [FAILING, HOSTED]
    assert "zq" not in house.calls[1][1]
    assert (reply.status, reply.receipt["passages"]) == ("complete", 0)


async def test_a_deleted_document_is_not_quoted(house):
    house.change = lambda house: Source.objects.all().update(live=False, retired_at=None)
    await answered(house)
    assert [("zq" in body) for _model, body in house.calls] == [True, False]


@pytest.mark.parametrize("change", ["deactivated", "deleted"])
async def test_nothing_is_sent_for_an_account_or_a_conversation_that_is_gone(house, change):
    def end(house):
        if change == "deactivated":
            User.objects.update(is_active=False)
        else:
            Conversation.objects.update(deleted_at=timezone.now())

    house.change = end
    reply = await answered(house)
    assert (house.asked, reply.status) == ([FAILING], "failed")


async def test_programs_are_bound_by_the_same(house):
    house.change = relabel_documents
    pieces = [piece async for piece in stateless.answer(house.person, stateless.StatelessRequest(QUESTION))]
    assert house.asked == [FAILING, INSIDE]
    assert pieces[-1].receipt.label == "Confidential"


async def test_programs_of_a_deactivated_account_get_nothing_more(house):
    house.change = lambda house: User.objects.update(is_active=False)
    with pytest.raises(LangAIError, match="deactivated"):
        [piece async for piece in stateless.answer(house.person, stateless.StatelessRequest(QUESTION))]
    assert house.asked == [FAILING]


async def test_what_an_interrupted_answer_quotes_counts_when_it_is_continued(house):
    first = await answered(house, model=HOSTED)
    assert first.label == PUBLIC

    def interrupt():
        source = Source.objects.first()
        first.citations.create(number=1, source=source.pk, version=1, title="Quays 0", page=1, start=0, end=5)
        Message.objects.filter(id=first.id).update(status="interrupted")
        Source.objects.filter(pk=source.pk).update(sensitivity=CONFIDENTIAL)

    await in_database_thread(interrupt)
    started = await in_database_thread(storage.resume, house.person, first.id)
    again = await ended(started)
    assert house.asked == [HOSTED]
    assert (again.status, again.conversation.label) == ("failed", CONFIDENTIAL)


async def test_a_kept_answer_is_not_given_once_the_person_may_not_ask_its_model(house):
    await answered(house, model=HOSTED)
    again = await in_database_thread(storage.post, house.person, None, QUESTION, HOSTED)
    await in_database_thread(give_to_another_team, house)
    reply = await ended(again)
    assert (house.asked, reply.error_code) == ([HOSTED], "model_withdrawn")


async def test_who_shares_a_call_is_not_refused_for_what_became_of_another_account(house, settings):
    """The person who makes the call is deactivated before it is sent; the other one then makes a call alone."""
    settings.CACHE_SHARED = True
    await in_database_thread(lambda: Model.objects.exclude(name=HOSTED).delete())
    bob = await in_database_thread(User.objects.create_user, "bob")
    mine = await in_database_thread(storage.post, house.person, None, QUESTION, collections=["none"])
    his = await in_database_thread(storage.post, bob, None, QUESTION, collections=["none"])
    await in_database_thread(lambda: User.objects.filter(pk=house.person.pk).update(is_active=False))
    closed, served = await asyncio.gather(ended(mine), ended(his))
    assert (closed.status, served.status) == ("failed", "complete")
    assert house.asked == [HOSTED]


async def test_an_answer_that_runs_far_beyond_its_length_is_cut(house):
    await in_database_thread(lambda: Model.objects.update(enabled=False))
    await in_database_thread(offer, "hosted_vllm/t200000-r0-d0")
    reply = await answered(house, collections=["none"], options=storage.drafts.Options(max_tokens=50))
    assert reply.status == "interrupted"
    assert len(reply.text) <= 4_096
    body = json.loads(house.calls[0][1])
    assert body["max_tokens"] == 50


async def test_the_ledger_keeps_when_labels_were_read_and_which_documents_went_along(house):
    before = timezone.now()
    await answered(house)
    entry = await in_database_thread(lambda: UsageEntry.objects.get(model=HOSTED))
    readable = Source.objects.filter(collection__users=house.person)
    documents = await in_database_thread(lambda: {str(pk) for pk in readable.values_list("document", flat=True)})
    assert set(entry.documents.split()) == documents
    assert before <= entry.sent_at <= entry.at + timedelta(seconds=1)


async def test_the_ledger_keeps_how_many_earlier_answers_went_along(house):
    first = await answered(house, model=HOSTED)
    await ended(
        await in_database_thread(storage.post, house.person, first.conversation_id, "And else?", HOSTED, ["none"])
    )
    counted = UsageEntry.objects.order_by("sent_at").values_list("earlier_answers", flat=True)
    assert await in_database_thread(lambda: list(counted)) == [0, 1]
