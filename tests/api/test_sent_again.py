"""Idempotency-Key: a program that sends a message again gets the answer that it got."""

import pytest

from chat.models import Message
from langai_site.accounts.scopes import Scope
from tests.api.conftest import error_of, program_of

pytestmark = pytest.mark.usefixtures("upstream", "echo")
KEY = {"Idempotency-Key": "order-17"}


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.CHAT)


async def test_the_answer_comes_again_and_nothing_is_asked(program):
    first = await program.post("/chat", message="How many days?", headers=KEY)
    again = await program.post("/chat", message="How many days?", headers=KEY)
    assert again.json() == first.json()
    assert await Message.objects.acount() == 2
    other = await program.post("/chat", message="How many weeks?", headers=KEY)
    assert error_of(other) == (422, "idempotency_key_reused")
    await program.post("/chat", message="How many days?", headers={"Idempotency-Key": "order-18"})
    assert await Message.objects.acount() == 4


async def test_a_stream_comes_again_too(program):
    first = await program.post("/chat", message="How many days?", headers=KEY)
    stream = await program.post("/chat/stream", message="How many days?", headers=KEY)
    text = b"".join([piece async for piece in stream.streaming_content]).decode()
    assert first.json()["reply_id"] in text
    assert text.endswith("data: [DONE]\n\n")
    assert await Message.objects.acount() == 2


async def test_a_failed_answer_fails_again_and_a_deleted_one_is_gone(program):
    first = (await program.post("/chat", message="How many days?", headers=KEY)).json()
    await Message.objects.filter(id=first["reply_id"]).aupdate(status="failed", error="Broken.", error_code="broken")
    assert error_of(await program.post("/chat", message="How many days?", headers=KEY)) == (503, "broken")
    await program.delete(f"/api/conversations/{first['conversation_id']}")
    assert error_of(await program.post("/chat", message="How many days?", headers=KEY)) == (404, "not_found")
