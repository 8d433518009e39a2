"""One question to several models: their answers, what they cost, which one goes on, and that names stay hidden."""

import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.test import AsyncClient
from django.urls import reverse

from chat.comparisons import report
from chat.models import ComparedReply, Conversation, Message, ModelComparison
from chat.models.comparisons import ModelVerdict
from chat.routing.route import AUTO
from chat.values import Level
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.outbound.models import Model
from langai_site.usage import prices
from langai_site.usage.models import Budget, Reservation, UsageEntry
from tests.api.conftest import error_of, program_of
from tests.chat.factories import first_policy
from tests.chat.test_spending import upstream  # noqa: F401 - a fixture
from tests.chat.test_views import ended

FIRST, SECOND, BROKEN = "anthropic/claude-haiku-4-5", "hosted_vllm/t3", "hosted_vllm/fail-broken"
SHOWN = {FIRST: "Model Amber", SECOND: "Model Beryl", BROKEN: "Model Coral"}

pytestmark = pytest.mark.usefixtures("models", "upstream")


@pytest.fixture
def models(transactional_db):
    first_policy()
    rates = {"input": Decimal(1), "output": Decimal(5), "cached": Decimal("0.1")}
    for name, shown in SHOWN.items():
        Model.objects.create(name=name, display_name=shown, provider=name.partition("/")[0], available=True)
        prices.set_by_admin(name, valid_from=date(2026, 1, 1), **rates)


@pytest.fixture
async def client(alice):
    found = AsyncClient()
    await found.aforce_login(alice)
    return found


def form(*names, **more):
    return {"text": "How long is the leave?", "collections": "none", "compare": list(names), **more}


async def compared(client, *names, **more):
    """Post a comparison, wait for its answers, and return it."""
    answer = await client.post(reverse("chat:start"), form(*names, **more))
    await ended()
    assert answer.status_code == 302, answer.content.decode()
    return await in_database_thread(ModelComparison.objects.select_related("question").get)


async def rows(comparison):
    return await in_database_thread(lambda: list(comparison.answers.select_related("reply")))


async def text_of(client, name, *args):
    answer = await client.get(reverse(name, args=args), follow=True)
    if answer.streaming:
        return b"".join([piece async for piece in answer.streaming_content]).decode()
    return answer.content.decode()


async def test_each_answer_is_metered_and_the_failure_of_one_harms_no_other(client):
    comparison = await compared(client, FIRST, SECOND, BROKEN)
    found = {row.model: row.reply for row in await rows(comparison)}
    assert [found[name].status for name in SHOWN] == ["complete", "complete", "failed"]
    assert {reply.parent_id for reply in found.values()} == {comparison.question_id}
    page = await text_of(client, "chat:conversation", comparison.question.conversation_id)
    assert all(name in page for name in SHOWN.values())
    assert found[BROKEN].error in page.replace("&#x27;", "'")
    spent = await in_database_thread(lambda: UsageEntry.objects.aggregate(all=Sum("cost"))["all"])
    assert spent == sum(Decimal(found[name].receipt["cost"]) for name in (FIRST, SECOND)) > 0


async def test_the_chosen_answer_goes_on_and_the_others_stay_beside_it(client, alice):
    comparison = await compared(client, FIRST, SECOND)
    chosen = next(row for row in await rows(comparison) if row.model == SECOND)
    url = reverse("chat:compare-choose", args=[comparison.id, chosen.reply_id])
    answer = await client.post(url)
    assert answer["Location"] == reverse("chat:conversation", args=[comparison.question.conversation_id])
    page = await text_of(client, "chat:conversation", comparison.question.conversation_id)
    assert f'id="m-{chosen.reply_id}"' in page
    assert "of 2" in page
    conversation = await in_database_thread(Conversation.objects.get)
    assert (conversation.current_leaf_id, conversation.model) == (chosen.reply_id, SECOND)
    verdicts = await in_database_thread(lambda: set(ModelVerdict.objects.values_list("model", "won", "is_blind")))
    assert verdicts == {(SECOND, True, False), (FIRST, False, False)}
    assert (await client.post(url)).status_code == 409


@pytest.mark.parametrize("end", ["choose", "reveal"])
async def test_names_are_hidden_everywhere_until_the_choice(client, end):
    comparison = await compared(client, *SHOWN, blind="on")
    found = await rows(comparison)
    conversation = comparison.question.conversation_id
    doors = [
        ("chat:comparison", comparison.id),
        ("chat:export-json", conversation),
        ("chat:export-markdown", conversation),
        ("chat:print", conversation),
        *(("chat:reply", row.reply_id) for row in found),
        *(("chat:why-not", row.reply_id) for row in found),
    ]
    names = {*SHOWN, *SHOWN.values(), "claude", "fail-broken"}
    for door in doors:
        page = await text_of(client, *door)
        assert [name for name in names if name in page] == [], door
    stored = await in_database_thread(lambda: list(Message.objects.values_list("model", "receipt", "error", "options")))
    assert not [name for name in names if name in str(stored)]
    complete = next(row for row in found if row.reply.status == "complete")
    if end == "choose":
        await client.post(reverse("chat:compare-choose", args=[comparison.id, complete.reply_id]))
    else:
        await client.post(reverse("chat:compare-reveal", args=[comparison.id]))
    page = await text_of(client, "chat:comparison", comparison.id)
    assert all(name in page for name in SHOWN.values())
    replies = {row.model: row.reply for row in await rows(comparison)}
    assert Decimal(replies[FIRST].receipt["cost"]) > 0
    assert "error_code" not in replies[BROKEN].error
    assert replies[BROKEN].error_code != "hidden"
    assert await in_database_thread(lambda: ModelVerdict.objects.filter(is_blind=True).count()) == (
        2 if end == "choose" else 0
    )


REFUSED = [
    ([AUTO, FIRST], "Auto cannot be compared"),
    ([FIRST], "Pick 2 to 4"),
    ([FIRST, FIRST], "Pick 2 to 4"),
    ([*SHOWN, "quotes", "hosted_vllm/t5"], "Pick 2 to 4"),
    ([FIRST, "hosted_vllm/not-there"], "not available to you"),
]


@pytest.mark.parametrize(("names", "words"), REFUSED)
async def test_what_cannot_be_compared_is_refused_with_a_sentence(client, names, words):
    answer = await client.post(reverse("chat:start"), form(*names))
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not await in_database_thread(Message.objects.exists)


async def test_what_all_can_cost_is_held_together_or_nothing_is_sent(client, upstream, alice):  # noqa: F811
    await in_database_thread(lambda: Budget.objects.create(scope="site", period="month", amount=100))
    await compared(client, FIRST, SECOND)
    held = await in_database_thread(lambda: [row.amount for row in Reservation.objects.all()])
    enough_for_one = max(held) * Decimal("1.5")
    assert sum(held) > enough_for_one
    await in_database_thread(lambda: Budget.objects.update(amount=enough_for_one))
    requests = len(upstream.requests())
    answer = await client.post(reverse("chat:start"), form(FIRST, SECOND))
    assert answer.status_code == 429
    assert "these 2 answers may cost up to" in answer.content.decode()
    line = (await client.post(reverse("chat:preview-new"), form(FIRST, SECOND))).content.decode()
    assert "together over budget" in line
    assert len(upstream.requests()) == requests
    assert await in_database_thread(ModelComparison.objects.count) == 1


async def test_the_composer_says_before_what_all_can_cost(client):
    line = (await client.post(reverse("chat:preview-new"), form(*SHOWN))).content.decode()
    assert "3 answers, together at most $" in line
    assert all(name in line for name in SHOWN.values())


async def test_what_may_not_see_the_label_says_so_and_the_others_answer(client):
    await in_database_thread(lambda: Model.objects.filter(name=SECOND).update(ceiling=0))
    comparison = await compared(client, FIRST, SECOND, label="internal")
    found = {row.model: row.reply for row in await rows(comparison)}
    assert (found[FIRST].status, found[SECOND].error_code) == ("complete", "above_ceiling")


async def test_a_comparison_is_its_owners_alone(client, bob):
    comparison = await compared(client, FIRST, SECOND)
    [reply, _other] = await rows(comparison)
    theirs = AsyncClient()
    await theirs.aforce_login(bob)
    assert (await theirs.get(reverse("chat:comparison", args=[comparison.id]))).status_code == 404
    for name, args in (
        ("chat:compare-stop", [comparison.id]),
        ("chat:compare-reveal", [comparison.id]),
        ("chat:compare-choose", [comparison.id, reply.reply_id]),
    ):
        assert (await theirs.post(reverse(name, args=args))).status_code == 404, name
    assert (await client.post(reverse("chat:compare-choose", args=[comparison.id, uuid.uuid4()]))).status_code == 404


async def test_while_an_answer_is_written_nothing_is_chosen_and_all_can_be_stopped(client):
    slow = "hosted_vllm/t900-r20"
    await in_database_thread(
        lambda: Model.objects.create(name=slow, display_name=slow, provider="hosted_vllm", available=True)
    )
    await client.post(reverse("chat:start"), form(SECOND, slow))
    comparison = await in_database_thread(ModelComparison.objects.get)
    [quick, running] = await rows(comparison)
    page = await text_of(client, "chat:comparison", comparison.id)
    assert "Stop all" in page
    answer = await client.post(reverse("chat:compare-choose", args=[comparison.id, quick.reply_id]))
    assert answer.status_code == 409
    await client.post(reverse("chat:compare-stop", args=[comparison.id]))
    await ended()
    stopped = await in_database_thread(lambda: ComparedReply.objects.get(pk=running.pk).reply.status)
    assert stopped == "stopped"


async def test_programs_compare_too(client, alice, bob):
    program = await program_of(alice, Scope.CHAT)
    refused = await program.post("/api/comparisons", message="How long?", models=[FIRST, AUTO])
    assert error_of(refused) == (400, "invalid")
    body = {"message": "How long?", "models": [FIRST, SECOND], "blind": True, "collections": []}
    made = (await program.post("/api/comparisons", **body)).json()
    assert [(one["status"], one["model"], one["cost"]) for one in made["answers"]] == [("complete", None, None)] * 2
    assert all(one["message"] for one in made["answers"])
    path, reply = f"/api/comparisons/{made['id']}", made["answers"][0]["reply_id"]
    theirs = await program_of(bob, Scope.CHAT)
    assert error_of(await theirs.get(path)) == (404, "not_found")
    assert error_of(await theirs.post(f"{path}/choose", reply_id=reply)) == (404, "not_found")
    chosen = (await program.post(f"{path}/choose", reply_id=reply)).json()
    assert (chosen["chosen"], chosen["blind"]) == (reply, False)
    assert {one["model"] for one in chosen["answers"]} == {FIRST, SECOND}
    assert (await program.get(path)).json() == chosen


async def test_the_report_names_no_winner_before_twenty_choices(client):
    def choices(count):
        for _number in range(count):
            key = uuid.uuid4()
            for name in (FIRST, SECOND):
                ModelVerdict.objects.create(
                    comparison=key, model=name, won=name == FIRST, kind=Level.COMPLEX.value, team="Sales", is_blind=True
                )

    def complex_ones(team=None):
        return next(kind for kind in report.wins(team) if kind.kind == "complex")

    await in_database_thread(choices, 19)
    found = await in_database_thread(complex_ones)
    assert (found.choices, found.models) == (19, ())
    assert await in_database_thread(report.teams) == []
    await in_database_thread(choices, 1)
    found = await in_database_thread(complex_ones, "Sales")
    assert [(one.model, one.won, one.shown, one.percent) for one in found.models] == [
        (FIRST, 20, 20, 100),
        (SECOND, 0, 20, 0),
    ]
    assert await in_database_thread(report.teams) == ["Sales"]
    assert (await in_database_thread(complex_ones, "Legal")).choices == 0


async def test_admins_read_the_report_and_others_do_not(client, admin):
    assert (await client.get(reverse("chat:compare-report"))).status_code == 403
    theirs = AsyncClient()
    await theirs.aforce_login(admin)
    page = (await theirs.get(reverse("chat:compare-report"))).content.decode()
    assert "fewer than 20 choices" in page
    policy = await in_database_thread(first_policy)
    lab = (await theirs.get(reverse("admin:chat_routingpolicy_lab", args=[policy.pk]))).content.decode()
    assert "What people choose when they compare models" in lab
