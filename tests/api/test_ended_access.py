"""An answer ends with the key, the token or the session that requested it; other people's answers continue."""

import asyncio
import json

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from chat.live import closed_accounts, runner
from chat.models import Message
from langai_site.accounts import keys, tokens
from langai_site.accounts.models import ApiKey
from langai_site.database.writer import in_database_thread
from tests.api.conftest import Program, made_key, offer

pytestmark = pytest.mark.usefixtures("upstream")
STREAMS = {"/chat/stream": {"message": "How?"}, "/v1/chat/completions": {"stream": True}}
WHOLE = {"/chat": {"message": "How?"}, "/v1/chat/completions": {}}


@pytest.fixture
def slow(transactional_db):
    return offer("t3000-r100")


def with_key(person):
    return Program(made_key(person))


def with_token(person):
    return Program(tokens.first_tokens(person).access)


def with_session(person):
    program = Program()
    program.client.force_login(person)
    return program


def revoked(person):
    keys.revoke(person, ApiKey.objects.get().pk)


def run_out(person):
    ApiKey.objects.update(expires_at=timezone.now())


def signed_out(person):
    tokens.sign_out_everywhere(person.pk)


def signed_out_on_a_page(person):
    Session.objects.all().delete()


def given_a_password(person):
    person.set_password("another quiet morning")
    person.save()


WAYS = [
    (with_key, revoked),
    (with_key, run_out),
    (with_token, signed_out),
    (with_token, given_a_password),
    (with_session, signed_out_on_a_page),
    (with_session, given_a_password),
]


def body_of(path, more, model):
    return (
        {"model": model, "messages": [{"role": "user", "content": "How?"}]} | more
        if "v1" in path
        else {"model": model} | more
    )


async def begun(program, path, more, model):
    """Return a stream that has sent its first words."""
    stream, seen = aiter(await program.post(path, body_of(path, more, model))), b""
    while b"word1" not in seen:
        seen += await anext(stream)
    return stream


@pytest.mark.parametrize(("shown", "end"), WAYS)
@pytest.mark.parametrize(("path", "more"), STREAMS.items(), ids=STREAMS)
async def test_a_stream_ends_with_what_it_was_asked_with(alice, bob, slow, shown, end, path, more):
    stream = await begun(await in_database_thread(shown, alice), path, more, slow)
    others = await begun(await in_database_thread(with_session, bob), path, more, slow)
    await closed_accounts.look()
    assert b"word" in await anext(stream)
    if end is signed_out_on_a_page:
        await others.aclose()
    await in_database_thread(end, alice)
    await closed_accounts.look()
    lines = b"".join([piece async for piece in stream]).decode().split("\n\n")
    assert json.loads(lines[-3].partition("data: ")[2])["error"]["code"] == "access_ended"
    assert lines[-2:] == ["data: [DONE]", ""]
    if end is not signed_out_on_a_page:
        assert b"word" in await anext(others)
        await others.aclose()
    await runner.drain(0)


@pytest.mark.parametrize(("path", "more"), WHOLE.items(), ids=WHOLE)
async def test_who_waits_for_a_whole_answer_is_told_as_well(alice, slow, upstream, path, more):
    program = await in_database_thread(with_key, alice)
    waiting = asyncio.create_task(program.post(path, body_of(path, more, slow)))
    while not closed_accounts._open_answers:  # noqa: ASYNC110 - there is nothing to await
        await asyncio.sleep(0.01)
    await in_database_thread(revoked, alice)
    await closed_accounts.look()
    answer = await waiting
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "access_ended"
    if path == "/chat":
        # The answer is in the person's own conversation, so they may read it.
        assert (await Message.objects.aget(role="assistant")).status == "streaming"
    await runner.drain(0)
