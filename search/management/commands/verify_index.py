import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from search.upkeep.verification import differences
from search.vectors import get_store


class Command(BaseCommand):
    help = "Compare database, vectors and keywords, and print every difference. Exit code 1: some are left."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="mend what differs")

    def handle(self, *args: object, **options: object) -> None:
        left = 0
        if get_store() is None:
            self.stdout.write("The vector store was not compared: start LangAI, or set CHROMA_URL.")
            left = 1
        for difference in differences(mend=bool(options["repair"])):
            self.stdout.write(str(difference))
            left += not difference.mended
        if left:
            sys.exit(1)
        self.stdout.write("Database, vectors and keywords agree.")
