"""Who sees what leaves a running LangAI: a model server in the building, one elsewhere, its Redis, and its log."""

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import redis

from tests import servers
from tests.live.server import LangAI
from tests.upstream import Upstream, free_port, running_upstream


class House:
    """The upstream in the building: can be taken away, and comes back at its address."""

    def __init__(self, *models: str) -> None:
        self._port, self._models, self._running = free_port(), models, ExitStack()
        self.upstream = Upstream(self._port)

    def start(self) -> "House":
        self._running.enter_context(running_upstream(self._port))
        self.upstream.list_models(*self._models)
        return self

    def stop(self) -> None:
        self._running.close()

    @contextmanager
    def away(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()


class WatchedRedis:
    """A Redis, with every command that it was ever sent."""

    def __init__(self) -> None:
        self._server = servers.Redis().start()
        self.url = self._server.url
        self._client = redis.Redis.from_url(self.url)
        # A dumped value then shows the text that it has.
        self._client.config_set("rdbcompression", "no")
        self._commands = bytearray()
        monitor = socket.create_connection(("127.0.0.1", self._server.port))
        monitor.sendall(b"MONITOR\r\n")
        threading.Thread(target=self._listen, args=(monitor,), daemon=True).start()

    def _listen(self, monitor: socket.socket) -> None:
        with monitor:
            while heard := monitor.recv(65536):
                self._commands += heard

    @property
    def commands(self) -> str:
        return self._commands.decode("latin-1")

    def values(self) -> dict[str, str]:
        """Everything that it holds now, as its bytes are."""
        dumped = {key.decode("latin-1"): self._client.dump(key) for key in self._client.scan_iter()}
        return {key: value.decode("latin-1") for key, value in dumped.items() if value}

    def stop(self) -> None:
        self._client.close()
        self._server.stop()


class Witness:
    """What was seen so far of one LangAI, also before it was started anew."""

    def __init__(self, server: LangAI, house: House, elsewhere: Upstream, cache: WatchedRedis) -> None:
        self.server, self.house, self.elsewhere, self.redis = server, house, elsewhere, cache
        self._earlier_logs: list[str] = []

    def restart(self) -> None:
        assert self.server.stop() == 0
        self._earlier_logs.append(self.server.log)
        self.server.start()

    def sent(self, path: str = "") -> str:
        """Every byte that reached the upstream elsewhere."""
        return "\n".join(request["raw"] for request in self.elsewhere.requests(path))

    def metrics(self) -> str:
        return httpx.get(f"{self.server.url}/metrics", timeout=10, trust_env=False).raise_for_status().text

    def seen_of(self, markers: Iterable[str]) -> list[tuple[str, str]]:
        """Where which of these is seen, that must be seen nowhere."""
        values = self.redis.values()
        places = {
            "elsewhere": self.sent(),
            "log": "\n".join([*self._earlier_logs, self.server.log]),
            "Redis": "\n".join([*values, *values.values()]),
            "commands to Redis": self.redis.commands,
            "metrics": self.metrics(),
        }
        return [(marker, place) for marker in markers for place, text in places.items() if marker in text]
