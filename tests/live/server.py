"""LangAI as people start it: `manage.py run` on free loopback ports, in a folder of its own."""

import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from langai_site.processes import ports
from tests.shared import ROOT, environment_without_own

ADMIN_PASSWORD = "correct-horse-battery"
# On a busy machine; an idle one takes a tenth of it.
START_SECONDS = 300

# The tests' people ask faster, all from one address, and the same again and again to see it being answered.
FAST_PEOPLE = {
    **dict.fromkeys(("RATE_LIMIT_PER_MINUTE", "RATE_LIMIT_CHAT", "RATE_LIMIT_STREAM"), "100000"),
    "REPLIES_IN_FLIGHT": "1000",
    "SOCKETS_PER_USER": "1000",
    "CACHE_TTL": "0",
    "REAUTHENTICATE_AFTER": "0",
}


class LangAI:
    """A running LangAI with the lines that it wrote; `stop()` ends it as an operator would."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data, self.settings = data, settings
        self.port = int(settings.get("PORT") or ports.free())
        self.url = f"http://127.0.0.1:{self.port}"
        self.tls: ssl.SSLContext | None = None
        self.lines: list[str] = []
        self.start_seconds = 0.0
        self.process: subprocess.Popen[str] | None = None

    @property
    def _environment(self) -> dict[str, str]:
        return environment_without_own() | {
            "DATA_DIR": str(self.data),
            "PORT": str(self.port),
            "LANGAI_ADMIN_PASSWORD": ADMIN_PASSWORD,
            # Tests count what reaches a model; those of titles switch them on.
            "TITLES": "off",
            **FAST_PEOPLE,
            **self.settings,
        }

    def start(self) -> "LangAI":
        self.lines, begun = [], time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.until_healthy()
        self.start_seconds = time.monotonic() - begun
        return self

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def health(self) -> dict:
        try:
            return httpx.get(f"{self.url}/health", timeout=10, trust_env=False).json()
        except httpx.HTTPError:
            return {"status": "unreachable", "checks": {}}

    def until_healthy(self) -> None:
        self.until(lambda: self.health()["status"] == "healthy", "healthy")

    def until(self, reached, what: str, seconds: float = START_SECONDS) -> None:
        """Wait until `reached()`; fails with the log when it takes too long or the server ended."""
        deadline = time.monotonic() + seconds
        while not reached():
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"{self.url} is not {what}; its log:\n{self.log}")
            time.sleep(0.1)

    def until_logged(self, pattern: str, seconds: float = 30) -> None:
        self.until(lambda: re.search(pattern, self.log), f"saying {pattern!r}", seconds)

    def pid(self, name: str) -> int:
        """The process id of `web`, `worker`, `chroma` or `model` (as of now: a restart changes it)."""
        assert self.process is not None
        marks = {
            "web": "manage.py\0serve",
            "worker": "manage.py\0worker",
            "chroma": "chroma\0run",
            "model": "local_model/server.py",
        }
        for child in children(self.process.pid):
            if marks[name] in Path(f"/proc/{child}/cmdline").read_text():
                return child
        raise LookupError(f"{name} is not running")

    def kill(self, name: str) -> int:
        """`kill -9`; returns the process id that it had."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def stop(self, seconds: float = 60) -> int:
        """SIGTERM, then wait; returns the exit code. Also after the server has ended by itself."""
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def sign_in(
    base_url: str, name: str = "admin", password: str = ADMIN_PASSWORD, tls: ssl.SSLContext | None = None
) -> httpx.Client:
    """A client that is signed in, as a browser would be. `tls` trusts the server's certificate."""
    client = httpx.Client(base_url=base_url, follow_redirects=True, timeout=30, trust_env=False, verify=tls or True)
    client.get("/accounts/login/")
    form = {"login": name, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    answer = client.post("/accounts/login/", data=form, headers={"Referer": f"{base_url}/accounts/login/"})
    assert "sessionid" in client.cookies, answer.text[:2000]
    return client
