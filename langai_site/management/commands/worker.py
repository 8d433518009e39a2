from django.core.management.base import BaseCommand

from langai_site import release
from langai_site.processes import worker


class Command(BaseCommand):
    help = "Do the background work, such as reading uploaded documents, until SIGTERM."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        release.require_usable()
        worker.main()
