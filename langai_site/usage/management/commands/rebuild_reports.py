import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from langai_site.usage.reports import rollup


class Command(BaseCommand):
    help = "Add up the figures of usage reports again, from the ledger's entries. Pages stay correct meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only compare; exit code 1 where a day differs")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - as argparse gives them
        if options["check"]:
            return self._check()
        rollup.forget()
        count = 0
        while added := rollup.roll():
            count += added
        self.stdout.write(f"{count:,} entries are added up.")

    def _check(self) -> None:
        wrong = list(rollup.wrong_days())
        for day in wrong:
            self.stdout.write(f"{day}: what was added up is not what the entries come to.")
        self.stdout.write(f"{len(wrong):,} days differ.")
        if wrong:
            sys.exit(1)
