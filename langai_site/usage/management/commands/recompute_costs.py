import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from langai_site.errors import LangAIError
from langai_site.usage import months
from langai_site.usage.ledger import recomputing


class Command(BaseCommand):
    help = "Compute every cost again from token counts and dated prices, and print what differs. Changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--month", help="2026-03: only what is in that month's books")
        parser.add_argument("--check", action="store_true", help="exit code 1 where something differs")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - as argparse gives them
        try:
            done = recomputing.recompute(months.read_month(options["month"]) if options["month"] else None)
        except LangAIError as error:
            raise CommandError(error.message) from None
        for difference in done.differences:
            self.stdout.write(f"Entry {difference.entry}: {difference.text}" if difference.entry else difference.text)
        if done.undated:
            self.stdout.write(f"{done.undated:,} entries are from before prices had dates, and were left out.")
        self.stdout.write(f"{done.entries:,} entries, {len(done.differences):,} differences.")
        if done.differences and options["check"]:
            sys.exit(1)
