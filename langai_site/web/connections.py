"""Connections of the web process: counted by address, and closed if their requests arrive too slowly."""

import asyncio
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from math import inf
from typing import Any, ClassVar

from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy
from twisted.internet import reactor
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

from langai_site import request_id
from langai_site.errors import TooManyError
from langai_site.web import refusals
from langai_site.web.addresses import counted_address
from langai_site.web.refusals import HeadersTooLargeError, TooSlowError
from langai_site.web.response_headers import BEFORE_DJANGO
from langai_site.web.seats import Seat, Seats

# Seconds that a connection may wait for its next request.
KEEP_ALIVE = 60.0
# How many times BODY_TIMEOUT a reader may take nothing of a response. A slow reader takes something.
STANDSTILL = 10
# Bytes per second that a body must average after its first BODY_TIMEOUT seconds.
BODY_RATE = 1000
# Seconds in which the rest of a refused request is dropped: if closed immediately, the connection would lose the
# response.
LINGER = 5.0
# The most that is dropped; then the sender has to wait, and reads the response.
LINGER_BYTES = 1024 * 1024
SLOW_HEADERS = TooSlowError(gettext_lazy("The request's headers took too long. Try again."))
SLOW_BODY = TooSlowError(
    gettext_lazy("What you sent arrived too slowly. Try again, over a faster connection if you can.")
)
# A site on the same domain may set cookies for LangAI too, and browsers send all of them with each request.
COOKIES_MAX = 32 * 1024
HEADERS_MAX = COOKIES_MAX + 16 * 1024
LARGE_HEADERS = HeadersTooLargeError(
    format_lazy(
        gettext_lazy(
            "The request's headers are too large: at most {size} KB of cookies are read. Delete the cookies of this "
            "site in your browser, then load the page again."
        ),
        size=COOKIES_MAX // 1024,
    )
)
CROWDED = TooManyError(
    gettext_lazy("There are too many connections from your network. Close some of them, then try again."),
    retry_after=10,
)
HELD_MAX = 60.0
# Pages only listen: their sockets receive only answers to pings, and few short messages.
FRAME_MAX = 1024
FRAMES_MAX, FRAMES_SECONDS = 30, 60.0
# Close codes for a socket that receives more; after the second, its page does not connect again.
FRAME_TOO_LARGE, TOO_MANY_FRAMES = 1009, 4429
# The states of a connection, by what it waits for.
REQUEST, HEADERS, BODY, ANSWER, REFUSAL, END = "request", "headers", "body", "answer", "refusal", "end"

by_address = Seats()


def take_connection(address: str) -> Seat | None:
    """Count one more connection, of a program or a page's socket, for an address; None if it has too many."""
    return by_address.take(address, settings.CONNECTIONS_PER_ADDRESS)


class Channel(HTTPChannel):
    """One connection of HTTP/1.1. Twisted's own timer is off: every single byte that arrives restarts it."""

    # All open connections, for `cut_slow`.
    open: ClassVar[set["Channel"]] = set()
    timeOut = None  # noqa: N815
    totalHeadersSize = HEADERS_MAX  # noqa: N815
    MAX_LENGTH = HEADERS_MAX
    # Twisted's, whose types leave out what a TCP connection can do.
    transport: Any
    _networkProducer: Any  # noqa: N815
    waits_for = HEADERS
    # Bytes of the current body as they came over the network, and of what came after a refusal.
    received = dropped = 0
    rest = inf
    seat: Seat | None = None

    def connectionMade(self) -> None:  # noqa: N802
        super().connectionMade()
        self.open.add(self)
        self.since = self.last = time.monotonic()
        self.untouched = True
        self._limit_standstill()
        # Behind a proxy all connections come from the proxy: there each request is counted instead.
        peer = getattr(self.getPeer(), "host", "")
        if peer and not settings.TRUSTED_PROXIES:
            self.seat = take_connection(counted_address("", peer))
            if self.seat is None:
                # Respond when its first bytes arrive: clients do not expect a response before they have sent a request.
                self.waits_for = REFUSAL
                reactor.callLater(LINGER, self._abort)  # type: ignore[arg-type]

    def _limit_standstill(self) -> None:
        """Let the system close the connection if the other end takes nothing of a response that is being sent."""
        if hasattr(socket, "TCP_USER_TIMEOUT") and isinstance(handle := self.transport.getHandle(), socket.socket):
            milliseconds = int(1000 * STANDSTILL * settings.BODY_TIMEOUT)
            with suppress(OSError):  # it may have ended already
                handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.last = time.monotonic()
        if self.waits_for is REFUSAL:
            self.refuse(refusals.response(None, CROWDED, request_id.new_id()))
        if self.waits_for is END:
            return self._drop(data)
        if self.waits_for is BODY:
            self.received += len(data)
        elif self.waits_for is REQUEST:
            self.waits_for, self.since = HEADERS, self.last
        self.untouched = False
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:  # noqa: N802
        self.waits_for, self.since, self.received = BODY, self.last, 0
        super().allHeadersReceived()

    def allContentReceived(self) -> None:  # noqa: N802
        if self.waits_for is BODY:
            self.waits_for = ANSWER
        super().allContentReceived()

    def requestDone(self, request: object) -> None:  # noqa: N802
        self.waits_for, self.since = REQUEST, time.monotonic()
        super().requestDone(request)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self.open.discard(self)
        if self.seat:
            self.seat.leave()
        super().connectionLost(reason)

    # The body is held back until it is decided whether it is accepted.

    def hold(self) -> None:
        """Read nothing more from the network until `release`."""
        self.paused = True
        self._networkProducer.pauseProducing()

    def release(self) -> None:
        self.paused = False
        self.last = self.since = time.monotonic()
        if not self._waitingForTransport:
            self._networkProducer.resumeProducing()
        # Process what arrived together with the headers.
        super().dataReceived(b"")

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        if self._receivedHeaderSize + len(line) > HEADERS_MAX:
            self.lineLengthExceeded(line)
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        """Say what is too large: Twisted would close the connection without a word."""
        request = HttpRequest()
        request.path = (getattr(self, "_path", b"") or b"").partition(b"?")[0].decode("latin1")
        self.refuse(refusals.response(request, LARGE_HEADERS, request_id.new_id()))

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        """Send our response: Twisted's own has no headers."""
        self.transport.write(refusals.BAD_REQUEST)
        self.loseConnection()

    def resumeProducing(self) -> None:  # noqa: N802
        """Stay paused while a body is held; Twisted would continue to read when an earlier response is out."""
        if self.paused or self.dropped > LINGER_BYTES:
            self._waitingForTransport = False
        else:
            super().resumeProducing()

    # Closing the connection.

    def refuse(self, response: bytes, rest: float = inf) -> None:
        """Send a last response, and drop the `rest`, in bytes: at most LINGER_BYTES, for LINGER seconds."""
        self.waits_for, self.rest = END, rest
        self.transport.write(response)
        reactor.callLater(LINGER, self._abort)  # type: ignore[arg-type]
        if self.paused:
            self.paused = False
            self._networkProducer.resumeProducing()
        self._drop(self.clearLineBuffer())

    def _drop(self, data: bytes) -> None:
        self.dropped += len(data)
        if self.dropped >= self.rest:
            self.loseConnection()
        elif self.dropped > LINGER_BYTES:
            self._networkProducer.pauseProducing()

    def _abort(self) -> None:
        if self in self.open:
            self.transport.abortConnection()

    def check_pace(self, now: float) -> None:
        """Close the connection if it has kept the server waiting for too long. Responses may take any time."""
        if self.waits_for in (ANSWER, REFUSAL, END):
            return
        if self.paused:
            # The decision has a time limit itself; this is for a decision that was lost.
            if now - self.since > HELD_MAX:
                self._abort()
        elif self.waits_for is BODY:
            if self._body_is_slow(now):
                self.requests[-1].refuse(SLOW_BODY)
        elif now - self.since > (KEEP_ALIVE if self.waits_for is REQUEST else settings.HEADER_TIMEOUT):
            self._give_up()

    def _body_is_slow(self, now: float) -> bool:
        allowed = settings.BODY_TIMEOUT
        return now - self.last > allowed or self.received < (now - self.since - allowed) * BODY_RATE

    def _give_up(self) -> None:
        if self.waits_for is REQUEST or self.untouched:
            self.timeoutConnection()
        else:
            self.refuse(refusals.response(None, SLOW_HEADERS, request_id.new_id()))

    def become_socket(self, seats: list[Seat]) -> None:
        """Leave the connection to the websocket that Daphne made of it, which gives the seats back when it ends."""
        self.open.discard(self)
        self.transport.protocol.seats = [*seats, self.seat] if self.seat else seats
        self.seat = None


class Socket(WebSocketProtocol):  # type: ignore[misc]
    """A page's socket that accepts little, and gives back the seats of its connection."""

    seats: list[Seat]
    # Autobahn's.
    transport: Any
    maxMessagePayloadSize: int  # noqa: N815
    refused = False
    frames, frames_since = 0, 0.0

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's
        if self.refused:
            return
        if not hasattr(self, "handshake_deferred"):
            super().dataReceived(data)
            return
        # Not accepted yet: Autobahn would treat these bytes as another handshake, and keep all of them.
        self.data += data
        if len(self.data) > FRAME_MAX:
            self.transport.abortConnection()

    def sendHttpErrorResponse(  # noqa: N802 - Autobahn's
        self,
        code: int,
        reason: str,
        responseHeaders: Iterable[tuple[str, str]] | None = None,  # noqa: N803
    ) -> None:
        super().sendHttpErrorResponse(code, reason, [*(responseHeaders or ()), *BEFORE_DJANGO.items()])

    def processData(self) -> bool:  # noqa: N802 - Autobahn's
        if self.refused:
            self.data = b""
            return False
        return bool(super().processData())

    def sendMessage(self, payload: bytes, isBinary: bool = False) -> None:  # noqa: N802, N803 - Autobahn's
        """Send a message of any size: Autobahn has one limit for both directions, and ours is for incoming messages.

        A message during the closing handshake is dropped: Daphne learns a little later that the socket is closed.
        """
        if self.state != self.STATE_OPEN:
            return
        limit, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(payload, isBinary)
        finally:
            self.maxMessagePayloadSize = limit

    def onFrameBegin(self) -> None:  # noqa: N802 - Autobahn's
        """Count each frame, whatever is in it: a part of a message, a ping, a pong."""
        now = time.monotonic()
        if now - self.frames_since > FRAMES_SECONDS:
            self.frames, self.frames_since = 0, now
        self.frames += 1
        if self.current_frame.length > FRAME_MAX:
            self._refuse(FRAME_TOO_LARGE)
        elif self.frames > FRAMES_MAX:
            self._refuse(TOO_MANY_FRAMES)
        else:
            super().onFrameBegin()

    def _refuse(self, code: int) -> None:
        """Close it, and drop what else comes: within a second Autobahn ends the connection."""
        self.refused = True
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code=code)

    def onConnect(self, request: Any) -> Any:  # noqa: ANN401, N802 - Autobahn's
        # Daphne fails on a protocol name that is not ASCII, and our sockets offer no protocols to choose from.
        request.headers.pop("sec-websocket-protocol", None)
        return super().onConnect(request)

    def connectionLost(self, reason: Any) -> None:  # noqa: ANN401, N802 - Twisted's
        for seat in getattr(self, "seats", ()):
            seat.leave()
        super().connectionLost(reason)


async def cut_slow() -> None:
    """Check all connections once a second, as long as the process runs."""
    while True:
        await asyncio.sleep(1)
        now = time.monotonic()
        for channel in list(Channel.open):
            channel.check_pace(now)
