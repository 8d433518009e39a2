import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from django.core.management.base import BaseCommand

from langai_site import registry
from langai_site.telemetry.doctor import DoctorRow, examine, machine


class Command(BaseCommand):
    help = "Try every part that is set up, and say what is wrong and what to do. Exit code 1: something failed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a list of objects instead of a table")
        parser.add_argument("--mail", metavar="ADDRESS", help="send a message there")

    def handle(self, *args: object, **options: object) -> None:
        checks = dict(registry.doctor_checks)
        if address := options["mail"]:
            advice = checks["mail"].advice
            checks["mail"] = registry.DoctorCheck(partial(machine.mail_to, str(address)), advice, seconds=5)
        rows = examine(checks)
        self.stdout.write(json.dumps([asdict(row) for row in rows], indent=2) if options["json"] else table(rows))
        if any(row.status == "fail" for row in rows):
            sys.exit(1)


def table(rows: Sequence[DoctorRow]) -> str:
    """Return a line for each part, followed by what to do."""
    width = max(len(row.part) for row in rows)
    lines = []
    for row in rows:
        lines.append(f"{row.status:<4}  {row.part:<{width}}  {row.found}")
        if row.advice:
            lines.append(f"{'':<4}  {'':<{width}}  -> {row.advice}")
    return "\n".join(lines)
