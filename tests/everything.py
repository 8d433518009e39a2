"""`python -m tests.everything -n 4 …`: all tests on SQLite, and at the same time those of the database on PostgreSQL.

The first wait for servers and browsers for much of their time. The second only compute, and get what is left of the
processors: `nice` keeps them from slowing the first down. Their output comes at the end.
"""

import os
import signal
import subprocess
import sys
import tempfile

IN_ORDER = ["--dist", "loadfile", "--no-loadscope-reorder"]
ON_POSTGRES = ["-m", "tests.on_postgres", "-n", "auto", "--maxprocesses", "4", *IN_ORDER]
NICE = 10


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryFile() as printed:
        on_postgres = subprocess.Popen(
            [sys.executable, *ON_POSTGRES],
            stdout=printed,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.nice(NICE),
        )
        try:
            first = subprocess.run([sys.executable, "-m", "pytest", "-rs", *arguments]).returncode
        except BaseException:
            # It stops its server then.
            on_postgres.send_signal(signal.SIGINT)
            raise
        finally:
            second = on_postgres.wait()
            printed.seek(0)
            sys.stdout.write(printed.read().decode(errors="replace"))
            sys.stdout.flush()
    return int(bool(first or second))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
