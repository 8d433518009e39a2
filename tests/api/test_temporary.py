"""Temporary chats for programs, and what their turns leave in the caches of a running LangAI."""

import pytest

from chat.models import Conversation
from langai_site.accounts.scopes import Scope
from tests.api.conftest import program_of

pytestmark = pytest.mark.usefixtures("upstream")


async def test_the_same_question_is_asked_each_time_and_nothing_is_cached(alice, echo, upstream, settings):
    settings.CACHE_TTL = 600
    program = await program_of(alice, Scope.CHAT)
    first = (await program.post("/chat", message="One?", keep="hour")).json()
    again = (await program.post("/chat", message="One?", keep="hour")).json()
    assert (first["cached"], again["cached"], len(upstream.requests())) == (False, False, 2)
    await program.post("/chat", message="One?")
    assert (await program.post("/chat", message="One?")).json()["cached"]
    listed = (await program.get("/api/conversations")).json()["conversations"]
    assert [talk["keep"] for talk in listed] == ["kept", "kept", "hour", "hour"]
    assert [bool(talk["expires_at"]) for talk in listed] == [False, False, True, True]
    assert (await program.post("/chat", message="One?", keep="always")).status_code == 422
    assert await Conversation.objects.acount() == 4
