"""The last check before a call's first byte: whether it may still be sent.

Opening a connection can take many seconds, and so can waiting for a thread. So our clients (`clients.py`,
`embedding.py`) come here once they hold a connection, and write the request only if they may. One call is one request:
a second one never gets out.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpx

from langai_site.database.writer import in_database_thread, write_now
from langai_site.outbound.bounds import LEAST_BYTES, Bound
from langai_site.outbound.types import Present, ReadPresent

logger = logging.getLogger(__name__)

_current: ContextVar["Gate | None"] = ContextVar("gate", default=None)


class Gate:
    """Lets the one request of one call through.

    `refusal` is why it was refused: clients wrap the error, and the door needs the original. `sent` says that something
    may have been sent, and `bound` limits how much of the answer is read.
    """

    def __init__(
        self,
        read_present: ReadPresent,
        admit: Callable[[Present], None],
        look: Callable[[Present], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """`admit` raises if what `read_present` returns forbids the call.

        `look` is awaited in between, for what only a server knows.
        """
        self._read_present, self._admit, self._look = read_present, admit, look
        self._asked = False
        self._status = 0
        self.sent = False
        self.refusal: Exception | None = None
        self.bound = Bound(LEAST_BYTES)

    async def ask(self) -> None:
        """Return if the request may be written now. Raises what the door raises, and RuntimeError the second time."""
        with self._asking():
            present = await in_database_thread(self._read_present)
            if self._look:
                await self._look(present)
            self._admit(present)

    def ask_now(self) -> None:
        """`ask` for threads without an event loop, which may wait."""
        with self._asking():
            present = write_now(self._read_present)
            if self._look:
                asyncio.run(self._look(present))
            self._admit(present)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        if self._asked:
            raise RuntimeError("a call is one request")
        self._asked = True
        try:
            yield
        except Exception as error:
            self.refusal = error
            raise
        self.sent = True

    def refuse_second(self, request: httpx.Request) -> None:
        """Raise if the call has had its request, with the status of that request's answer, if there was one."""
        if not self._asked:
            return
        if self._status:
            answer = httpx.Response(self._status, request=request)
            raise httpx.HTTPStatusError("a call is one request", request=request, response=answer)
        raise httpx.NetworkError("a call is one request", request=request)

    def answered(self, status: int) -> None:
        """Remember the status of the answer."""
        self._status = status

    def require_sent(self) -> None:
        """Raise RuntimeError if an answer came to a request that the gate never admitted: a mistake in our code."""
        if not self.sent:
            self.sent = True
            logger.error("a request was sent past the gate")
            raise RuntimeError("a request was sent past the gate")

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Make this the gate of every request that the block sends."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


def current() -> Gate:
    """Return the gate of the current call. Raises RuntimeError outside of a call, so that nothing leaves then."""
    gate = _current.get()
    if gate is None:
        raise RuntimeError("nothing is sent without a gate")
    return gate
