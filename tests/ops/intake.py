"""The real web process with a few people in its database, and raw connections to it."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from websockets.sync.client import ClientConnection, connect

from langai_site.processes import ports
from tests.ops.processes import Program

# Alice may nothing but ask; Olga owns a collection; the admin manages all.
CODE = """
import json, django
django.setup()
from django.conf import settings
# Pages are drawn without files having been collected.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
call_command("migrate", verbosity=0)
from chat.models import Conversation
from langai_site import registry
from langai_site.processes import web_server as server
from langai_site.accounts import keys
from langai_site.accounts.models import User
from search.models import Collection

def session(user):
    made = SessionStore()
    made[SESSION_KEY], made[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    made[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    made.create()
    return made.session_key

def known(user, *scopes):
    made = keys.make(user=user, name="a key", scopes=scopes or ("chat", "documents"))[1]
    return {"session": session(user), "key": made}

if not User.objects.exists():
    admin = User.objects.create_superuser("admin", "", "correct horse")
    alice = User.objects.create_user("alice", password="correct horse")
    olga = User.objects.create_user("olga", password="correct horse", is_staff=True)
    books = Collection.objects.create(name="Books")
    books.owners.add(olga)
    people = {"admin": known(admin), "alice": known(alice), "olga": known(olga)}
    people["narrow"] = known(User.objects.create_superuser("narrow", "", "correct horse"), "chat")
    talk = Conversation.objects.create(owner=olga)
    print("people", json.dumps({**people, "collection": books.pk, "conversation": str(talk.pk)}))
registry.web_services.clear()
registry.web_drains.clear()
server.serve()
"""
UPLOAD = "/admin/documents/document/add/"
API_UPLOAD = "/api/documents"
MEGABYTE = 1024 * 1024
# What the kernel keeps of a connection on loopback, in both its ends, and what the server drops before it stops.
IN_THE_PIPE = 14 * MEGABYTE


class Intake:
    """A running web process; `people` has each one's `session` and `key`."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.port = folder, ports.free()
        self.program = Program(CODE, folder, PORT=str(self.port), **settings)
        deadline = time.monotonic() + 90
        while not ports.trouble("127.0.0.1", self.port):
            assert self.program.process.poll() is None, self.program.log
            assert time.monotonic() < deadline, self.program.log
            time.sleep(0.05)
        self.program.until("people ")
        (told,) = [line for line in self.program.lines if line.startswith("people ")]
        self.people = json.loads(told.removeprefix("people "))

    @property
    def pid(self) -> int:
        return self.program.process.pid

    def stop(self) -> None:
        self.program.process.kill()
        self.program.process.wait()

    def cookie(self, name: str) -> str:
        return f"Cookie: sessionid={self.people[name]['session']}"

    def bearer(self, name: str) -> str:
        return f"Authorization: Bearer {self.people[name]['key']}"

    def memory(self) -> int:
        """Resident bytes of the process; from now on `peak` looks for the most."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.peak()

    def peak(self) -> int:
        (line,) = [line for line in Path(f"/proc/{self.pid}/status").read_text().splitlines() if "VmHWM" in line]
        return int(line.split()[1]) * 1024

    def on_disk(self) -> int:
        """Bytes in temporary files: those without a name, which the process has open, and those with one."""
        return in_unnamed_files(self.pid) + sum(path.stat().st_size for path in (self.folder / "temp").iterdir())

    def socket(self, name: str) -> ClientConnection:
        """A socket of Olga's conversation."""
        where = f"ws://localhost:{self.port}/ws/conversations/{self.people['conversation']}/"
        headers = {"Cookie": self.cookie(name).removeprefix("Cookie: ")}
        return connect(where, proxy=None, origin=f"http://localhost:{self.port}", additional_headers=headers)

    def until(self, reached, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < deadline, self.program.log
            time.sleep(0.05)

    @contextmanager
    def connection(self) -> Iterator["Raw"]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as plain:
            yield Raw(plain)

    def asked(self, head: str, body: bytes = b"") -> str:
        """The whole answer to one request on a connection of its own."""
        with self.connection() as raw:
            raw.send(head, body)
            return raw.answer()


def in_unnamed_files(pid: int) -> int:
    """Bytes in files that a process has open and that are removed when it closes them."""
    held = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held += link.stat().st_size if "(deleted)" in str(link.readlink()) else 0
        except FileNotFoundError:
            continue
    return held


class Raw:
    """A connection on which anything can be sent."""

    def __init__(self, plain: socket.socket) -> None:
        self.plain = plain

    def send(self, head: str, body: bytes = b"") -> None:
        lines = [line.strip() for line in head.strip().splitlines()]
        self.plain.sendall("\r\n".join([*lines, "Host: localhost", "", ""]).encode("latin1"))
        self.push(body)

    def push(self, body: bytes) -> int:
        """Send as much as the server takes; returns how many bytes that is."""
        sent = 0
        try:
            while sent < len(body):
                sent += self.plain.send(body[sent : sent + 65536])
        except OSError:
            pass
        return sent

    def answer(self) -> str:
        """What comes until the connection ends, or until the body is as long as its head says."""
        got = b""
        try:
            while not _is_whole(got) and (piece := self.plain.recv(65536)):
                got += piece
        except ConnectionError:
            pass
        return got.decode("latin1")

    def ended(self) -> bool:
        """Whether the server has closed it; waits for that."""
        try:
            return self.plain.recv(1) == b""
        except ConnectionError:
            return True


def _is_whole(got: bytes) -> bool:
    head, end, body = got.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return bool(end and lengths) and len(body) >= int(lengths[0])


def form(collection: int, content: bytes, *, name: str = "book.txt", field: str = "file", **more: str) -> bytes:
    """A multipart form with one file; its boundary is `edge`."""
    fields = {"collection": str(collection), **more}
    texts = "".join(
        f'--edge\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()
    )
    file = f'--edge\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return texts.encode() + file.encode() + content + b"\r\n--edge--\r\n"


FORM = "Content-Type: multipart/form-data; boundary=edge"


def chunks(body: bytes, size: int = 60_000) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
