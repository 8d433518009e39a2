from django.core.management.base import BaseCommand

from langai_site import preparation


class Command(BaseCommand):
    help = "Prepare the database, static files, first admin, embedding model and handbook. Safe to run again."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        for line in preparation.steps():
            self.stdout.write(line)
        if sign_in := preparation.first_admin():
            self.stdout.write(sign_in)
