"""An answer without rows stops when its person's account is closed, wherever it is waiting."""

import asyncio

import pytest

from chat.live import closed_accounts
from langai_site.accounts.models import User
from langai_site.accounts.open_accounts import AccountClosedError
from langai_site.accounts.proofs import Proof


@pytest.fixture
def alice(transactional_db):
    return User.objects.create_user("alice")


async def pieces(ended: list[str]):
    """Yield a first piece and then nothing, like a model that hangs."""
    try:
        yield "first"
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


async def switch_off(user):
    await User.objects.filter(pk=user.pk).aupdate(is_active=False)
    await closed_accounts.look()


async def begun(user, ended):
    watched = closed_accounts.while_open(Proof(user.pk), pieces(ended))
    assert await anext(watched) == "first"
    return watched


async def test_what_waits_for_a_model_stops_and_closes_the_call(alice):
    ended: list[str] = []
    watched = await begun(alice, ended)
    waiting = asyncio.create_task(anext(watched))
    await asyncio.sleep(0.01)
    await closed_accounts.look()
    assert not waiting.done()
    await switch_off(alice)
    with pytest.raises(AccountClosedError, match="switched off"):
        await waiting
    assert ended == ["ended"]
    assert not closed_accounts._open_answers


async def test_what_waits_for_its_reader_stops_when_that_comes_back(alice):
    watched = await begun(alice, [])
    await switch_off(alice)
    with pytest.raises(AccountClosedError):
        await anext(watched)


async def test_a_cancellation_from_elsewhere_stays_one(alice):
    watched = await begun(alice, [])
    waiting = asyncio.create_task(anext(watched))
    await asyncio.sleep(0.01)
    for one in closed_accounts._open_answers:
        one.close(AccountClosedError())
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_others_answers_go_on(alice):
    bob = await User.objects.acreate(username="bob")
    watched = await begun(bob, [])
    waiting = asyncio.create_task(anext(watched))
    await asyncio.sleep(0.01)
    await switch_off(alice)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait([waiting])
