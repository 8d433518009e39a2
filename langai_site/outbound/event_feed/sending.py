"""Sends events to the addresses of the settings: each sender yields an event when its receiver has it. Synchronous."""

import itertools
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from langai_site.outbound import bounds, http_clients
from langai_site.outbound.connections import resolving
from langai_site.outbound.endpoints import is_local
from langai_site.outbound.event_feed import formats
from langai_site.outbound.event_feed.formats import SealedEvent

SECONDS = 10
# After so long a batch ends with what was sent, even if the receiver still takes or sends a byte now and then. With the
# time for one more request this is less than a lease.
BATCH_SECONDS = 20
PORTS = {"udp": 514, "tcp": 601}
# What a receiver answers is not read further than this.
ANSWER_BYTES = 2**16


class FeedError(Exception):
    """A receiver did not take an event; the message says why in a few words, without a secret."""


def by_syslog(events: Sequence[SealedEvent]) -> Iterator[SealedEvent]:
    """Send the events to AUDIT_SYSLOG. Raises FeedError.

    Datagrams are not confirmed, and syslog over TCP has no answer either. There, a receiver that has read everything
    closes the connection after us; until then nothing counts as sent.
    """
    until = time.monotonic() + BATCH_SECONDS
    address = urlsplit(settings.AUDIT_SYSLOG)
    messages = [formats.syslog_message(event, socket.gethostname()) for event in events]
    try:
        if address.scheme == "tcp":
            _send_stream((address.hostname or "", address.port or PORTS["tcp"]), messages, until)
            yield from events
        else:
            with _datagrams(address.scheme, address.hostname or "", address.port, address.path) as line:
                for event, message in zip(events, messages, strict=True):
                    _limit(line, until)
                    line.send(message)
                    yield event
    except OSError as error:
        raise FeedError(_reason(error)) from error


def _send_stream(address: tuple[str, int], messages: Sequence[bytes], until: float) -> None:
    with socket.create_connection(address, SECONDS) as line:
        _limit(line, until)
        # RFC 6587: the length of each message stands before it.
        line.sendall(b"".join(b"%d %s" % (len(message), message) for message in messages))
        line.shutdown(socket.SHUT_WR)
        while line.recv(ANSWER_BYTES):
            _limit(line, until)


def _limit(line: socket.socket, until: float) -> None:
    """Have the next call of `line` end by that time of the monotonic clock. Raises TimeoutError after it."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    line.settimeout(min(SECONDS, left))


def _datagrams(scheme: str, host: str, port: int | None, path: str) -> socket.socket:
    if scheme == "unix":
        return _connected(socket.AF_UNIX, path)
    family, _kind, _protocol, _name, target = socket.getaddrinfo(host, port or PORTS["udp"], type=socket.SOCK_DGRAM)[0]
    return _connected(family, target)


def _connected(family: int, target: str | tuple[Any, ...]) -> socket.socket:
    line = socket.socket(family, socket.SOCK_DGRAM)
    try:
        line.settimeout(SECONDS)
        line.connect(target)
    except OSError:
        line.close()
        raise
    return line


def by_webhook(events: Sequence[SealedEvent]) -> Iterator[SealedEvent]:
    """POST each event to AUDIT_WEBHOOK, signed with AUDIT_WEBHOOK_SECRET. Raises FeedError."""
    url = settings.AUDIT_WEBHOOK
    if resolving.is_metadata_service(url):
        raise FeedError("the address belongs to a cloud's metadata service")
    until = time.monotonic() + BATCH_SECONDS
    with _client(url) as client:
        for event in itertools.takewhile(lambda _: time.monotonic() < until, events):
            body = formats.webhook_body(event)
            headers = formats.webhook_headers(event, body, settings.AUDIT_WEBHOOK_SECRET, int(time.time()))
            try:
                answer = client.post(url, content=body, headers=headers)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise FeedError(_reason(error)) from error
            if not answer.is_success:
                raise FeedError(f"it answered with the status {answer.status_code}")
            yield event


def _client(url: str) -> httpx.Client:
    """Return a client that follows no redirect, and uses no proxy in the building."""
    direct = is_local(url)
    return httpx.Client(
        timeout=SECONDS,
        verify=http_clients.certificates(direct),
        trust_env=not direct,
        follow_redirects=False,
        event_hooks=bounds.hooks(lambda: bounds.Bound(ANSWER_BYTES, seconds=SECONDS)),
    )


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
