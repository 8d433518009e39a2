"""The weekly run of answers: what is asked, on which models, for how much, and what owners see of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from chat.answer_tests import asking, running
from chat.models import AnswerTestCollection, AnswerTestSettings, CaseAnswer, EvalCase
from langai_site.outbound.models import Model
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import Reservation, UsageEntry
from tests.chat.handbook import QUESTION
from tests.detectors import made

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_stores")]

RIGHT = "Everyone has 25 days of holiday a year [1]."


@pytest.fixture
def allowed(echo):
    made = AnswerTestSettings.objects.create(weekly_usd=Decimal(1))
    made.allowed_models.set(Model.objects.all())
    return made


@pytest.fixture
def case(shared, document, allowed):
    AnswerTestCollection.objects.create(collection=shared)
    documents = {str(document.pk): "Leave"}
    return EvalCase.objects.create(
        collection=shared, question=QUESTION, documents=documents, must_contain=["25 days"], run_requested=False
    )


def asked():
    running.plan()
    while running.run():
        pass
    return CaseAnswer.objects.order_by("week").last()


@pytest.mark.parametrize(
    ("text", "is_right", "missing", "verdicts"),
    [
        (RIGHT, True, [], {"stands_there": 1}),
        ("Everyone has 30 days of holiday a year [1].", False, ["25 days"], {"says_otherwise": 1}),
        ("Everyone has 25 days of holiday a year.", False, [], {}),
    ],
)
def test_an_answer_is_compared_with_the_case_and_with_its_sources(case, alice, echo, text, is_right, missing, verdicts):
    echo.script(text)
    row = asked()
    assert (row.state, row.is_right, row.missing, row.verdicts) == ("done", is_right, missing, verdicts)
    entry = UsageEntry.objects.get()
    assert (entry.source, entry.user_id, entry.conversation, row.cost) == ("evaluation", alice.pk, None, entry.cost)
    assert not Reservation.objects.filter(status="held").exists()
    # Once a week.
    assert (asked().pk, UsageEntry.objects.count()) == (row.pk, 1)


def test_nothing_is_sent_without_room_in_the_weeks_budget(case, allowed, echo):
    allowed.weekly_usd = Decimal("0.0001")
    allowed.save()
    assert asked().state == "failed"
    assert "budget" in str(asked().error)
    CaseAnswer.objects.all().delete()
    allowed.weekly_usd = 0
    allowed.save()
    assert asked().state == "failed"
    assert not UsageEntry.objects.exclude(model="quotes").exists()
    assert echo.requests("/v1/chat") == []


def test_what_runs_and_what_was_spent_count_towards_the_budget(case, alice):
    CaseAnswer.objects.create(
        case=case, week=asking.week_of(timezone.localdate()), state="asking", most=Decimal("0.3"), attempt=None
    )
    UsageEntry.objects.create(source="evaluation", cost=Decimal("0.2"), model="x", label=0)
    UsageEntry.objects.create(source="web", cost=Decimal(5), model="x", label=0)
    earlier = timezone.now() - timedelta(days=9)
    UsageEntry.objects.create(source="evaluation", cost=Decimal(7), model="x", label=0, at=earlier)
    assert asking.used() == Decimal("0.5")


def test_a_question_in_which_a_detector_finds_something_stays_in_the_building(case, echo):
    EvalCase.objects.update(question=f"{QUESTION} I pay by {made.card('4111')}.")
    assert asked().state == "failed"
    assert echo.requests("/v1/chat") == []


@pytest.mark.parametrize("risen", ["collection", "case", "off", "model"])
def test_labels_and_settings_are_read_when_it_is_sent(case, shared, allowed, echo, monkeypatch, risen):
    request = running.request_of

    def then_changed(*given):
        made = request(*given)
        if risen == "off":
            AnswerTestCollection.objects.all().delete()
        elif risen == "model":
            allowed.allowed_models.clear()
        else:
            rows = type(shared).objects if risen == "collection" else EvalCase.objects
            rows.update(**{"sensitivity" if risen == "collection" else "label": Sensitivity.CONFIDENTIAL})
        return made

    monkeypatch.setattr(running, "request_of", then_changed)
    assert asked().state == "failed"
    assert not UsageEntry.objects.exclude(model="quotes").exists()


def test_a_killed_worker_loses_no_case(case, echo):
    running.plan()
    CaseAnswer.objects.update(state="asking", lease_until=timezone.now() - timedelta(minutes=1))
    echo.script(RIGHT)
    assert asked().is_right


def test_owners_see_what_got_worse_since_last_week(client, case, alice, bob, shared, echo):
    week = asking.week_of(timezone.localdate())
    CaseAnswer.objects.create(case=case, week=week - timedelta(weeks=1), state="done", cites_expected=True)
    echo.script("Everyone has 30 days of holiday a year [1].")
    asked()
    page = reverse("chat:eval-cases", args=[shared.pk])
    client.force_login(alice)
    text = " ".join(client.get(page).text.split())
    for words in (
        "Right: 0 of 1 answer.",
        "1 got worse since last week.",
        "The source says otherwise than 1 sentence.",
    ):
        assert words in text
    switch = reverse("chat:eval-weekly", args=[shared.pk])
    client.post(switch)
    assert not AnswerTestCollection.objects.exists()
    client.post(switch, {"weekly": "on"})
    assert AnswerTestCollection.objects.get().collection_id == shared.pk
    client.force_login(bob)
    assert client.post(switch).status_code == 404
    assert client.get(page).status_code == 404
