"""Limits the size of a request's body by its headers: before Daphne stores it, before any view.

A small body is accepted from anybody. A larger one waits on the network until it is known who sends it, and whether
they may; then it is stored on disk. A refused request is answered immediately, and the connection closed.
"""

import asyncio
import logging
import tempfile
from contextlib import suppress
from io import BytesIO
from math import inf
from typing import Any
from urllib.parse import unquote

from daphne.server import Server
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy
from twisted.python.failure import Failure

from langai_site import request_id
from langai_site.errors import DiskFullError, LangAIError, MalformedError, UnavailableError
from langai_site.web import body_admission, refusals
from langai_site.web.addresses import counted_address
from langai_site.web.api_errors import UNEXPECTED
from langai_site.web.back_pressure import PacedRequest
from langai_site.web.body_admission import STRANGERS_MAX, TOO_LARGE
from langai_site.web.connections import CROWDED, FRAME_MAX, Channel, Socket, take_connection
from langai_site.web.error_middleware import BrokenRequestError, database_away
from langai_site.web.kept_bodies import BODY
from langai_site.web.request_metrics import METHODS, REQUESTS
from langai_site.web.response_headers import BEFORE_DJANGO
from langai_site.web.seats import Seat
from langai_site.web.stated_labels import HEADER, is_dropped_label

logger = logging.getLogger(__name__)

# Larger bodies are kept on disk.
IN_MEMORY_MAX = 100_000
# Seconds for the database to identify the sender.
DECISION_SECONDS = 10.0
# Daphne accepts it from anybody as the prefix of all addresses; no proxy of ours sends it.
ROOT_PATH = b"daphne-root-path"
AWAY = UnavailableError(
    gettext_lazy("The database is not answering, so nothing large can be sent. Try again in a moment.")
)
BODY_OF_SOCKET = MalformedError(gettext_lazy("A request that opens a socket has no body."))
DROPPED_LABEL = MalformedError(
    format_lazy(
        gettext_lazy("A header's name has an underscore. Write hyphens instead, as in {header}."), header=HEADER
    )
)
FULL = DiskFullError(gettext_lazy("The server's disk is full, so what you sent could not be kept. Tell an admin."))


class LimitedRequest(PacedRequest):
    """A request that is answered as soon as its body is, or is announced to be, too large or unwanted."""

    refused = False
    received = 0
    limit = STRANGERS_MAX
    # Why a body over the limit is refused.
    reason: LangAIError = TOO_LARGE
    # None if the body is chunked, so that its length is known only at its end.
    length: int | None = 0
    decision: asyncio.Task[None] | None = None

    def __init__(self, channel: Channel, queued: object) -> None:
        # Otherwise Twisted parses every form into memory, for arguments that nobody uses.
        super().__init__(channel, queued, parsePOSTFormSubmission=False)
        self.seats: list[Seat] = []

    # Called by Twisted, in this order.

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        self.length = length
        self.requestHeaders.removeHeader(ROOT_PATH)
        super().gotLength(0)
        if settings.TRUSTED_PROXIES and not self._takes_connection():
            self.refuse(CROWDED)
        elif length != 0 and self._opens_socket():
            # Daphne would pass all of it to the socket's protocol, in memory.
            self.refuse(BODY_OF_SOCKET)
        elif any(map(is_dropped_label, self._dropped_headers())):
            # A label that was meant to protect a text must never be ignored.
            self.refuse(DROPPED_LABEL)
        elif length is None or length > STRANGERS_MAX:
            self._hold()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        if self.refused:
            return
        self.received += len(data)
        if self.received > self.limit:
            self.refuse(self.reason)
        else:
            self._keep(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        if not self.refused:
            self._keep(b"", flush=True)
        if self.refused:
            self.channel.loseConnection()
            return
        if self.length is None:
            # Django treats a form without a length as empty.
            self.requestHeaders.removeHeader(b"transfer-encoding")
            self.requestHeaders.setRawHeaders(b"content-length", [b"%d" % self.received])
        super().requestReceived(command, path, version)

    def process(self) -> Any:  # noqa: ANN401 - a Deferred
        done = super().process()
        # Daphne takes the transport away from a request that opens a socket.
        if self.transport is None:
            self.channel.become_socket(self.seats)
            self.seats = []
        return done

    def finish(self) -> None:
        self._leave()
        super().finish()

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        self._leave()
        if self.decision:
            self.decision.cancel()
        super().connectionLost(reason)

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """Send Daphne's own response, for requests that Django does not see, with the usual headers."""
        headers = {**BEFORE_DJANGO, "Content-Type": "text/plain; charset=utf-8"}
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.handle_reply({"type": "http.response.start", "status": status, "headers": encoded})
        self.handle_reply({"type": "http.response.body", "body": f"{body}\n".encode()})

    # Deciding whether the body is accepted.

    def _hold(self) -> None:
        """Leave the body on the network until it is decided whether it is accepted."""
        expect = self.requestHeaders.getRawHeaders(b"expect", [b""])[0].lower()
        self.requestHeaders.removeHeader(b"expect")
        self.channel.hold()
        is_asked = expect == b"100-continue" and self.channel._version == b"HTTP/1.1"
        self.decision = asyncio.ensure_future(self._decide(is_asked))

    async def _decide(self, is_asked: bool) -> None:
        try:
            deciding = body_admission.admit(self._request(), self.length)
            admission = await asyncio.wait_for(deciding, DECISION_SECONDS)
            self.seats += body_admission.reserve(admission, self.length, self._address())
            self.limit, self.reason = admission.limit, admission.reason
            self.content = _body_buffer(self.length)
        except Exception as error:
            return self.refuse(_error_for(error))
        if is_asked:
            # Ask the sender for the body only now.
            self.channel._send100Continue()
        self.channel.release()

    def _takes_connection(self) -> bool:
        seat = take_connection(self._address())
        if seat:
            self.seats.append(seat)
        return seat is not None

    def _leave(self) -> None:
        for seat in self.seats:
            seat.leave()

    # Reading the headers.

    def _opens_socket(self) -> bool:
        """Return whether Daphne makes a socket of it, whatever its method and path are."""
        return bool(self.requestHeaders.getRawHeaders(b"upgrade", [b""])[0].lower() == b"websocket")

    def _dropped_headers(self) -> list[str]:
        """Return the headers that neither Daphne nor Django reads: a name with an underscore could pass for another."""
        return [name.decode("latin1") for name, _values in self.requestHeaders.getAllRawHeaders() if b"_" in name]

    def _request(self) -> HttpRequest:
        """Return the headers as Django's request, with an empty body."""
        path, _, query = self.channel._path.partition(b"?")
        headers = self.requestHeaders.getAllRawHeaders()
        scope = {
            "type": "http",
            "method": self.channel._command.decode("latin1"),
            "path": unquote(path.decode("latin1")),
            "query_string": query,
            # As in Daphne: a name with an underscore would pass for another one.
            "headers": [(name.lower(), value) for name, values in headers if b"_" not in name for value in values],
            "client": [self._peer(), 0],
        }
        return ASGIRequest(scope, BytesIO())

    def _peer(self) -> str:
        return getattr(self.client, "host", "")

    def _address(self) -> str:
        forwarded = b",".join(self.requestHeaders.getRawHeaders(b"x-forwarded-for", []))
        return counted_address(forwarded.decode("latin1"), self._peer())

    # Storing the body.

    def _keep(self, data: bytes, *, flush: bool = False) -> None:
        try:
            self.content.write(data)
            if flush:
                self.content.flush()
        except OSError as error:
            logger.error("what was sent could not be kept on disk", exc_info=error)
            self.refuse(FULL)

    def hand_over(self, scope: dict[str, Any]) -> None:
        """Put a body that is on disk into the ASGI scope as a file: Daphne would read all of it into memory."""
        if not isinstance(self.content, BytesIO):
            scope[BODY], self.content = self.content, BytesIO()

    def refuse(self, error: LangAIError) -> None:
        """Respond now, and close the connection."""
        if self.refused or self.channel is None:
            return
        self.refused = True
        # Do not ask the sender for the rest.
        self.requestHeaders.removeHeader(b"expect")
        with suppress(OSError):  # the disk may be full
            self.content.close()
        given = self.requestHeaders.getRawHeaders(request_id.HEADER.encode(), [b""])[0].decode("latin1")
        method = self.channel._command.decode("latin1")
        REQUESTS.labels("refused", method if method in METHODS else "other", error.status).inc()
        rest = inf if self.length is None else self.length - self.received
        self.channel.refuse(refusals.response(self._request(), error, request_id.accepted(given)), rest)


def _error_for(error: Exception) -> LangAIError:
    """Return the error for the sender if the decision failed."""
    if isinstance(error, LangAIError):
        return error
    if isinstance(error, TimeoutError) or database_away(error):
        return AWAY
    logger.error("it could not be decided whether a body is wanted", exc_info=error)
    return BrokenRequestError(UNEXPECTED)


def _body_buffer(length: int | None) -> Any:  # noqa: ANN401 - a file that can be written
    """Return a buffer for a body; on disk it is a file without a name, which vanishes with the connection."""
    folder = str(settings.FILE_UPLOAD_TEMP_DIR)
    if length is None:
        return tempfile.SpooledTemporaryFile(IN_MEMORY_MAX, dir=folder)
    return tempfile.TemporaryFile(dir=folder) if length > IN_MEMORY_MAX else BytesIO()


def limit_requests(server: Server) -> None:
    """Make Daphne's `server` use our connections and requests: it has no settings for them."""
    factory, build = server.http_factory, server.http_factory.buildProtocol

    def limited(address: object) -> Channel:
        channel: Channel = build(address)
        channel.requestFactory = LimitedRequest  # type: ignore[assignment]
        return channel

    factory.protocol, factory.timeOut, factory.buildProtocol = Channel, None, limited
    server.ws_factory.protocol = Socket
    # Limits of a frame's unpacked contents, and of a message in several frames.
    server.ws_factory.setProtocolOptions(
        maxFramePayloadSize=FRAME_MAX, maxMessagePayloadSize=FRAME_MAX, failByDrop=False
    )
