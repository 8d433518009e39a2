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


def main(arguments: list[str]) -> int:
    if not POSTGRES_PROGRAMS:
        required = "postgres" in os.environ.get("LANGAI_TEST_REQUIRE", "").split(",")
        print("FAILED" if required else "SKIPPED", "the same tests on PostgreSQL: postgres is not installed")
        return int(required)
    server = Postgres()
    try:
        server.start()
        command = [sys.executable, "-m", "pytest", "-rs", *TESTS, *arguments]
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": server.url}).returncode
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
