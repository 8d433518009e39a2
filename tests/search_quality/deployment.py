"""A fresh deployment to measure in: its own folder, Chroma and database, and processes with its settings."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.servers import Chroma, Postgres
from tests.shared import OWN_SETTINGS, ROOT

# No measurement takes longer on two cores; what does hangs.
CHILD_SECONDS = 3600


class Deployment:
    """`with Deployment(model) as it: it.told("tests.search_quality.quality", …)`; nothing is left of it afterwards.

    `model` is the folder in which the embedding model is built once for all of them.
    """

    def __init__(self, model: Path, *, postgres: bool = False) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="langai-search-", ignore_cleanup_errors=True)
        self.data = Path(self._folder.name)
        (self.data / "model").symlink_to(model, target_is_directory=True)
        self.chroma = Chroma(self.data / "chroma")
        self.postgres = Postgres() if postgres else None

    def __enter__(self) -> "Deployment":
        try:
            self.chroma.start()
            if self.postgres:
                self.postgres.start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self.chroma.stop()
        if self.postgres:
            self.postgres.stop()
        self._folder.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith((*OWN_SETTINGS, "EMBEDDER"))}
        kept |= {
            "DATA_DIR": str(self.data),
            "CHROMA_URL": self.chroma.url,
            "LOG_LEVEL": "ERROR",
            "VECTOR_STORE": "chroma",
        }
        return kept | {"DATABASE_URL": self.postgres.url} if self.postgres else kept

    def told(self, module: str, *arguments: str) -> Any:
        """Run a module on this deployment; returns the JSON in its last line. Raises RuntimeError if it fails."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=CHILD_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{module} {' '.join(arguments)} failed; what it wrote is above.")
        return json.loads(done.stdout.splitlines()[-1])
