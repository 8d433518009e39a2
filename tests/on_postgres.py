"""`python -m tests.on_postgres [pytest's arguments]`: the tests that use the database, on a real PostgreSQL."""

import os
import subprocess
import sys

from tests.conftest import POSTGRES_PROGRAMS
from tests.servers import Postgres

# Not those that start the product, which choose its database themselves.
TESTS = [
    f"tests/{folder}" for folder in ("accounts", "api", "chat", "detectors", "documents", "outbound", "search", "usage")
]

# It ends every connection that there is, also those that threads of earlier tests have left open: it runs by itself.
ALONE = "tests/documents/test_faults.py"


def main(arguments: list[str]) -> int:
    if not POSTGRES_PROGRAMS:
        required = "postgres" in os.environ.get("LANGAI_TEST_REQUIRE", "").split(",")
        print("FAILED" if required else "SKIPPED", "the same tests on PostgreSQL: postgres is not installed")
        return int(required)
    server = Postgres()
    try:
        server.start()
        runs = ([ALONE], [*TESTS, f"--ignore={ALONE}", *arguments])
        environment = {**os.environ, "DATABASE_URL": server.url}
        # Below 0 where a run was ended by a signal: that has failed as well.
        codes = [subprocess.run(_pytest(run), env=environment).returncode for run in runs]
        return int(any(codes))
    finally:
        server.stop()


def _pytest(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", "-rs", "--only-database", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
