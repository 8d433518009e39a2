"""The process of the model from a file, for `manage.py run`: what it is started with, and who learns of it."""

import json
import logging
import re
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from langai_site import local_model
from langai_site.local_model import LocalModel
from langai_site.processes import ports
from langai_site.processes.local_model import choice, machine
from langai_site.processes.local_model.choice import ModelFile, UnusableModelError
from langai_site.processes.local_model.needs import Room
from langai_site.processes.local_model.server import CANNOT_LOAD, TASK
from langai_site.processes.supervisor import Child

logger = logging.getLogger(__name__)

NAME = "model"
PROGRAM = Path(__file__).with_name("server.py")
# Its own lines. The last of llama.cpp's follow if it crashes.
SHOWN = re.compile(r"^The model ")
# It reads a file from elsewhere, so it gets nothing of LangAI's settings, keys above all.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


def child(report: Callable[[str, str], None]) -> Child | None:
    """Return the process to keep running; None where there is no model, or where it cannot run, and say why then."""
    path: Path = settings.RUNNING_LOCAL_MODEL
    path.unlink(missing_ok=True)
    try:
        room = Room(settings.LOCAL_MODEL_CONTEXT, settings.LOCAL_MODEL_PARALLEL)
        model = choice.chosen(settings.LOCAL_MODEL, settings.MODELS_DIR, room)
        if model is None:
            return None
        choice.require_package(model)
        choice.require_memory(model, machine.available_memory())
        port = _port()
    except UnusableModelError as error:
        _report_unusable(str(error), report)
        return None
    except Exception:
        # Whatever a file from elsewhere does to its reader, all else starts.
        logger.exception("the file of the model could not be examined")
        _report_unusable("The model's file cannot be examined; the log has the reason. Choose another file.", report)
        return None
    key = secrets.token_urlsafe(32)
    told = LocalModel(f"http://127.0.0.1:{port}/v1", key, model.name, model.room.context, model.size)
    local_model.write(path, told)
    return _child(model, port, key)


def _report_unusable(problem: str, report: Callable[[str, str], None]) -> None:
    report(NAME, problem)
    local_model.write(settings.RUNNING_LOCAL_MODEL, LocalModel(problem=problem))


def _port() -> int:
    """Return one port for as long as LangAI runs: a restarted server has the same address."""
    port: int = settings.LOCAL_MODEL_PORT
    if port and ports.trouble("127.0.0.1", port):
        raise UnusableModelError(f"The model's port {port} cannot be used. Set LOCAL_MODEL_PORT to another one.")
    return port or ports.free()


def _child(model: ModelFile, port: int, key: str) -> Child:
    task = {
        "path": str(model.path),
        "name": model.name,
        "port": port,
        "key": key,
        "context": model.room.context,
        "parallel": model.room.parallel,
        "threads": choice.threads(settings.LOCAL_MODEL_THREADS),
    }
    return Child(
        NAME,
        [sys.executable, "-I", str(PROGRAM)],
        {TASK: json.dumps(task)},
        # Stopped last: answers that are being finished still need it.
        wave=1,
        shown=SHOWN,
        remedy=_advice,
        inherited=INHERITED,
        final=CANNOT_LOAD,
    )


def _advice() -> str:
    return "the model cannot stay up; choose another file, or set LOCAL_MODEL=none to go without"
