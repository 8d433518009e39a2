"""A second opinion by a local model: about which sentences, by which models, and how it is said."""

import asyncio

import pytest
from django.urls import reverse

from chat.api.schemas import check_of
from chat.conversations import export
from chat.conversations.access import reply_as_shown
from chat.grounding import stored
from chat.grounding.checking import SecondOpinion
from chat.live import opinions
from chat.models import Message
from chat.turns import storage
from langai_site.database.writer import in_database_thread
from langai_site.outbound import door
from langai_site.outbound.models import Model
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry
from search.models import Collection
from tests.chat.handbook import LEAVE, QUESTION, ended

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_stores")]

REWORDED = "Staff may therefore relax for five whole weeks [1]."


@pytest.fixture
def local(upstream_process, settings):
    """The one model runs in the building, and answers what the test scripts."""
    upstream_process.reset()
    settings.OPENAI_BASE_URL = upstream_process.openai_url
    settings.SECOND_OPINION, settings.TITLES = "local", "off"
    Model.objects.create(name="hosted_vllm/echo", display_name="Echo", provider="hosted_vllm", available=True)
    yield upstream_process
    asyncio.run(door.close())


def answered(user, server, *texts):
    server.script(*texts)

    async def ask():
        begun = await in_database_thread(
            lambda: storage.post(user, None, QUESTION, "hosted_vllm/echo", ("all",), label=Sensitivity.CONFIDENTIAL)
        )
        await ended(begun)
        return begun.reply

    return reply_as_shown(user.pk, asyncio.run(ask()))


@pytest.mark.parametrize(
    ("said", "opinion", "words"),
    [
        ("Yes.", SecondOpinion.SUPPORTS, "supports 1 of 1 sentence"),
        ("**No**, it does not.", SecondOpinion.SUPPORTS_NOT, "supports 0 of 1 sentence"),
        ("Unclear", None, ""),
    ],
)
def test_it_is_asked_beside_the_passage_and_said_as_what_it_is(client, alice, document, local, said, opinion, words):
    reply = answered(alice, local, REWORDED, said)
    (check,) = stored.checks_of_reply(reply)
    assert (check.verdict.value, check.opinion) == ("not_in_these_words", opinion)
    assert LEAVE in str(local.requests("/v1/chat")[1])
    assert [entry.kind for entry in UsageEntry.objects.order_by("pk")] == ["chat", "second opinion"]
    assert check_of(check).second_opinion == (opinion.value if opinion else None)
    assert words in export.markdown([reply])
    assert ("A local model thinks" in export.markdown([reply])) is bool(opinion)
    client.force_login(alice)
    panel = client.get(reverse("chat:citation", args=[reply.pk, 1])).text
    assert ("A local model thinks that what it cites" in panel) is bool(opinion)


@pytest.mark.parametrize(
    ("text", "setting"),
    [(REWORDED, "off"), ("Everyone has 25 days of holiday a year [1].", "local"), ("Enjoy your time off.", "local")],
)
def test_nothing_is_asked_unless_it_is_on_and_a_sentence_is_reworded(alice, document, local, settings, text, setting):
    settings.SECOND_OPINION = setting
    answered(alice, local, text, "Yes")
    assert len(local.requests("/v1/chat")) == 1


@pytest.mark.parametrize("change", ["hosted", "closed"])
def test_neither_a_hosted_model_nor_a_passage_that_was_closed_is_asked(
    alice, document, local, settings, monkeypatch, change
):
    real = opinions._wanted

    def wanted(started):
        if change == "hosted":
            settings.LOCAL_HOSTS = []
            return real(started)
        found = real(started)
        Collection.objects.update(everyone=False)
        Collection.owners.through.objects.all().delete()
        return found

    monkeypatch.setattr(opinions, "_wanted", wanted)
    reply = answered(alice, local, REWORDED, "Yes")
    assert len(local.requests("/v1/chat")) == 1
    assert stored.checks_of_reply(reply)[0].opinion is None


def test_an_answer_that_was_continued_meanwhile_keeps_no_opinion(alice, document, local):
    reply = answered(alice, local, REWORDED, "Unclear")
    (check,) = stored.checks_of_reply(reply)
    Message.objects.filter(pk=reply.pk).update(status=Message.Status.STREAMING)
    opinions._save(reply.pk, check, SecondOpinion.SUPPORTS)
    reply.refresh_from_db()
    assert stored.checks_of_reply(reply) == (check,)
