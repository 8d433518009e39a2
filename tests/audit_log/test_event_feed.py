"""Events go to syslog and to a webhook in their order, none is lost, and none says what somebody wrote."""

import base64
import contextlib
import hashlib
import hmac
import json
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from langai_site import checks, registry
from langai_site.audit.models import AuditEvent, FeedCursor
from langai_site.audit.recording import record
from langai_site.outbound.event_feed import feeding, sending
from langai_site.usage.ledger import sealing
from langai_site.usage.models import EventSeal

pytestmark = pytest.mark.django_db
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef").decode()


class Receiver:
    """A webhook that answers with the statuses in `answers`, then with 204, and keeps what it accepted."""

    def __init__(self):
        self.answers, self.taken, self.headers = [], [], []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler):  # noqa: N805 - as http.server calls it
                body = handler.rfile.read(int(handler.headers["content-length"]))
                status = self.answers.pop(0) if self.answers else 204
                if status == 204:
                    self.taken.append(body)
                    self.headers.append(dict(handler.headers))
                handler.send_response(status)
                handler.send_header("Location", "/elsewhere")
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def sequences(self):
        return [json.loads(body)["data"]["sequence"] for body in self.taken]


@pytest.fixture
def receiver(settings):
    """A webhook in the building, to which the worker has begun to pass events on."""
    made = Receiver()
    settings.AUDIT_WEBHOOK, settings.AUDIT_WEBHOOK_SECRET = made.url, SECRET
    record("team.add", "team", 0)
    sealing.seal_events()
    run()
    yield made
    made.server.shutdown()
    made.server.server_close()


def run(name="webhook"):
    while registry.worker_jobs[f"audit {name}"].run():
        pass


def pause_is_over():
    FeedCursor.objects.update(retry_at=timezone.now())


def said(name="webhook") -> tuple[str, str]:
    found = registry.doctor_checks[f"audit {name}"].run()
    return found.status, found.found


def record_three():
    for team in range(1, 4):
        record("team.change", "team", team, fields=["name"])


def test_events_are_posted_in_their_order_from_now_on_and_signed(receiver):
    record_three()
    run()
    assert receiver.sequences() == [2, 3, 4]
    body, headers = receiver.taken[0], {name.lower(): value for name, value in receiver.headers[0].items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(b"0123456789abcdef", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    assert headers["webhook-id"] == "audit-2"
    told = json.loads(body)
    event, seal = AuditEvent.objects.get(object_id="1"), EventSeal.objects.get(sequence=2)
    assert (told["type"], told["timestamp"]) == ("team.change", event.at.isoformat())
    assert told["data"] == {
        "id": event.pk, "at": event.at.isoformat(), "action": "team.change", "user_id": None, "username": "",
        "kind": "team", "object_id": "1", "fields": "name", "door": event.door, "address": "",
        "request": event.request, "sequence": 2, "hash": seal.hash,
    }  # fmt: skip
    assert said() == ("ok", "0 events behind")


@pytest.mark.parametrize("refusal", [500, 302, 410])
def test_what_is_not_taken_is_tried_again_and_nothing_overtakes_it(receiver, refusal, caplog):
    record_three()
    receiver.answers = [204, refusal]
    run()
    assert receiver.sequences() == [2]
    assert said()[0] == "fail"
    assert f"it answered with the status {refusal}" in said()[1]
    assert said()[1].startswith("2 events behind since ")
    assert "cannot be passed on" in caplog.text
    run()
    assert receiver.sequences() == [2]
    pause_is_over()
    run()
    assert receiver.sequences() == [2, 3, 4]


def test_pauses_grow_to_five_minutes():
    pauses = [round((feeding._next_try(failures) - timezone.now()).total_seconds()) for failures in (0, 1, 2, 3, 99)]
    assert pauses == [0, 5, 10, 20, 300]


def test_a_killed_worker_loses_nothing_and_holds_nobody_up_for_long(receiver):
    record_three()
    sealing.seal_events()
    killed = feeding._claim("webhook")
    assert len(list(sending.by_webhook(feeding._after(killed.sequence)))) == 3
    assert receiver.sequences() == [2, 3, 4]
    run()
    assert receiver.sequences() == [2, 3, 4]
    FeedCursor.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    run()
    assert receiver.sequences() == [2, 3, 4, 2, 3, 4]


def test_a_worker_whose_lease_ran_out_moves_no_cursor(receiver):
    record_three()
    sealing.seal_events()
    slow = feeding._claim("webhook")
    FeedCursor.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    run()
    feeding._release(slow, 2, "")
    assert FeedCursor.objects.get().sequence == 4


def test_a_deleted_event_does_not_stop_the_others(receiver):
    record_three()
    sealing.seal_events()
    AuditEvent.objects.filter(object_id="2")._raw_delete("default")
    run()
    assert receiver.sequences() == [2, 4]


def test_a_metadata_service_is_never_asked(receiver, settings):
    settings.AUDIT_WEBHOOK = "http://169.254.169.254/events"
    record_three()
    run()
    assert said()[1].endswith("the address belongs to a cloud's metadata service")


def lines_of(listener, *, udp: bool) -> list[str]:
    """Return what arrives: three datagrams, or a stream to its end."""
    if udp:
        return [listener.recv(65536).decode() for _ in range(3)]
    line, _ = listener.accept()
    text = b""
    while piece := line.recv(65536):
        text += piece
    line.close()
    found = []
    while text:
        length, _, rest = text.partition(b" ")
        found.append(rest[: int(length)].decode())
        text = rest[int(length) :]
    return found


def listening(kind: str, tmp_path) -> tuple[socket.socket, str]:
    if kind == "unix":
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(str(tmp_path / "log"))
        return listener, f"unix://{tmp_path}/log"
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    if kind == "tcp":
        listener.listen()
    return listener, f"{kind}://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("kind", ["udp", "tcp", "unix"])
def test_syslog_gets_each_event_as_its_standard_says(settings, tmp_path, kind):
    listener, settings.AUDIT_SYSLOG = listening(kind, tmp_path)
    listener.settimeout(20)
    run("syslog")
    record("sign_in.failed", "user", 7)
    record_three()
    AuditEvent.objects.filter(object_id="3")._raw_delete("default")
    got = []
    reader = threading.Thread(target=lambda: got.extend(lines_of(listener, udp=kind != "tcp")))
    reader.start()
    run("syslog")
    reader.join(20)
    listener.close()
    assert [line.split(" ", 1)[0] for line in got] == ["<108>1", "<110>1", "<110>1"]
    _, at, host, name, process, action, data, text = got[1].split(" ", 7)
    event = AuditEvent.objects.get(object_id="1")
    assert at == event.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert (host, name, process, action, data) == (socket.gethostname(), "LangAI", "-", "team.change", "-")
    assert json.loads(text)["object_id"] == "1"
    assert said("syslog") == ("ok", "0 events behind")


def test_a_receiver_of_syslog_that_does_not_confirm_gets_everything_again(settings, tmp_path, monkeypatch):
    listener, settings.AUDIT_SYSLOG = listening("tcp", tmp_path)
    monkeypatch.setattr(sending, "SECONDS", 0.2)
    run("syslog")
    record_three()
    run("syslog")
    assert said("syslog")[1].endswith("TimeoutError: timed out")
    listener.close()
    pause_is_over()
    run("syslog")
    assert "ConnectionRefusedError" in said("syslog")[1]
    assert FeedCursor.objects.get().sequence == 0


def drip(listener, over):
    """Accept a connection, and answer with a byte now and then until it is closed."""
    line, _ = listener.accept()
    with line, contextlib.suppress(OSError):
        while not over.wait(0.02):
            line.send(b".")


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_a_receiver_that_drips_or_reads_nothing_does_not_hold_the_worker(settings, tmp_path, monkeypatch, kind):
    listener, settings.AUDIT_SYSLOG = listening(kind, tmp_path)
    monkeypatch.setattr(sending, "BATCH_SECONDS", 0.3)
    over = threading.Event()
    if kind == "tcp":
        threading.Thread(target=drip, args=(listener, over), daemon=True).start()
    run("syslog")
    for _ in range(10):  # more than the kernel keeps for a socket of Unix
        record_three()
    run("syslog")
    over.set()
    listener.close()
    assert "timed out" in said("syslog")[1]
    assert FeedCursor.objects.get().failures == 1


def test_doctor_tells_of_a_worker_that_does_not_run(settings):
    assert said()[0] == "off"
    settings.AUDIT_WEBHOOK = "http://127.0.0.1:9/"
    assert said()[0] == "warn"
    FeedCursor.objects.create(name="webhook", sequence=0)
    record_three()
    assert said() == ("ok", "3 events behind")
    sealing.seal_events()
    EventSeal.objects.update(sealed_at=timezone.now() - timedelta(minutes=6))
    assert said()[0] == "warn"


def test_a_webhook_without_encryption_outside_the_building_is_warned_of(settings):
    settings.AUDIT_WEBHOOK = "http://logs.example.org/events"
    assert "langai.W010" in [message.id for message in checks.deployment(None)]
    settings.AUDIT_WEBHOOK = "http://127.0.0.1/events"
    assert "langai.W010" not in [message.id for message in checks.deployment(None)]
