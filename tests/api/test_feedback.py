"""Feedback for programs."""

import json

import pytest

from chat.models import Message
from chat.models.feedback import Feedback
from langai_site.accounts.scopes import Scope
from tests.api.conftest import error_of, program_of

pytestmark = pytest.mark.usefixtures("upstream")


async def put(program, reply, **fields):
    return await program.client.put(
        f"/api/replies/{reply}/feedback", json.dumps(fields), content_type="application/json", headers=program.headers
    )


async def test_a_program_says_reads_and_takes_back_what_its_person_thinks(alice, bob, echo):
    program, other = await program_of(alice, Scope.CHAT), await program_of(bob, Scope.CHAT)
    reply = (await program.post("/chat", message="One?")).json()["reply_id"]
    address = f"/api/replies/{reply}/feedback"
    assert error_of(await program.get(address))[0] == 404
    said = (await put(program, reply, good=False, reasons=["wrong"], comment="No.", shared=True)).json()
    assert (said["good"], said["reasons"], said["comment"], said["shared"]) == (False, ["wrong"], "No.", False)
    assert (await program.get(address)).json() == said
    for answer in (await other.get(address), await other.delete(address), await put(other, reply, good=True)):
        assert error_of(answer)[0] == 404
    assert (await put(program, reply, good=False, reasons=["odd"])).status_code == 422
    assert (await program.delete(address)).status_code == 204
    assert await Message.objects.filter(id=reply).aexists()
    assert not await Feedback.objects.aexists()
