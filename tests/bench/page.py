"""Asks the product as its chat page does: a post, and an answer that comes over the socket. And the server straight."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

PROMPT = "Tell me about streaming servers in some detail, please."
# The first and the last token that the tests' language model server sends, see tests/upstream/plans.py.
FIRST, LAST = "word1", "end."
# A reply that has ended is drawn anew as such; a live one has more classes.
ENDED, PROBLEM = 'class="turn reply"', 'class="problem"'
LIMIT = 120
# Any string of that form will do: the cookie and the header must be the same.
CSRF = "bench" + "0" * 27


class Failed(Exception):
    """An answer that did not come, or not whole."""


@dataclass
class Answer:
    """What one question took: milliseconds to the first token, and what came over the socket."""

    began: float
    first: float = 0.0
    frames: int = 0
    text_bytes: int = 0
    error: str = ""

    def saw(self, found: bool) -> None:
        if found and not self.first:
            self.first = 1000 * (time.perf_counter() - self.began)


async def told(answer: Answer, work: Awaitable[None]) -> Answer:
    """Await `work`, and note in the answer why it failed."""
    try:
        async with asyncio.timeout(LIMIT):
            await work
        if not answer.first:
            raise Failed("no token came")
    except (Failed, TimeoutError, aiohttp.ClientError, OSError) as error:
        answer.error = f"{type(error).__name__}: {error}"[:160]
    return answer


class Viewer:
    """A person with the conversation open: one signed-in session, one socket, which is read all the time."""

    def __init__(
        self, session: aiohttp.ClientSession, base: str, person: dict[str, str], socket_base: str = ""
    ) -> None:
        self.session, self.person, self.base, self.socket_base = session, person, base, socket_base or base
        self.cookies = f"sessionid={person['session']}; csrftoken={CSRF}"
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self.reading: asyncio.Task[None] | None = None
        self.answer: Answer | None = None
        self.ended: asyncio.Future[None] | None = None

    async def open(self) -> "Viewer":
        url = f"{self.socket_base}/ws/conversations/{self.person['conversation']}/?leaf={self.person['leaf']}"
        headers = {"Origin": self.socket_base, "Cookie": self.cookies}
        # Browsers offer compression, too.
        self.socket = await self.session.ws_connect(url, headers=headers, compress=15, max_msg_size=0)
        self.reading = asyncio.create_task(self._read(self.socket))
        return self

    async def close(self) -> None:
        if self.socket and self.reading:
            await self.socket.close()
            await self.reading

    async def ask(self, model: str) -> Answer:
        answer = Answer(time.perf_counter())
        return await told(answer, self._ask(model, answer))

    async def _ask(self, model: str, answer: Answer) -> None:
        if self.reading is None or self.reading.done():
            raise Failed("the socket is closed")
        self.answer, self.ended = answer, asyncio.get_running_loop().create_future()
        try:
            await self._post(model)
            await self.ended
        finally:
            self.answer = self.ended = None

    async def _post(self, model: str) -> None:
        url = f"{self.base}/conversations/{self.person['conversation']}/messages/"
        headers = {
            "Cookie": self.cookies,
            "Origin": self.base,
            "X-CSRFToken": CSRF,
            "HX-Request": "true",
            "X-Socket": "open",
        }
        async with self.session.post(url, data={"text": PROMPT, "model": model}, headers=headers) as response:
            if response.status != 204:
                raise Failed(f"{response.status} {(' '.join((await response.text()).split()))[:100]}")

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if self.answer and message.type == aiohttp.WSMsgType.TEXT:
                self._saw(self.answer, message.data)
        self._end(Failed("the socket closed"))

    def _saw(self, answer: Answer, frame: str) -> None:
        answer.frames += 1
        answer.text_bytes += len(frame.encode())
        answer.saw(FIRST in frame)
        if ENDED in frame:
            self.person["leaf"] = frame.partition('id="m-')[2][:36]
            self._end(Failed("the answer is not whole") if PROBLEM in frame or LAST not in frame else None)

    def _end(self, failure: Failed | None) -> None:
        if self.ended is None or self.ended.done():
            return
        if failure:
            self.ended.set_exception(failure)
        else:
            self.ended.set_result(None)


async def ask_straight(session: aiohttp.ClientSession, url: str, model: str) -> Answer:
    """The same question, straight at the language model server."""
    answer = Answer(time.perf_counter())

    async def work() -> None:
        body = {"model": model, "stream": True, "messages": [{"role": "user", "content": PROMPT}]}
        async with session.post(f"{url}/chat/completions", json=body, raise_for_status=True) as response:
            async for data in response.content.iter_any():
                answer.saw(FIRST.encode() in data)

    return await told(answer, work())


async def closed_loop(ask: Callable[[], Awaitable[Answer]], level: int, rounds: int, spread: float) -> list[Answer]:
    """`level` people who each ask again as soon as they are answered, started over `spread` seconds."""

    async def person(number: int) -> list[Answer]:
        await asyncio.sleep(number * spread / level)
        return [await ask() for _ in range(rounds)]

    found = await asyncio.gather(*map(person, range(level)))
    return [answer for answers in found for answer in answers]


class Counted:
    """A port that passes bytes on to another and counts those that come back."""

    def __init__(self, target: int) -> None:
        self.target, self.received, self.url = target, 0, ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self._pass(reader, inner_writer, 0), self._pass(inner_reader, writer, 1))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: int) -> None:
        while data := await reader.read(65536):
            self.received += counts * len(data)
            writer.write(data)
        writer.close()


@asynccontextmanager
async def counted(port: int) -> AsyncIterator[Counted]:
    """A counting port in front of `port`."""
    proxy = Counted(port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield proxy
    server.close()
