"""What takes long to prepare and is the same for many tests: made once in a run, by whichever process is first."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parent.parent
# What a developer has in the environment must not reach the server under test.
OWN_SETTINGS = ("OPENAI_", "ANTHROPIC_", "OLLAMA_", "DATABASE_URL", "REDIS_URL", "CHROMA_", "DJANGO_SETTINGS_MODULE")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder of that name, which all processes of a run share; `make(folder)` fills it the first time."""
    own = factory.getbasetemp()
    folder = (own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / name
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            make(folder)
            (folder / "done").touch()
    return folder


def environment_without_own() -> dict[str, str]:
    """Return the environment without what a developer has set for LangAI."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}


def make_tables(data: Path) -> None:
    """Make an SQLite database with all tables in that data folder."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment_without_own() | {"DATA_DIR": str(data)}, check=True)
