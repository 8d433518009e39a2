from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from langai_site.database_move import moving
from langai_site.errors import LangAIError


class Command(BaseCommand):
    help = "Copy everything to another database: from SQLite to PostgreSQL, or back. LangAI must be stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "url",
            help="such as postgresql://user@host/name; PGPASSWORD can hold the password, which others could see here",
        )

    def handle(self, *args: object, url: str, **options: Any) -> None:  # noqa: ANN401 - as argparse gives them
        try:
            sums = moving.move(url, self.stdout.write)
        except LangAIError as error:
            raise CommandError(error.message) from None
        rows = sum(table.rows for table in sums.values())
        self.stdout.write(f"Moved {rows:,} rows of {len(sums):,} tables; every value was compared.")
        self.stdout.write("Set DATABASE_URL to the new address and start LangAI: the worker fills the word indexes.")
