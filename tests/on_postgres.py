"""`python -m tests.on_postgres [pytest's arguments]`: tests that use the database, on a real PostgreSQL.

Those of CHOSEN without the mark `any_database`; with `--all` all of them; otherwise the files and folders that the
arguments name.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import POSTGRES_PROGRAMS
from tests.servers import Postgres
from tests.tables import make_postgres_tables

# What a database may do in its own way: locks, conflicts, constraints, cascades, sums, JSON, text search, order.
# A page or an answer that is made of rows once they are read is the same on both.
CHOSEN = {
    "accounts": "api_keys browser_sessions deleting_account deletion_receipts holds roles scim shared "
    "sign_ins teams terms",
    "api": "conversations documents sent_again syncing tokens usage",
    "audit_log": "actions daily_heads event_feed",
    "backup": "backup",
    "chat": "answers_cache assistant_drafts assistants attachments branches changed_passages "
    "changes_during_a_turn comparisons conversations copying deleting edits eval_cases exports feedback "
    "folders history history_filters import_openwebui import_saved imports knowledge_gaps label_rises "
    "labels long_imports lost_access personal_data policies publishing refused_imports replies "
    "retention review_tables rises_and_replies saved_prompts sending shares spending stale_sharing "
    "temporary titles turns verified_answers",
    "detectors": "patterns",
    "documents": "attached_labels changes_while_read claims deleted_documents importing lanes library originals "
    "own_collections owners replacing reviews services sharing_collections steps tasks",
    "outbound": "catalogue fair_queue health sync_models",
    "search": "access finding indexes keywords_index keywords_many keywords_ranking label_history merging "
    "passage_changes queries reindex relabelling retiring services statements sync verification",
    "usage": "budgets closing content jobs label_proof prices reports sealing services usage_report verify_ledger",
}
TESTS = [f"tests/{folder}/test_{name}.py" for folder, names in CHOSEN.items() for name in names.split()]
ALL = [f"tests/{folder}" for folder in CHOSEN]
# Of these only tests whose outcome may depend on the database.
DEPENDING = ["-m", "not any_database"]

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
            _pytest([ALONE, *DEPENDING]), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            chosen = ALL if "--all" in arguments else [*TESTS, *DEPENDING]
            others_arguments = [each for each in arguments if each != "--all"]
            others = subprocess.run(_pytest([*chosen, f"--ignore={ALONE}", *others_arguments]), env=environment)
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
