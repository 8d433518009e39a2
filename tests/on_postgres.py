"""`python -m tests.on_postgres [pytest's arguments]`: the tests that use the database, on a real PostgreSQL.

All of them but SAME, unless the arguments name files or folders.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import POSTGRES_PROGRAMS
from tests.servers import Postgres
from tests.tables import make_postgres_tables

# Not those that start the product, which choose its database themselves.
TESTS = [
    f"tests/{folder}"
    for folder in ("accounts", "api", "backup", "chat", "detectors", "documents", "outbound", "search", "usage")
]

# Half of all tests: what they check is decided by what was sent and read, and which database stores it plays no part.
SAME = [
    *(f"tests/api/test_{name}.py" for name in ("access", "recorded_requests", "responses", "stated_labels")),
    *(f"tests/api/test_openai{name}.py" for name in ("", "_calls", "_errors", "_messages", "_parameters")),
    *(f"tests/api/test_openai{name}.py" for name in ("_pictures", "_thoughts", "_tools")),
    *(f"tests/accounts/test_{name}.py" for name in ("escalation", "guessing")),
    *(f"tests/chat/test_leak_{name}.py" for name in ("interleavings", "machine", "promises")),
    "tests/documents/test_extractor.py",
    "tests/outbound/connections/test_admin.py",
]

# It ends every connection to its database, also those that threads of earlier tests have left open: it runs in a
# process and a database of its own, beside the others.
ALONE = "tests/documents/test_faults.py"


def main(arguments: list[str]) -> int:
    if not POSTGRES_PROGRAMS:
        required = "postgres" in os.environ.get("LANGAI_TEST_REQUIRE", "").split(",")
        print("FAILED" if required else "SKIPPED", "the same tests on PostgreSQL: postgres is not installed")
        return int(required)
    server = Postgres()
    try:
        server.start()
        make_postgres_tables(server)
        environment = {**os.environ, "DATABASE_URL": server.url}
        if any(Path(argument.partition("::")[0]).exists() for argument in arguments):
            return subprocess.run(_pytest(arguments), env=environment).returncode
        alone = subprocess.Popen(
            _pytest([ALONE]), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            left_out = [f"--ignore={path}" for path in (ALONE, *SAME)]
            others = subprocess.run(_pytest([*TESTS, *left_out, *arguments]), env=environment)
        finally:
            print(alone.communicate()[0], end="")
        # Below 0 where a run was ended by a signal: that has failed as well.
        return int(any((alone.returncode, others.returncode)))
    finally:
        server.stop()


def _pytest(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", "-rs", "--only-database", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
