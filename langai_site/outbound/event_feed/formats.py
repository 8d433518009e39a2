"""Pure: an event as JSON, as a message of syslog, and with the headers that sign it for a webhook."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# RFC 5424: facility 13 is “log audit”; severity 4 is a warning, 6 is informational.
FACILITY, WARNING, INFORMATIONAL = 13, 4, 6
LONGEST_HOST, LONGEST_MESSAGE_ID = 255, 32
# As secrets are written by services that follow standardwebhooks.com.
ENCODED = "whsec_"


@dataclass(frozen=True)
class SealedEvent:
    """An event with its place in the chain. `values` are what the exports of the audit log have as well."""

    sequence: int
    hash: str
    at: datetime
    action: str
    values: Mapping[str, Any]

    def data(self) -> dict[str, Any]:
        place = {"sequence": self.sequence, "hash": self.hash}
        return {**self.values, "at": self.at.astimezone(UTC).isoformat(), "action": self.action, **place}


def syslog_message(event: SealedEvent, host: str) -> bytes:
    """Return the event as RFC 5424 has it, with JSON as its text. JSON is ASCII here, so no field can end a line."""
    severity = WARNING if event.action.endswith(".failed") else INFORMATIONAL
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    head = f"<{FACILITY * 8 + severity}>1 {at} {_name(host)} LangAI - {event.action[:LONGEST_MESSAGE_ID]} -"
    return f"{head} {json.dumps(event.data())}".encode()


def _name(host: str) -> str:
    """Return a host's name without what the header of a message cannot hold."""
    return "".join(sign for sign in host if "!" <= sign <= "~")[:LONGEST_HOST] or "-"


def webhook_body(event: SealedEvent) -> bytes:
    data = event.data()
    return json.dumps({"type": event.action, "timestamp": data["at"], "data": data}).encode()


def webhook_headers(event: SealedEvent, body: bytes, secret: str, now: int) -> dict[str, str]:
    """Return the headers of standardwebhooks.com: the id stays the same when an event is sent again."""
    identity = f"audit-{event.sequence}"
    key = base64.b64decode(secret.removeprefix(ENCODED)) if secret.startswith(ENCODED) else secret.encode()
    signed = hmac.new(key, f"{identity}.{now}.".encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": identity,
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
