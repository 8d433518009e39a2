"""The upstream as a process of its own, and what a test asks of it."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BASE_DIR = Path(__file__).resolve().parents[2]
# Loopback is asked directly, whatever proxy the environment names.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    """A port that nothing listens on: for a server about to start, or to be refused at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition: Callable[[], Any], *, seconds: float = 5) -> Any:
    """Return `condition()` once it is true; its last value after `seconds`."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return value


class Upstream:
    """A running upstream. `url` for Anthropic and Ollama, `openai_url` for OpenAI's format."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.openai_url = f"{self.url}/v1"

    def _ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, headers=headers)
        with _direct.open(request, timeout=10) as answer:
            return json.load(answer)

    def answers(self) -> bool:
        try:
            return bool(self._ask("/stats"))
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def script(self, *texts: str) -> None:
        """Queue what the model `echo` answers next."""
        for text in texts:
            self._ask("/script", {"text": text})

    def script_raw(self, *pieces: bytes, status: int = 200, pause: float = 0, **headers: str) -> None:
        """Queue the bytes of one answer to whichever model is asked next; `pause` seconds before each piece."""
        kept = {"Content-Type": "text/event-stream", **{name.replace("_", "-"): text for name, text in headers.items()}}
        said = [(pause, piece.decode("latin-1")) for piece in pieces]
        self._ask("/script/raw", {"status": status, "headers": kept, "pieces": said})

    def list_models(self, *names: str) -> None:
        self._ask("/listing", {"models": names})

    def pass_on(self, *names: str) -> None:
        """Point these models of its Ollama at another host."""
        self._ask("/passed_on", {"models": names})

    def script_list(self, body: bytes, *, status: int = 200, content_type: str = "application/json", **headers: str):
        """Queue the answer to the next request for OpenAI's list of models."""
        kept = {"Content-Type": content_type, **headers}
        self._ask("/script/list", {"status": status, "headers": kept, "pieces": [(0, body.decode("latin-1"))]})

    def set_dimension(self, numbers: int) -> None:
        """From now on all vectors have so many numbers, whatever the model's name says; 0: what it says."""
        self._ask("/dimension", {"numbers": numbers})

    def requests(self, path: str = "") -> list[dict[str, str]]:
        """Everything that was asked since the last reset: `path`, `raw` (all of it), `body`."""
        return [request for request in self._ask("/requests") if request["path"].startswith(path)]

    def stats(self) -> dict[str, Any]:
        """Return counts since the last reset.

        `active` and `active_peak` chats, `disconnects` in mid-answer, `tokens` sent, bytes `flooded`, `paths`,
        `cpu_seconds`.
        """
        return self._ask("/stats")

    def reset(self) -> None:
        self._ask("/reset", {})


@contextmanager
def running_upstream(port: int | None = None) -> Iterator[Upstream]:
    """Start an upstream, wait until it answers, and stop it at the end."""
    upstream = Upstream(port or free_port())
    command = [sys.executable, "-m", "tests.upstream", "--port", str(upstream.port)]
    process = subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.DEVNULL)
    try:
        if not eventually(upstream.answers, seconds=20):
            raise RuntimeError("the upstream did not start")
        yield upstream
    finally:
        process.terminate()
        process.wait(10)
