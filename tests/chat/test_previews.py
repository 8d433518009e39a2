"""What the composer says before anything is sent, and that the preview changes nothing."""

import logging

import pytest
from django.urls import reverse

from chat.conversations import drafts
from chat.conversations.drafts import Options
from chat.models import Conversation, LabelChange, Message
from langai_site.database.writer import in_database_thread
from langai_site.outbound.models import Model
from langai_site.usage.models import Reservation, UsageEntry
from tests.chat.factories import long_conversation
from tests.chat.test_labels import CARD
from tests.chat.test_views import alice, ask, bob, client_of  # noqa: F401 - fixtures
from tests.outbound.conftest import connections, upstream  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(transaction=True)

NEW = reverse("chat:preview-new")


async def told(client, text, url=NEW, **fields):
    answer = await client.post(url, {"text": text, "model": "auto", **fields})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.fixture
async def client(alice):  # noqa: F811 - the fixture
    return await client_of(alice)


@pytest.fixture
def both(upstream, settings):  # noqa: F811 - the fixture
    """Offer a local model, and a hosted one that is more expensive and ranked better."""
    settings.ANTHROPIC_BASE_URL = "https://models.example"
    names = {"hosted_vllm/t5": "Here", "anthropic/claude-sonnet-5-5": "There"}
    for rank, (name, display_name) in enumerate(names.items()):
        provider = name.partition("/")[0]
        Model.objects.create(name=name, display_name=display_name, provider=provider, available=True, rank=10 - rank)
    return upstream


async def test_it_says_label_model_and_what_it_costs(client):
    text = await told(client, "How long is the notice period?")
    assert "Public · quotes · free" in text
    assert "where new conversations start" in text
    assert "simple" in text


async def test_it_says_why_a_hosted_model_is_not_used(client, both):
    assert "There" in await told(client, "How long is the notice period?")
    text = await told(client, f"Why was {CARD} declined?")
    assert "Confidential · Here · free" in text
    assert "a payment card number in your message" in text
    assert "anthropic/claude-sonnet-5-5: may not see confidential text" in text
    assert CARD not in text


async def test_it_says_that_nothing_would_be_sent(client, both):
    text = await told(client, f"Why was {CARD} declined?", model="anthropic/claude-sonnet-5-5")
    assert "Confidential · nothing would be sent" in text
    assert "Choose a local model" in text


async def test_a_conversation_brings_its_label_along(client, alice):  # noqa: F811 - the fixture
    await ask(client, "Hello there", label="internal")
    conversation = await in_database_thread(Conversation.objects.get)
    text = await told(client, "And?", reverse("chat:preview", args=[conversation.id]))
    assert "Internal · quotes" in text
    assert "this conversation: chosen by you" in text


async def test_anothers_conversation_is_not_previewed(client, bob):  # noqa: F811 - the fixture
    await ask(client, "Hello there")
    conversation = await in_database_thread(Conversation.objects.get)
    other = await client_of(bob)
    answer = await other.post(reverse("chat:preview", args=[conversation.id]), {"text": "And?"})
    assert "This conversation was deleted, or is not yours." in answer.text
    assert "<details>" not in answer.text


async def test_nothing_is_stored_logged_or_sent(client, both, caplog):
    caplog.set_level(logging.DEBUG)
    await told(client, "What is zanzibarite used for?", label="confidential", temperature="0.5")
    for rows in (Conversation, Message, LabelChange, Reservation, UsageEntry):
        assert not await in_database_thread(rows.objects.exists), rows
    assert "zanzibarite" not in caplog.text
    assert both.requests() == []


async def test_nothing_is_said_before_anything_is_written(client):
    assert await told(client, "  ") == ""


async def test_a_bad_option_is_told_at_once(client):
    answer = await client.post(NEW, {"text": "Hello", "temperature": "9"})
    assert (answer.status_code, "from 0 to 2" in answer.content.decode()) == (400, True)


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ({}, Options()),
        ({"complexity": "auto", "temperature": "", "max_tokens": ""}, Options()),
        ({"complexity": "complex", "temperature": "0.5", "max_tokens": "100"}, Options("complex", 0.5, 100)),
    ],
)
def test_options_are_read_as_they_are_written(form, options):
    assert drafts.options(form) == options
    assert Options.read(options.written()) == options


@pytest.mark.parametrize(
    "form",
    [
        {"complexity": "hard"},
        {"temperature": "warm"},
        {"temperature": "nan"},
        {"temperature": "-0.1"},
        {"max_tokens": "0"},
        {"max_tokens": "4001"},
        {"max_tokens": "1.5"},
        {"max_tokens": "1e400"},
    ],
)
def test_bad_options_are_refused(form):
    with pytest.raises(drafts.InvalidError):
        drafts.options(form)


async def test_it_says_what_a_small_window_leaves_out(client, alice, upstream):  # noqa: F811 - the fixtures
    small = {"name": "hosted_vllm/t5", "display_name": "Small", "provider": "hosted_vllm", "available": True}
    await Model.objects.acreate(**small, context_window=2_048)
    conversation, _messages = await in_database_thread(long_conversation, alice, 8, "Message {}. " + "So it is. " * 150)
    text = await told(client, "And?", reverse("chat:preview", args=[conversation.id]), model=small["name"])
    assert "Small · free" in text
    assert "<dt>Notice</dt><dd>Up to 8 earlier messages will be left out." in text
    new = await told(client, "And?", model=small["name"])
    assert "left out" not in new
    assert "<dt>Length</dt><dd>The answer may be at most" in new
