from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from langai_site.audit.recording import record
from langai_site.errors import LangAIError
from langai_site.openwebui import Database, MoveIn, MoveReport, steps

# Each needs those before it.
STEPS = ("people", "knowledge", "chats", "prompts and assistants")


class Command(BaseCommand):
    help = (
        "Move a whole Open WebUI in: its people, groups, knowledge, and everybody's chats, prompts and assistants. It "
        "can be run again at any time: what is here already is recognised. Only read from that database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("database", metavar="DATABASE", help="path of its webui.db, or a postgresql:// address")
        parser.add_argument("--files", metavar="DIR", type=Path, help="its folder of uploads, data/uploads")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be moved")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401
        files = options["files"]
        if files and not files.is_dir():
            raise CommandError(f"{files} is not a folder.")
        try:
            database = Database(options["database"])
        except LangAIError as error:
            raise CommandError(error.message) from None
        moving = MoveIn(database, files, options["dry_run"])
        try:
            for step in STEPS:
                self.stdout.write(f"Moving {step} …")
                steps[step](moving)
        finally:
            database.close()
            self.stdout.write("\n".join(lines(moving.report)))
        if moving.dry_run:
            self.stdout.write("Nothing was changed: this was a dry run.")
        else:
            record("openwebui.import")


def lines(report: MoveReport) -> Iterator[str]:
    """Yield the report, with the things in the order in which they were moved."""
    for thing in dict.fromkeys(thing for thing, _outcome in report.counts):
        yield f"{thing}:"
        for (other, outcome), count in report.counts.items():
            if other == thing:
                named = ", ".join(report.examples[thing, outcome]) if "left out" in outcome else ""
                yield f"  {count:>7,}  {outcome}{f' ({named})' if named else ''}"
