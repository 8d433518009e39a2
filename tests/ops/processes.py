"""Small programs around the real web and worker code, run as processes of their own."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


class Program:
    """Python code running in LangAI's settings, with the lines that it wrote."""

    def __init__(self, code: str, data: Path, **settings: str) -> None:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "langai_site.settings",
            "DATA_DIR": str(data),
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def until(self, text: str, times: int = 1, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while self.log.count(text) < times:
            assert time.monotonic() < deadline, f"{text!r} was not written; its log:\n{self.log}"
            time.sleep(0.02)

    def stop(self, seconds: float = 20) -> int:
        self.process.terminate()
        return self.wait(seconds)

    def wait(self, seconds: float) -> int:
        """Wait until it has ended and all that it wrote is in `lines`; return its exit code."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code
