"""Whatever sends something outwards, a change right before its first byte counts: no server outside the building
gets the text.

Each kind of call is made by its own service, against a recording model server that counts as hosted.
"""

import asyncio
import contextlib
from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import caches

from chat.api import stateless
from chat.comparisons import opening
from chat.live import asking_next, runner
from chat.models import Conversation, Message, ReviewTable
from chat.reviews import filling, tables
from chat.turns import storage
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from langai_site.detectors import patterns
from langai_site.errors import LangAIError
from langai_site.models import SensitivePattern
from langai_site.outbound import door
from langai_site.outbound.models import Model
from langai_site.usage import prices
from langai_site.usage.models import Budget
from search.models import Collection, Source
from tests.chat import test_changes_during_a_turn as during
from tests.chat.leaks import TOPIC
from tests.chat.test_changes_during_a_turn import (  # noqa: F401 - the fixture
    CONFIDENTIAL,
    HOSTED,
    INTERNAL,
    PUBLIC,
    QUESTION,
    answered,
    ended,
    house,
)

pytestmark = pytest.mark.django_db(transaction=True)


async def question(house):  # noqa: F811
    await answered(house, model=HOSTED)


async def asked_on(house):  # noqa: F811
    first = await answered(house, model=HOSTED)
    await ended(await in_database_thread(storage.post, house.person, first.conversation_id, QUESTION, HOSTED))


async def retried(house):  # noqa: F811
    first = await answered(house, model=HOSTED)
    await ended(await in_database_thread(storage.retry, house.person, first.id))


async def continued(house):  # noqa: F811
    first = await answered(house, model=HOSTED)
    await in_database_thread(lambda: Message.objects.filter(id=first.id).update(status="interrupted"))
    await ended(await in_database_thread(storage.resume, house.person, first.id))


async def title(house):  # noqa: F811
    await answered(house, model=HOSTED)
    while runner._tasks:
        await asyncio.gather(*runner._tasks)


async def next_questions(house):  # noqa: F811
    first = await answered(house, model=HOSTED)
    await asking_next.written(house.person.pk, first.id)


async def program(house):  # noqa: F811
    said = stateless.StatelessRequest(QUESTION, model=HOSTED)
    async for _piece in stateless.answer(house.person, said):
        pass


async def comparison(house):  # noqa: F811
    def opened():
        names = [HOSTED, "quotes"]
        return opening.open_comparison(
            house.person, names, lambda name: storage.post(house.person, None, QUESTION, name)
        )

    found = await in_database_thread(opened)
    await asyncio.gather(*map(ended, found.started))


async def cell(house):  # noqa: F811
    def claimed():
        table = tables.create(house.person, "Quays", house.library.collections[0].pk)
        tables.save_column(house.person, table.pk, None, "What", QUESTION, "text")
        filling.start(house.person, table.pk)
        return filling._claimed()

    await filling._answer(await in_database_thread(claimed))


# What makes the call, the ledger's kind of it, and which call of that kind it is.
PLACES = {
    place.__name__: (place, kind, number)
    for place, kind, number in (
        *((question, "chat", 1), (asked_on, "chat", 2), (retried, "chat", 2), (continued, "chat", 2)),
        *((title, "title", 1), (next_questions, "questions", 1)),
        *((program, "chat", 1), (comparison, "chat", 1), (cell, "chat", 1)),
    )
}


def add_pattern(_house):
    SensitivePattern.objects.create(name="Harbours", kind="word", pattern=TOPIC, label=CONFIDENTIAL)


def deactivate(_house):
    User.objects.update(is_active=False)


def remove_reader(house):  # noqa: F811
    for collection in house.library.collections:
        collection.users.clear()


def delete_table(_house):
    ReviewTable.objects.all().delete()


EVERYWHERE = (
    *(during.relabel_documents, during.relabel_collection, during.lower_ceiling),
    *(during.switch_off, during.stop_listing, during.give_to_another_team, deactivate, add_pattern),
)
CHANGES = {
    **dict.fromkeys(PLACES, (*EVERYWHERE, during.raise_conversation, during.delete_branch)),
    # These are in no conversation.
    "program": EVERYWHERE,
    "cell": (*EVERYWHERE, remove_reader, delete_table),
}


def as_before(house):  # noqa: F811
    for model in (Conversation, ReviewTable, SensitivePattern, Budget):
        model.objects.all().delete()
    Source.objects.update(sensitivity=PUBLIC)
    Collection.objects.update(sensitivity=PUBLIC)
    User.objects.update(is_active=True)
    Model.objects.exclude(name=HOSTED).delete()
    Model.objects.update(ceiling=INTERNAL, enabled=True, available=True)
    Model.objects.get().teams.clear()
    for collection in house.library.collections[:2]:
        collection.users.set([house.person])
    patterns.forget()
    for name in ("default", "resting", "answers"):
        caches[name].clear()


@pytest.mark.parametrize("place", PLACES)
async def test_a_change_right_before_a_call_counts_for_it(house, place, monkeypatch, settings):  # noqa: F811
    settings.TITLES = "any" if place == "title" else "off"
    settings.FOLLOW_UPS, settings.CACHE_TTL = "models", 0
    make, kind, number = PLACES[place]
    calls, change, sent_before = 0, None, None
    read_present = door.Meter._read_present

    def changed(meter):
        nonlocal calls, sent_before
        calls += meter.call.kind == kind
        if change and calls == number and sent_before is None:
            sent_before = len(house.calls)
            change(house)
        return read_present(meter)

    monkeypatch.setattr(door.Meter, "_read_present", changed)
    await in_database_thread(
        lambda: prices.set_by_admin(
            HOSTED, valid_from=date(2026, 1, 1), input=Decimal(1), output=Decimal(5), cached=Decimal(1)
        )
    )
    await in_database_thread(as_before, house)
    await make(house)
    # Without a change it is sent: otherwise the rest would prove nothing.
    assert house.asked == [HOSTED] * (number + (kind != "chat"))
    assert TOPIC in house.calls[-1][1]
    for change in CHANGES[place]:
        await in_database_thread(as_before, house)
        calls, sent_before = 0, None
        house.calls.clear()
        with contextlib.suppress(LangAIError):
            await make(house)
        assert sent_before is not None, change
        assert house.calls[sent_before:] == [], change
