"""A person's own instructions: on the wire, in the label, in the receipt, and off."""

import json
from dataclasses import replace

import pytest

from chat.conversations import instructions
from chat.conversations.personal import Personal
from chat.live import runner
from chat.models import Conversation
from chat.pages.receipt_text import receipt_lines
from chat.turns import prompts, storage
from chat.turns.receipt import Receipt
from langai_site.accounts.models import Instructions
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.errors import NotAdmittedError
from langai_site.outbound.models import Model
from langai_site.sensitivity import Sensitivity
from tests.api.conftest import error_of, program_of
from tests.detectors import made

pytestmark = pytest.mark.usefixtures("upstream")

CARD = made.groups(made.card("4"))


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.CHAT)


async def write(user, about="I am a nurse.", answers="Answer in verse.", **more):
    return await Instructions.objects.aupdate_or_create(
        user=user, defaults={"about": about, "answers": answers, **more}
    )


def system(upstream):
    """Return the instructions of the last request, and all that was said after them."""
    first, *others = json.loads(upstream.requests()[-1]["body"])["messages"]
    assert first["role"] == "system"
    return first["content"], json.dumps(others)


async def test_they_follow_our_own_and_stand_in_no_message(program, alice, echo, upstream):
    await write(alice)
    await program.post("/chat", message="One?")
    sent, others = system(upstream)
    assert sent.startswith(prompts.INSTRUCTIONS)
    assert sent.index("I am a nurse.") < sent.index("Answer in verse.")
    assert "nurse" not in others


async def test_the_receipt_names_them_and_their_tokens(program, alice, echo):
    await write(alice)
    receipt = (await program.post("/chat", message="One?")).json()["receipt"]
    prompt = Personal("I am a nurse.", "Answer in verse.").prompt
    assert receipt["instructions_tokens"] == prompts.text_tokens(prompt)
    lines = dict(receipt_lines(Receipt.from_json(receipt)))
    assert lines["Instructions"] == f"yours, about {receipt['instructions_tokens']} tokens"


async def test_empty_ones_take_no_token_and_no_line(program, alice, echo, upstream):
    await write(alice, "", "", label=Sensitivity.CONFIDENTIAL)
    answer = (await program.post("/chat", message="One?")).json()
    assert system(upstream)[0] == prompts.INSTRUCTIONS
    assert answer["receipt"]["label"] == "Public"
    assert "instructions_tokens" not in answer["receipt"]


async def test_they_are_off_in_one_conversation_until_switched_on(program, alice, echo, upstream):
    await write(alice)
    off = (await program.post("/chat", message="One?", instructions=False)).json()["conversation_id"]
    assert "nurse" not in system(upstream)[0]
    await program.post("/chat", message="Two?", conversation_id=off)
    assert "nurse" not in system(upstream)[0]
    await program.post("/chat", message="Elsewhere?")
    assert "nurse" in system(upstream)[0]
    await program.post("/chat", message="Three?", conversation_id=off, instructions=True)
    assert "nurse" in system(upstream)[0]


async def test_v1_does_not_send_them(program, alice, echo, upstream):
    await write(alice, label=Sensitivity.CONFIDENTIAL)
    answer = await program.post("/v1/chat/completions", model=echo, messages=[{"role": "user", "content": "One?"}])
    assert answer.status_code == 200
    assert "nurse" not in system(upstream)[0]


@pytest.fixture
def hosted(upstream, settings, transactional_db):
    """Lead a hosted provider to the upstream: under its name it is not in the building."""
    settings.LOCAL_HOSTS, settings.ANTHROPIC_API_KEY = ["127.0.0.1"], "sk-test"
    settings.ANTHROPIC_BASE_URL = f"http://localhost:{upstream.port}"
    name = "anthropic/t5"
    Model.objects.create(name=name, display_name="t5", provider="anthropic", available=True)
    return name


async def test_a_card_number_in_them_goes_only_where_it_may(program, alice, hosted, upstream):
    await write(alice, f"My card is {CARD}.")
    refused = await program.post("/chat", message="One?", model=hosted)
    assert error_of(refused)[1] == "above_ceiling"
    assert upstream.requests() == []
    assert (await program.post("/chat", message="One?", instructions=False)).status_code == 200


async def test_what_was_sent_raises_the_conversation_and_a_refusal_does_not(program, alice, echo, hosted):
    await write(alice, f"My card is {CARD}.")
    answer = (await program.post("/chat", message="One?")).json()
    assert answer["receipt"]["label"] == "Confidential"
    assert answer["receipt"]["label_causes"][0]["words"].endswith("in your instructions")
    conversation = await Conversation.objects.aget()
    assert conversation.label == Sensitivity.CONFIDENTIAL
    await Conversation.objects.all().adelete()
    await program.post("/chat", message="One?", model=hosted)
    assert (await Conversation.objects.aget()).label == Sensitivity.PUBLIC


async def test_they_are_read_when_the_turn_is_sent(alice, echo, upstream):
    await write(alice, f"My card is {CARD}.")
    started = await in_database_thread(storage.post, alice, None, "One?")
    # The person takes the number out after the question was posted and before it leaves.
    await write(alice, "I am a nurse.")
    outcome = await runner.start(started, runner.ReplyOpening("One?"))
    assert outcome.failure is None
    sent, _ = system(upstream)
    assert CARD not in sent
    assert "nurse" in sent


async def test_their_label_is_that_of_now_and_changed_ones_are_not_sent(alice, echo):
    await write(alice, f"My card is {CARD}.")
    given = Personal(f"My card is {CARD}.", "Answer in verse.")
    assert await in_database_thread(instructions.present_label, alice.pk, given) == Sensitivity.CONFIDENTIAL
    with pytest.raises(NotAdmittedError):
        await in_database_thread(instructions.present_label, alice.pk, replace(given, about="Something else."))
