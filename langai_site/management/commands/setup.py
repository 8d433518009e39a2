from django.core.management.base import BaseCommand

from langai_site.processes import setup


class Command(BaseCommand):
    help = "Prepare the database, static files, first admin, embedding model and handbook. Safe to run again."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        for line in setup.steps():
            self.stdout.write(line)
        if sign_in := setup.first_admin():
            self.stdout.write(sign_in)
