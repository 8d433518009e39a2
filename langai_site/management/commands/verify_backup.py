from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from langai_site.backup import restoring
from langai_site.errors import LangAIError


class Command(BaseCommand):
    help = "Read a backup to its end and compare it with its manifest. Exit code 1: it is damaged or incomplete."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a file that manage.py backup wrote")

    def handle(self, *args: object, file: Path, **options: Any) -> None:  # noqa: ANN401 - as argparse gives them
        try:
            manifest = restoring.verify(file)
        except LangAIError as error:
            raise CommandError(error.message) from None
        rows = sum(manifest.counts.values())
        self.stdout.write(
            f"The backup is whole: LangAI {manifest.version}, {manifest.engine}, {manifest.created_at}, "
            f"{rows:,} rows, {len(manifest.members):,} files, ledger up to seal {manifest.sequence:,}."
        )
