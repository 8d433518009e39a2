"""/api/messages: delete a branch and bring it back, correct an answer."""

import pytest

from chat.models import Message
from langai_site.accounts.scopes import Scope
from tests.api.conftest import error_of, program_of

pytestmark = pytest.mark.usefixtures("upstream")


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.CHAT)


@pytest.fixture
async def answer(program, echo):
    return (await program.post("/chat", message="How many days?")).json()


def address(message) -> str:
    return f"/api/messages/{message}"


async def texts(program, answer) -> list[str]:
    found = await program.get(f"/api/conversations/{answer['conversation_id']}")
    return [message["text"] for message in found.json()["messages"]]


async def test_a_branch_is_deleted_and_restored(program, answer):
    more = (await program.post("/chat", message="And?", conversation_id=answer["conversation_id"])).json()
    question = (await Message.objects.aget(id=more["reply_id"])).parent_id
    before = await texts(program, answer)
    assert (await program.delete(address(question))).status_code == 204
    assert await texts(program, answer) == before[:2]
    assert (await program.post(f"{address(question)}/restore")).status_code == 204
    assert await texts(program, answer) == before
    assert error_of(await program.delete(address(answer["reply_id"]))) == (409, "conflict")


async def test_an_answer_is_corrected_says_so_and_is_put_back(program, answer):
    place = address(answer["reply_id"])
    corrected = await program.client.patch(
        place, '{"text": "26 days.", "sensitivity": "internal"}', "application/json", headers=program.headers
    )
    value = corrected.json()
    assert (value["text"], value["edited"], value["original"], value["label"]) == (
        "26 days.",
        True,
        answer["message"],
        "internal",
    )
    assert (await texts(program, answer))[-1] == "26 days."
    back = await program.client.patch(place, '{"text": null}', "application/json", headers=program.headers)
    assert (back.json()["text"], back.json()["edited"]) == (answer["message"], False)


async def test_nobody_else_does_either(program, answer, bob):
    other = await program_of(bob, Scope.CHAT)
    place = address(answer["reply_id"])
    refused = [
        await other.delete(place),
        await other.post(f"{place}/restore"),
        await other.client.patch(place, '{"text": "Mine"}', "application/json", headers=other.headers),
    ]
    assert [error_of(each) for each in refused] == [(404, "not_found")] * 3
