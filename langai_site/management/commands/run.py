from django.core.management.base import BaseCommand

from langai_site.processes import launcher


class Command(BaseCommand):
    help = (
        "Set LangAI up if needed, then run its web, worker, vector store and model processes until Ctrl-C or SIGTERM."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        launcher.main()
