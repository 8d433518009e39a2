"""A process of its own that runs a model from a file: llama.cpp's server, on loopback, for those who have the key.

It is a program and not a command of manage.py, so that it loads neither Django nor LangAI's settings, which hold keys.
"""

import json
import os
import re
import signal
import socket
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

# The variable that holds what to run, as JSON.
TASK = "LANGAI_LOCAL_MODEL"
# The exit code that says that starting again would not help.
CANNOT_LOAD = 78
HOST = "127.0.0.1"
# Threads that read requests, beside one for each answer: those who wait for their turn hold one, too.
THREADS_FOR_REQUESTS = 64
# Only errors: warnings repeat what people wrote.
ERRORS = 1
# Pages and search go before it.
NICENESS = 5
SECONDS_BETWEEN_SIGNS_OF_LIFE = 10
# Of 1000.
ENDED_FIRST = "500"
GOMP = "If libgomp is missing, install the system's package libgomp1, and start LangAI again."
STDERR = 2
REASON = re.compile(rb"(?:error loading model|failed to initialize the context): (.{1,300})\n")
LONGEST_LOG = 2**20
SECONDS_FOR_THE_LOG = 2.0


class UnloadableError(Exception):
    """llama.cpp cannot load the file."""


def main() -> int:
    """Serve until SIGTERM."""
    task = json.loads(os.environ.pop(TASK))
    os.nice(NICENESS)
    # At once, also while the model is being loaded: there is nothing to save.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if _is_taken(task["port"]):
        _say(f"The model cannot be reached: another program uses its port {task['port']}.")
        return 1
    _offer_memory_first()
    try:
        server = _loaded(task)
    except ImportError as error:
        _say(f"The model cannot run, because llama.cpp cannot be loaded ({error}). {GOMP}")
        return CANNOT_LOAD
    except UnloadableError as error:
        _say(
            f"The model {task['path']} cannot be loaded ({error}). The file is damaged, or this llama.cpp does not "
            "know its kind. Choose another file and start LangAI again."
        )
        return CANNOT_LOAD
    _say(
        f"The model {task['name']} is loaded: context {task['context']}, answers at once {task['parallel']}, "
        f"threads {task['threads']}."
    )
    assert server
    while True:
        signal.pause()


def _offer_memory_first() -> None:
    """Have Linux end this process before those with pages and data if memory runs out."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(ENDED_FIRST)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _loaded(task: dict[str, Any]) -> Any:  # noqa: ANN401 - llama.cpp's own type
    """Return the running server. Raises UnloadableError with what llama.cpp says, which it only writes to its log."""
    import xllamacpp

    with TemporaryFile() as log:
        stderr = os.dup(STDERR)
        os.dup2(log.fileno(), STDERR)
        try:
            return xllamacpp.Server(_parameters(xllamacpp.CommonParams(), task))
        except RuntimeError:
            raise UnloadableError(_reason(log)) from None
        finally:
            os.dup2(stderr, STDERR)
            os.close(stderr)


def _reason(log: IO[bytes]) -> str:
    """Return why a file cannot be loaded. llama.cpp writes its log a moment later."""
    deadline = time.monotonic() + SECONDS_FOR_THE_LOG
    while time.monotonic() < deadline:
        # Not by reading the file: that would move the place where llama.cpp goes on writing.
        if said := REASON.search(os.pread(log.fileno(), LONGEST_LOG, 0)):
            return said[1].decode(errors="replace")
        time.sleep(0.02)
    return "llama.cpp gives no reason"


def _is_taken(port: int) -> bool:
    with closing(socket.socket()) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return True
    return False


def _parameters(params: Any, task: dict[str, Any]) -> Any:  # noqa: ANN401 - llama.cpp's own type
    """Fill in llama.cpp's parameters: all that is not named keeps its default."""
    params.model.path = task["path"]
    params.model_alias = [task["name"]]
    params.hostnames, params.port, params.api_keys = [HOST], task["port"], [task["key"]]
    # llama.cpp divides the context among those who are answered at once.
    params.n_ctx, params.n_parallel = task["context"] * task["parallel"], task["parallel"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = task["threads"]
    params.n_threads_http = THREADS_FOR_REQUESTS + task["parallel"]
    params.sse_ping_interval = SECONDS_BETWEEN_SIGNS_OF_LIFE
    params.verbosity = ERRORS
    # The memory that it takes is known before: no cache of prompts beside the context, and no context of another size.
    params.cache_ram_mib, params.fit_params = 0, False
    # Nothing but answers: no page, no look at what others ask, nothing from the network, no other site's pages.
    params.ui = params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = False
    params.offline, params.cors_origins, params.cors_credentials = True, "", False
    return params


if __name__ == "__main__":
    sys.exit(main())
