"""The model from a file that `manage.py run` runs: how its processes learn of it. Reads no settings."""

import json
import os
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

# Begins the model's name, as in local_file/qwen3-4b.
PREFIX = "local_file"


@dataclass(frozen=True)
class LocalModel:
    """A model from a file, and its server on this machine's loopback.

    `problem` is why there is none, in a sentence; then all else is empty. `size` is like 3.2B.
    """

    url: str = ""
    key: str = field(default="", repr=False)
    name: str = ""
    context: int = 0
    size: str = ""
    problem: str = ""


NONE = LocalModel()


def write(path: Path, model: LocalModel) -> None:
    """Tell the other processes of this machine, and no other account of it."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"host": socket.gethostname(), **asdict(model)}, file)


def read(path: Path) -> LocalModel:
    """Return what `write` wrote on this machine: loopback of another one, which sees the same folder, is not ours."""
    try:
        values = json.loads(path.read_text())
        is_here = values.pop("host") == socket.gethostname()
        return LocalModel(**values) if is_here else NONE
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return NONE
