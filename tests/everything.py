"""`python -m tests.everything -n 3 …`: all tests on SQLite, and at the same time those of the database on PostgreSQL.

The first wait for servers and browsers for much of their time. The second only compute, and get what is left of the
processors: `nice` keeps them from slowing the first down. Their output comes after that of the first.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

IN_ORDER = ["--dist", "loadfile", "--no-loadscope-reorder"]
ON_POSTGRES = ["-m", "tests.on_postgres", "-n", "auto", "--maxprocesses", "3", *IN_ORDER]
NICE = 10


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        printed = Path(folder) / "printed"
        with printed.open("wb") as output:
            on_postgres = subprocess.Popen(
                [sys.executable, *ON_POSTGRES],
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: os.nice(NICE),
            )
        try:
            first = subprocess.run([sys.executable, "-m", "pytest", "-rs", *arguments]).returncode
            second = shown_until_ended(on_postgres, printed)
        finally:
            if on_postgres.poll() is None:
                # It stops its server then.
                on_postgres.send_signal(signal.SIGINT)
                on_postgres.wait()
    return int(bool(first or second))


def shown_until_ended(process: "subprocess.Popen[bytes]", printed: Path) -> int:
    """Pass on what the process prints until it ends, and return its exit code."""
    with printed.open("rb") as output:
        while True:
            has_ended = process.poll() is not None
            sys.stdout.write(output.read().decode(errors="replace"))
            sys.stdout.flush()
            if has_ended:
                return process.returncode
            time.sleep(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
