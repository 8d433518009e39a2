from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from langai_site.backup import restoring
from langai_site.errors import LangAIError

KEY_DIFFERS = (
    "Warning: SECRET_KEY is not the one of the backup. Set it to that one before you start LangAI; otherwise "
    "everybody must sign in again, second factors do not work, and the keys of connections and the secrets of identity "
    "providers must be entered again."
)


class Command(BaseCommand):
    help = "Restore a backup into an empty installation; LangAI must be stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a file that manage.py backup wrote")

    def handle(self, *args: object, file: Path, **options: Any) -> None:  # noqa: ANN401 - as argparse gives them
        try:
            restored = restoring.restore(file)
        except LangAIError as error:
            raise CommandError(error.message) from None
        manifest = restored.manifest
        rows = sum(manifest.counts.values())
        self.stdout.write(f"Restored {rows:,} rows of {manifest.created_at}.")
        if problem := restored.chain_problem:
            self.stdout.write(f"Warning: the ledger was not whole when it was backed up: {problem}")
        else:
            self.stdout.write("The ledger's chain is whole.")
        if manifest.vanished:
            self.stdout.write(f"{manifest.vanished:,} files were deleted while the backup was made and are not in it.")
        if restored.key_differs:
            self.stdout.write(KEY_DIFFERS)
        self.stdout.write("Start LangAI. The worker fills the vector store from the database.")
