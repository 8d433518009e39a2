"""A person has so many sockets open in a process, and each that ends, however it does, makes room for another."""

import pytest
from channels.testing import WebsocketCommunicator

from langai_site.web.sockets import SocketConsumer

# Channels closes old connections when a consumer ends.
pytestmark = pytest.mark.django_db


class Viewer(SocketConsumer):
    async def connect(self) -> None:
        await self.accept()
        if not self.take_seat(7):
            await self.close(4429)

    async def receive(self, text_data=None, bytes_data=None) -> None:
        raise RuntimeError(text_data)


async def opened() -> WebsocketCommunicator:
    socket = WebsocketCommunicator(Viewer.as_asgi(), "/")
    await socket.connect()
    return socket


async def is_refused() -> bool:
    socket = await opened()
    refused = not await socket.receive_nothing()
    if refused:
        assert (await socket.receive_output())["code"] == 4429
    await socket.disconnect()
    return refused


@pytest.fixture(autouse=True)
def two(settings):
    settings.SOCKETS_PER_USER = 2


async def test_one_too_many_is_closed_so_that_the_page_does_not_try_again():
    sockets = [await opened(), await opened()]
    assert await is_refused()
    for socket in sockets:
        await socket.disconnect()
    assert not await is_refused()


async def test_one_that_failed_makes_room_too():
    kept, failing = await opened(), await opened()
    await failing.send_to(text_data="broken")
    with pytest.raises(RuntimeError, match="broken"):
        await failing.wait()
    assert not await is_refused()
    await kept.disconnect()


async def test_without_a_limit_there_are_as_many_as_one_likes(settings):
    settings.SOCKETS_PER_USER = 0
    sockets = [await opened() for _ in range(30)]
    assert not await is_refused()
    for socket in sockets:
        await socket.disconnect()
