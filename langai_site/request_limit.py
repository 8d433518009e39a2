"""Refuses request bodies that are too large while they arrive: before Daphne puts them into memory, before any view."""

import json
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from twisted.internet import reactor

from langai_site import trail
from langai_site.back_pressure import PacedRequest

MEGABYTE = 1024 * 1024
BODY_MAX = 4 * MEGABYTE
# Who shows nothing to be known by may sign in; that takes little.
STRANGERS_MAX = 64 * 1024
UPLOAD_PATHS = re.compile(rb"/admin/documents/document/(add|[^/]+/replace)/")
UPLOADS_AT_ONCE = 20
# One file, and what is said of it.
API_UPLOAD_PATH = b"/api/documents"
API_PATHS = re.compile(settings.API_PATHS.encode())
# Time in which what is still being sent is dropped: closed at once, a connection would lose the answer, too.
LINGER = 5.0
WORDS = "What was sent is too large."
RESPONSE = (
    b"HTTP/1.1 413 Content Too Large\r\nContent-Type: %s; charset=utf-8\r\n%s: %s\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%s"
)
HTTPFactory = Any
HTTPProtocol = Any


def body_max(path: bytes, *, stranger: bool) -> int:
    """The most bytes that a request to `path` may carry. A stranger has neither a session's cookie nor a key."""
    if stranger:
        return STRANGERS_MAX
    path = path.partition(b"?")[0]
    if path == API_UPLOAD_PATH:
        return (settings.UPLOAD_MAX_MB + 1) * MEGABYTE
    if UPLOAD_PATHS.fullmatch(path):
        return UPLOADS_AT_ONCE * settings.UPLOAD_MAX_MB * MEGABYTE
    return BODY_MAX


def _response(path: bytes, request_id: str) -> bytes:
    """The answer to what is too large; to a program as any other error is told at its address."""
    kind, body = "text/plain", f"{WORDS}\n"
    if API_PATHS.match(path.partition(b"?")[0]):
        told: dict[str, str | None] = {"code": "too_large", "message": WORDS, "request_id": request_id}
        if path.startswith(b"/v1/"):
            told = {"message": WORDS, "type": "invalid_request_error", "param": None, "code": "too_large"}
        kind, body = "application/json", json.dumps({"error": told})
    return RESPONSE % (kind.encode(), trail.HEADER.encode(), request_id.encode(), len(body), body.encode())


class LimitedRequest(PacedRequest):
    """A request that is answered with 413 as soon as its body is, or says it will be, too large."""

    refused = False
    received = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        # The request itself learns its path only when all of it is there.
        self.limit = body_max(self.channel._path, stranger=self._from_stranger())
        if (length or 0) <= self.limit:
            return super().gotLength(length)
        super().gotLength(0)
        self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        if self.refused:
            return
        self.received += len(data)
        if self.received > self.limit:
            return self._refuse()
        super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        if self.refused:
            return self.channel.loseConnection()
        super().requestReceived(command, path, version)

    def _from_stranger(self) -> bool:
        """Whether the sender shows a session or a key is known before the body comes; whether it is valid, after."""
        known = self.requestHeaders.hasHeader(b"authorization")
        return not known and settings.SESSION_COOKIE_NAME.encode() not in self.received_cookies

    def _refuse(self) -> None:
        self.refused = True
        # Nobody is invited to send the rest.
        self.requestHeaders.removeHeader(b"expect")
        self.content.truncate(0)
        transport = self.channel.transport
        given = self.requestHeaders.getRawHeaders(trail.HEADER, [""])[0]
        transport.write(_response(self.channel._path, trail.accepted(given)))
        reactor.callLater(LINGER, transport.abortConnection)  # type: ignore[attr-defined, arg-type]


def limit_bodies(factory: HTTPFactory) -> None:
    """Have `factory`, Daphne's, make limited requests: it has no setting for its class of requests."""
    build: Callable[[object], HTTPProtocol] = factory.buildProtocol

    def limited(address: object) -> HTTPProtocol:
        protocol = build(address)
        protocol.requestFactory = LimitedRequest
        return protocol

    factory.buildProtocol = limited
