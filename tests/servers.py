"""Real servers on free loopback ports."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from langai_site.processes import chroma

POSTGRES_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
# The shell is Chromium without windows, in two thirds of the processor's time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
# Debian keeps it where only root's PATH leads.
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Chroma:
    """`chroma run` on a folder; may be stopped, killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Chroma":
        binary = Path(sys.executable).with_name("chroma")
        self.folder.mkdir(parents=True, exist_ok=True)
        file = chroma.written(self.folder / "chroma.yaml", host="127.0.0.1", port=self.port, path=self.folder)
        command = [binary, "run", file]
        environment = os.environ | {"RUST_LOG": "warn"}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            if self.answers():
                return self
            time.sleep(0.1)
        raise RuntimeError("chroma run did not start")

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v2/heartbeat", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None


class Redis:
    """An empty Redis that keeps nothing; may be stopped and started again at the same address."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Redis":
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", ""]
        self.process = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL)
        for _ in range(400):
            if self.answers():
                return self
            time.sleep(0.05)
        raise RuntimeError("Redis did not start")

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


class Postgres:
    """A PostgreSQL with an empty database in a folder of its own, which `stop` removes."""

    def __init__(self) -> None:
        # Not below pytest's own folder, which only its owner may enter.
        self.folder = Path(tempfile.mkdtemp(prefix="langai-postgres-", dir="/var/tmp"))
        self.folder.chmod(0o777)
        self.port = free_port()
        self.url = self.url_of("postgres")
        self.process: subprocess.Popen[bytes] | None = None

    def url_of(self, database: str) -> str:
        return f"postgresql://langai@127.0.0.1:{self.port}/{database}"

    def start(self) -> "Postgres":
        self._run("initdb", "-U", "langai", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder), "-F"]
        command = self._command("postgres", *options)
        self.process = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(400):
            if self.answers():
                return self
            time.sleep(0.05)
        raise RuntimeError("PostgreSQL did not start")

    def answers(self) -> bool:
        """Whether it takes connections: while it starts, it listens and refuses them."""
        program = POSTGRES_PROGRAMS[-1] / "pg_isready"
        return subprocess.run([program, "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode == 0

    def stop(self) -> None:
        if self.process:
            self._run("pg_ctl", "-m", "fast", "stop")
            self.process.wait(20)
            self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *options: str) -> None:
        subprocess.run(self._command(program, *options), check=True, capture_output=True, cwd="/")

    def _command(self, program: str, *options: str) -> list[str]:
        # PostgreSQL refuses to run as root.
        before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        return [*before, str(POSTGRES_PROGRAMS[-1] / program), "-D", str(self.folder / "cluster"), *options]
