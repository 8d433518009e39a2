"""LangAI as a team runs it that outgrew one process of each kind: every part a process of its own, on loopback."""

import datetime
import ipaddress
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.live.person import Person
from tests.live.server import ADMIN_PASSWORD, START_SECONDS, sign_in
from tests.servers import NGINX, Chroma, Postgres, Redis, free_port
from tests.shared import ROOT, environment_without_own
from tests.tables import fill_postgres

OPERATIONS = ROOT / "docs" / "operations"
MAIN = """
error_log stderr crit; pid nginx.pid; daemon off; {user}
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include langai.conf;
}}
"""


class Process:
    """A command that runs in the background, with what it writes in a file."""

    def __init__(self, name: str, folder: Path, *command: str, **settings: str) -> None:
        self.name, self.command, self.settings = name, command, settings
        self.file = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = environment_without_own() | self.settings
        with self.file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def log(self) -> str:
        return self.file.read_text() if self.file.exists() else ""

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 40) -> int:
        """Returns the exit code; 0 where it did not run."""
        if self.process is None:
            return 0
        if self.runs:
            self.process.send_signal(how)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.process = None


class Door:
    """nginx with the configuration that the project gives to operators, before the web processes on `ports`.

    What a person needs to know of a server, so that people can come in by it.
    """

    def __init__(self, deployment: "Deployment", name: str, ports: list[int]) -> None:
        self.deployment, self.tls = deployment, deployment.tls
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        folder = deployment.folder / name
        folder.mkdir()
        (folder / "certificates").symlink_to(deployment.certificates)
        (folder / "langai.conf").write_text(self._listening((OPERATIONS / "nginx.conf").read_text()))
        (folder / "langai-webs.conf").write_text(_before(ports, (OPERATIONS / "nginx-webs.conf").read_text()))
        (folder / "nginx.conf").write_text(MAIN.format(user="user root;" if os.geteuid() == 0 else ""))
        self.process = Process(name, folder, NGINX or "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"))

    def _listening(self, text: str) -> str:
        """On free ports of loopback instead of on those that only one nginx of a machine can have."""
        text, plain = re.subn(r"listen 80;", f"listen 127.0.0.1:{self.plain_port};", text)
        text, secure = re.subn(r"^( *)listen 443 ", rf"\1listen 127.0.0.1:{self.port} ", text, flags=re.MULTILINE)
        assert (plain, secure) == (1, 1)
        return text

    @property
    def log(self) -> str:
        return self.deployment.log

    def until(self, *args: Any, **kwargs: Any) -> None:
        self.deployment.until(*args, **kwargs)

    def signed_in(self, name: str = "admin", password: str = ADMIN_PASSWORD) -> Person:
        return Person(self, sign_in(self.url, name, password, tls=self.tls))

    def also(self, person: Person) -> Person:
        """The same person, in the same browser, coming in by this door."""
        client = httpx.Client(base_url=self.url, verify=self.tls, trust_env=False, timeout=30)
        client.cookies = person.client.cookies
        return Person(self, client)

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", verify=self.tls, timeout=10, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


def _before(ports: list[int], text: str) -> str:
    """The list of web processes, with these ones."""
    line = re.compile(r"^    server 127\.0\.0\.1:\d+ .*\n", re.MULTILINE)
    example = line.findall(text)[0]
    before, *_, after = line.split(text)
    return before + "".join(re.sub(r":\d+", f":{port}", example) for port in ports) + after


class Deployment:
    """Redis, PostgreSQL, Chroma, two webs, two workers; doors to both webs at once, and to each."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.data = folder, folder / "data"
        self.certificates = folder / "certificates"
        self.tls = certificate(self.certificates)
        self.redis, self.postgres, self.chroma = Redis(), Postgres(), Chroma(folder / "chroma")
        shared = {
            "DATA_DIR": str(self.data),
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            # By name, for that is in LOCAL_HOSTS whatever a test takes out of it.
            "CHROMA_URL": self.chroma.url.replace("127.0.0.1", "localhost"),
            "LANGAI_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "ENV": "production",
            "ALLOWED_HOSTS": "127.0.0.1,chat.example.org",
            "TRUSTED_PROXIES": "1",
            **settings,
        }
        self.settings = shared
        self.ports = [free_port(), free_port()]
        self.webs = [self._ours(f"web{port}", "serve", PORT=str(port)) for port in self.ports]
        self.workers = [self._ours(f"worker{number}", "worker") for number in (1, 2)]
        self.front = Door(self, "front", self.ports)
        self.first, self.second = (Door(self, f"door{port}", [port]) for port in self.ports)
        self.doors = (self.front, self.first, self.second)

    def _ours(self, name: str, command: str, **settings: str) -> Process:
        return Process(name, self.folder, sys.executable, "manage.py", command, **self.settings, **settings)

    @property
    def processes(self) -> list[Process]:
        return [*(door.process for door in self.doors), *self.webs, *self.workers]

    @property
    def log(self) -> str:
        return "\n".join(f"--- {process.name}\n{process.log}" for process in self.processes)

    def set_up(self) -> None:
        """Start the stores and prepare them: what comes before the first web process."""
        for part in (self.redis, self.postgres, self.chroma):
            part.start()
        fill_postgres(self.postgres, "postgres")
        done = self.manage("setup")
        assert done.returncode == 0, done.stderr

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command of `manage.py` beside the running processes."""
        line = [sys.executable, "manage.py", *command]
        environment = environment_without_own() | self.settings
        return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=START_SECONDS)

    def start(self) -> None:
        for process in self.processes:
            process.start()
        self.until(lambda: all(door.answers() for door in self.doors), "answering")

    def stop(self) -> None:
        """Ends every process that was started, each by its own id; those that hang are killed."""
        for process in self.processes:
            if process.runs and process.process:
                process.process.terminate()
        for part in (*self.processes, self.chroma, self.redis, self.postgres):
            part.stop()

    def until(self, reached: Any, what: str, seconds: float = START_SECONDS) -> None:
        """Wait until `reached()`; fails with all logs when it takes too long, or a process ended by itself."""
        deadline = time.monotonic() + seconds
        while not reached():
            ended = any(process.process and process.process.poll() is not None for process in self.processes)
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"it is not {what}; the log:\n{self.log}")
            time.sleep(0.1)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(psycopg.connect(self.postgres.url, autocommit=True)) as database:
            done = database.execute(query, values)
            return done.fetchall() if done.description else []

    def one(self, query: str, *values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        found = self.rows(query, *values)
        return found[0][0] if found else None


def certificate(folder: Path) -> ssl.SSLContext:
    """Make a certificate for loopback in `folder`, where nginx looks for it; returns what trusts it alone."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
