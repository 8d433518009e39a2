"""What takes long to prepare and is the same for many tests: made once in a run, by whichever process is first."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parent.parent
# What a developer has in the environment must not reach the server under test.
OWN_SETTINGS = (
    *(
        "OPENAI_",
        "ANTHROPIC_",
        "OLLAMA_",
        "LOCAL_MODEL",
        "DATABASE_URL",
        "REDIS_URL",
        "CHROMA_",
        "DJANGO_SETTINGS_MODULE",
    ),
)
# Marks a folder that `made_once` has filled.
MADE = "done"
# What takes long to prepare and is the same for every server.
SAME_FOR_ALL = ("model", "static", "static.fingerprint")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder of that name, which all processes of a run share; `make(folder)` fills it the first time."""
    own = factory.getbasetemp()
    folder = (own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / name
    with FileLock(f"{folder}.lock"):
        if not (folder / MADE).exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            (folder / MADE).touch()
    return folder


def environment_without_own() -> dict[str, str]:
    """Return the environment without what a developer has set for LangAI."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}


def manage(data: Path, *command: str) -> None:
    """Run a command of manage.py on that data folder, with SQLite."""
    line = [sys.executable, "manage.py", *command]
    subprocess.run(line, cwd=ROOT, env=environment_without_own() | {"DATA_DIR": str(data)}, check=True)


def furnish(data: Path, prepared: Path) -> None:
    """Give a data folder what another one has already."""
    for part in map(prepared.joinpath, SAME_FOR_ALL):
        if part.is_dir():
            shutil.copytree(part, data / part.name, copy_function=os.link)
        elif part.exists():
            shutil.copy(part, data)
