from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from langai_site.backup import making
from langai_site.errors import LangAIError


class Command(BaseCommand):
    help = (
        "Back up database, uploaded files and secret to FILE, while LangAI runs. The file holds secrets: keep it safe."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="where to write, such as /backups/langai.tar.gz")

    def handle(self, *args: object, file: Path, **options: Any) -> None:  # noqa: ANN401 - as argparse gives them
        try:
            made = making.back_up(file)
        except LangAIError as error:
            raise CommandError(error.message) from None
        rows = sum(made.manifest.counts.values())
        files = len(made.manifest.members)
        self.stdout.write(
            f"{made.path}: {rows:,} rows, {files:,} files, {made.size / 1024**2:,.1f} MB, read back well."
        )
        for sentence in made.manifest.left_out:
            self.stdout.write(f"Not in it: {sentence}")
